import { defineConnector } from "#lib/connector-kit/define-connector.ts";
import { openEntraAdapter } from "./adapter.ts";
import { client, connection } from "./config.ts";
import { tokenParameters } from "./token-parameters.ts";
import { grantTypes } from "./wire.ts";

export const entra = defineConnector({
  id: "entra",
  name: "Microsoft Entra ID",
  monogram: "En",
  summary: "A tenant of Entra ID (formerly Azure AD), managed through Microsoft Graph.",
  connection,
  client,
  endpoints: {
    // Clients are managed through Microsoft Graph.
    registration: "unused",
    token: "required",
    authorization: "optional",
    introspection: "unused",
    revocation: "unused",
    userinfo: "optional",
    displayToken: "optional",
    displayRevocation: "unused",
    scopeManagement: "unused",
  },
  grantTypes,
  trust: {
    // Version 2 names the client in azp, version 1 in appid.
    consumerKeyClaims: ["azp", "appid"],
    // Tokens of people hold scp; their roles are the person's, not the client's.
    scopesClaims: ["scp", "roles"],
    algorithms: ["RS256"],
    // “pop” marks tokens that are bound to a key. Refresh tokens are no JWTs; ID tokens name no client in azp or appid.
    tokenTypes: ["jwt"],
    refusedClaims: {},
  },
  capabilities: ["registerClient", "findClients", "proveClient", "rotateSecret", "secrets", "issueToken", "scopes"],
  missing: {
    changeOwner: "Latchkey names no owners at Entra, where they are administrators of an application.",
    exchangeToken: "Entra's on-behalf-of flow is not RFC 8693: it takes only tokens that Entra itself issued.",
    revokeToken: "Entra has no revocation endpoint: an access token is valid until it expires.",
    introspectToken: "Entra has no introspection endpoint: tokens are checked by their signature.",
    consumerKey: "Entra chooses the application (client) id itself.",
    consumerSecret: "Entra makes secrets itself.",
  },
  // A removed secret is refused once every replica knows.
  consumerSecrets: { atOnce: null, overlapSeconds: 60, readable: false },
  // Lifetimes belong to policies of the API (tokenLifetimePolicies).
  lifetimesPerClient: false,
  tokenParameters,
  recognise(metadata) {
    const { tenant_region_scope: region, cloud_instance_name: cloud, token_endpoint: token } = metadata;
    if (typeof token !== "string" || !token.endsWith("/oauth2/v2.0/token")) return null;
    const isEntra = typeof region === "string" || typeof cloud === "string" || "msgraph_host" in metadata;
    return isEntra ? "its discovery document names a cloud of Microsoft Entra ID" : null;
  },
  guide: "connectors/entra/guide.md",
  open: openEntraAdapter,
});
