import { defineConnector } from "#lib/connector-kit/define-connector.ts";
import { openBuiltInAdapter } from "./adapter.ts";
import { client, connection } from "./config.ts";
import { permanentSettings } from "./permanent.ts";
import { atOnce } from "./secrets.ts";

export const builtIn = defineConnector({
  id: "built-in",
  name: "Built-in",
  monogram: "Lk",
  summary: "The authorization server that comes with Latchkey: one for each tenant, ready to use.",
  permanent: permanentSettings,
  connection,
  client,
  endpoints: {
    registration: "required",
    token: "required",
    authorization: "required",
    introspection: "required",
    revocation: "required",
    userinfo: "optional",
    displayToken: "optional",
    displayRevocation: "optional",
    scopeManagement: "unused",
  },
  grantTypes: [
    "client_credentials",
    "authorization_code",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:token-exchange",
  ],
  trust: {
    // Access tokens follow RFC 9068.
    consumerKeyClaims: ["client_id"],
    scopesClaims: ["scope"],
    algorithms: ["ES256", "RS256"],
    tokenTypes: ["at+jwt"],
    refusedClaims: {},
    // The library names it of access tokens alone, and calls refresh tokens active too.
    introspectedMembers: ["token_type"],
  },
  capabilities: [
    "registerClient",
    "findClients",
    "proveClient",
    "rotateSecret",
    "secrets",
    "issueToken",
    "exchangeToken",
    "revokeToken",
    "introspectToken",
    "scopes",
  ],
  missing: {
    changeOwner: "A client of the built-in key manager belongs to its application and to nobody else.",
    consumerSecret:
      "The built-in key manager keeps a digest that only suits long random secrets, so it makes them itself.",
  },
  preset: {
    consumerKey: {
      pattern: "[A-Za-z0-9][A-Za-z0-9._-]{5,99}",
      words: "6 to 100 letters, digits or ._-, beginning with a letter or digit",
    },
  },
  consumerSecrets: { atOnce, overlapSeconds: 0, readable: false, endless: true },
  lifetimesPerClient: true,
  guide: "connectors/built-in/guide.md",
  open: openBuiltInAdapter,
});
