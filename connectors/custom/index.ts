import { defineConnector } from "#lib/connector-kit/define-connector.ts";
import { openCustomAdapter } from "./adapter.ts";
import { client, connection } from "./config.ts";

const outOfBand = "Its clients are made and managed at the server itself, not through Latchkey.";

export const custom = defineConnector({
  id: "custom",
  name: "Any server, clients mapped",
  monogram: "Cu",
  summary: "Trusts the tokens of any server by its keys. Developers attach clients that they made there.",
  connection,
  client,
  endpoints: {
    registration: "unused",
    token: "optional",
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
    consumerKeyClaims: ["client_id", "azp", "cid", "appid"],
    scopesClaims: ["scope", "scp"],
    algorithms: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"],
    tokenTypes: ["at+jwt", "jwt"],
    refusedClaims: { typ: ["ID", "Refresh", "Offline", "Logout"], token_use: ["id"], tokenName: ["refresh_token"] },
  },
  capabilities: ["proveClient", "issueToken", "exchangeToken", "revokeToken", "introspectToken"],
  missing: {
    changeOwner: outOfBand,
    registerClient: outOfBand,
    findClients: outOfBand,
    rotateSecret: outOfBand,
    secrets: outOfBand,
    consumerKey: outOfBand,
    consumerSecret: outOfBand,
    scopes: "Scopes are given to clients at the server itself, not through Latchkey.",
  },
  consumerSecrets: { atOnce: null, overlapSeconds: 0, readable: false },
  lifetimesPerClient: false,
  guide: "connectors/custom/guide.md",
  open: openCustomAdapter,
});
