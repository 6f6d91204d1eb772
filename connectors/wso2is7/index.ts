import { defineConnector } from "#lib/connector-kit/define-connector.ts";
import { printableSecret } from "#lib/connector-kit/preset.ts";
import { openWso2Is7Adapter } from "./adapter.ts";
import { client, connection } from "./config.ts";
import { grantTypes } from "./wire.ts";

export const wso2is7 = defineConnector({
  id: "wso2is7",
  name: "WSO2 Identity Server 7 and Asgardeo",
  monogram: "W7",
  summary: "An organization of WSO2 Identity Server 7 or Asgardeo, managed through its application API.",
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
    tokenTypes: ["at+jwt"],
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
  ],
  missing: {
    changeOwner:
      "An owner there only matters to the server's own console; changing it takes an organization's administrator.",
  },
  preset: {
    // OAuthServerConfiguration's ClientIdValidationRegex as it is delivered.
    consumerKey: { pattern: "[a-zA-Z0-9_]{15,30}", words: "15 to 30 letters, digits and underscores" },
    consumerSecret: printableSecret(255),
  },
  consumerSecrets: { atOnce: null, overlapSeconds: 0, readable: true, endless: true },
  lifetimesPerClient: true,
  recognise(metadata) {
    const { issuer, token_endpoint: token } = metadata;
    if (typeof issuer !== "string" || typeof token !== "string") return null;
    const isServer = issuer.endsWith("/oauth2/token") && token.endsWith("/oauth2/token");
    const isNew = ["pushed_authorization_request_endpoint", "mtls_endpoint_aliases"].some((name) => name in metadata);
    return isServer && isNew
      ? "its issuer ends with /oauth2/token, and it has endpoints that came with version 7"
      : null;
  },
  guide: "connectors/wso2is7/guide.md",
  open: openWso2Is7Adapter,
});
