import { defineConnector } from "#lib/connector-kit/define-connector.ts";
import { printableSecret } from "#lib/connector-kit/preset.ts";
import { openWso2IsAdapter } from "./adapter.ts";
import { client, connection } from "./config.ts";
import { followsApplication } from "./owners.ts";
import { grantTypes } from "./wire.ts";

export const wso2is = defineConnector({
  id: "wso2is",
  name: "WSO2 Identity Server 5 and 6",
  monogram: "W6",
  summary: "A WSO2 Identity Server of the 5 or 6 line, managed through its registration API.",
  connection,
  client,
  endpoints: {
    // Where the APIs stand follows from the issuer.
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
    consumerKeyClaims: ["azp", "client_id"],
    scopesClaims: ["scope"],
    algorithms: ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512"],
    // Access tokens say “at+jwt” since 6, and nothing before.
    tokenTypes: [],
    refusedClaims: { token_type: ["Refresh"] },
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
    "changeOwner",
  ],
  missing: {},
  preset: {
    // OAuthServerConfiguration's ClientIdValidationRegex as it is delivered.
    consumerKey: { pattern: "[a-zA-Z0-9_]{15,30}", words: "15 to 30 letters, digits and underscores" },
    consumerSecret: printableSecret(255),
  },
  consumerSecrets: { atOnce: null, overlapSeconds: 0, readable: true, endless: true },
  lifetimesPerClient: true,
  scopeGrants: "any_client",
  ownerFollows: followsApplication,
  recognise(metadata) {
    const { issuer, token_endpoint: token } = metadata;
    if (typeof issuer !== "string" || typeof token !== "string") return null;
    const isServer = issuer.endsWith("/oauth2/token") && token.endsWith("/oauth2/token");
    // What came with 7, which has a connector of its own.
    const isNewer = ["pushed_authorization_request_endpoint", "mtls_endpoint_aliases"].some((name) => name in metadata);
    if (!isServer || isNewer) return null;
    return "its issuer ends with /oauth2/token, and it has none of the endpoints that came with version 7";
  },
  guide: "connectors/wso2is/guide.md",
  open: openWso2IsAdapter,
});
