import { defineConnector } from "#lib/connector-kit/define-connector.ts";
import { printableSecret } from "#lib/connector-kit/preset.ts";
import { openForgerockAdapter } from "./adapter.ts";
import { client, connection } from "./config.ts";
import { grantTypes } from "./wire.ts";

export const forgerock = defineConnector({
  id: "forgerock",
  name: "ForgeRock / PingAM",
  monogram: "Fr",
  summary: "A realm of PingAM, ForgeRock AM, OpenAM or PingOne Advanced Identity Cloud, managed through AM's REST API.",
  connection,
  client,
  endpoints: {
    // Clients are managed through AM's REST API.
    registration: "unused",
    token: "required",
    authorization: "optional",
    introspection: "optional",
    revocation: "optional",
    userinfo: "optional",
    displayToken: "optional",
    displayRevocation: "optional",
    scopeManagement: "unused",
  },
  grantTypes,
  trust: {
    // Older servers name the client in `aud` alone; newer ones in `client_id` too.
    consumerKeyClaims: ["client_id", "azp", "aud"],
    scopesClaims: ["scope"],
    algorithms: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"],
    tokenTypes: ["jwt", "at+jwt"],
    // Refresh and ID tokens are JWTs of the same keys; introspection names a refresh token in `token_type`.
    refusedClaims: { tokenName: ["refresh_token", "id_token"], token_type: ["refresh_token"] },
  },
  capabilities: [
    "registerClient",
    "findClients",
    "proveClient",
    "rotateSecret",
    "issueToken",
    "exchangeToken",
    "revokeToken",
    "introspectToken",
    "scopes",
  ],
  missing: {
    secrets: "AM's REST API holds one secret for each client; further ones live in secret stores only.",
    changeOwner: "AM knows no owner of a client.",
  },
  preset: {
    // The id is a name in AM's configuration and part of an address of its API.
    consumerKey: {
      pattern: "[A-Za-z0-9_][A-Za-z0-9._-]{0,254}",
      words: "at most 255 letters, digits or ._-, beginning with a letter, digit or underscore",
    },
    consumerSecret: printableSecret(255),
  },
  consumerSecrets: { atOnce: 1, overlapSeconds: 0, readable: false },
  lifetimesPerClient: true,
  recognise(metadata) {
    const { issuer, token_endpoint: token, jwks_uri: keys } = metadata;
    if (typeof issuer !== "string" || typeof token !== "string" || typeof keys !== "string") return null;
    const isRealm = /\/oauth2(\/|$)/.test(issuer);
    return isRealm && token.endsWith("/access_token") && keys.endsWith("/connect/jwk_uri")
      ? "its issuer names an OAuth2 realm and its endpoints are AM's"
      : null;
  },
  guide: "connectors/forgerock/guide.md",
  open: openForgerockAdapter,
});
