import { defineConnector } from "#lib/connector-kit/define-connector.ts";
import { printableSecret } from "#lib/connector-kit/preset.ts";
import { openKeycloakAdapter } from "./adapter.ts";
import { client, connection } from "./config.ts";
import { grantTypes } from "./wire.ts";

export const keycloak = defineConnector({
  id: "keycloak",
  name: "Keycloak",
  monogram: "Kc",
  summary: "A realm of Keycloak 22 or newer, managed through its admin API.",
  connection,
  client,
  endpoints: {
    // Clients are managed through the admin API.
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
    consumerKeyClaims: ["azp", "client_id", "clientId"],
    scopesClaims: ["scope"],
    algorithms: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"],
    // Access tokens say “JWT”, or “at+jwt” where a realm is set to RFC 9068; `typ` inside tells them from others.
    tokenTypes: ["jwt", "at+jwt"],
    refusedClaims: { typ: ["ID", "Refresh", "Offline", "Logout"] },
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
    changeOwner: "Keycloak knows no owner of a client.",
    secrets: "Keycloak keeps one secret for each client.",
  },
  preset: {
    // Column CLIENT_ID holds 255; a colon would end the id in an Authorization header that is not form-encoded.
    consumerKey: {
      pattern: "[\\x21-\\x39\\x3b-\\x7e]{1,255}",
      words: "at most 255 printable characters, no blanks or colons",
    },
    consumerSecret: printableSecret(255),
  },
  consumerSecrets: { atOnce: 1, overlapSeconds: 0, kept: "rotated", readable: true },
  lifetimesPerClient: true,
  recognise(metadata) {
    const { issuer, token_endpoint: token } = metadata;
    if (typeof issuer !== "string" || typeof token !== "string") return null;
    const isRealm = /\/realms\/[^/]+$/.test(issuer) && token.endsWith("/protocol/openid-connect/token");
    return isRealm ? "its issuer names a realm and its token endpoint is Keycloak's" : null;
  },
  guide: "connectors/keycloak/guide.md",
  open: openKeycloakAdapter,
});
