import { defineConnector } from "#lib/connector-kit/define-connector.ts";
import { openOidcAdapter } from "./adapter.ts";
import { client, connection } from "./config.ts";

export const oidc = defineConnector({
  id: "oidc",
  name: "OpenID Connect",
  monogram: "Id",
  summary: "Any authorization server with discovery and dynamic client registration (RFC 7591, RFC 7592).",
  connection,
  client,
  endpoints: {
    registration: "required",
    token: "required",
    authorization: "optional",
    introspection: "optional",
    revocation: "optional",
    userinfo: "optional",
    displayToken: "optional",
    displayRevocation: "optional",
    scopeManagement: "unused",
  },
  grantTypes: ["client_credentials", "authorization_code", "refresh_token"],
  trust: {
    // RFC 9068 §2.2 first, then what servers use in the wild.
    consumerKeyClaims: ["client_id", "azp", "cid", "appid"],
    scopesClaims: ["scope", "scp"],
    algorithms: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"],
    tokenTypes: ["at+jwt", "jwt"],
    refusedClaims: { typ: ["ID", "Refresh", "Offline", "Logout"], token_use: ["id"] },
  },
  capabilities: ["registerClient", "proveClient", "issueToken", "exchangeToken", "revokeToken", "introspectToken"],
  missing: {
    changeOwner: "Dynamic client registration knows no owner of a client (RFC 7591).",
    findClients: "Dynamic client registration has no search (RFC 7592).",
    rotateSecret: "Dynamic client registration has no call that replaces a secret (RFC 7592).",
    secrets: "Dynamic client registration knows one secret for each client (RFC 7591).",
    scopes: "Dynamic client registration has no call that makes scopes (RFC 7591).",
    consumerKey: "A server chooses client ids itself (RFC 7591 §3.2.1).",
    consumerSecret: "A server makes client secrets itself (RFC 7591 §3.2.1).",
  },
  consumerSecrets: { atOnce: 1, overlapSeconds: 0, readable: true },
  lifetimesPerClient: false,
  guide: "connectors/oidc/guide.md",
  open: openOidcAdapter,
});
