import { defineConnector } from "#lib/connector-kit/define-connector.ts";
import { printableSecret } from "#lib/connector-kit/preset.ts";
import { openPingFederateAdapter } from "./adapter.ts";
import { client, connection } from "./config.ts";
import { grantTypes } from "./wire.ts";

export const pingFederate = defineConnector({
  id: "pingfederate",
  name: "PingFederate",
  monogram: "Pf",
  summary: "PingFederate 11 or newer, managed through its administrative API.",
  connection,
  client,
  endpoints: {
    // Clients are managed through the administrative API.
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
    // ID tokens have `azp` or an audience, never the claim by which access token managers name the client.
    consumerKeyClaims: ["client_id"],
    scopesClaims: ["scope"],
    algorithms: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"],
    // Each access token manager has a “Type Header Value” of its own, blank at first.
    tokenTypes: [],
    refusedClaims: {},
    // Of a refresh token, PingFederate says nothing but that it is active.
    introspectedMembers: ["client_id"],
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
    changeOwner: "PingFederate knows no owner of a client.",
    secrets: "PingFederate keeps one secret for each client, beside replaced ones that run out.",
  },
  // A retention period may keep a replaced secret alive; the connector ends it.
  preset: {
    // The id is part of an address of the administrative API.
    consumerKey: {
      pattern: "[A-Za-z0-9_][A-Za-z0-9._~-]{0,254}",
      words: "at most 255 letters, digits or ._~-, beginning with a letter, digit or underscore",
    },
    consumerSecret: printableSecret(255),
  },
  consumerSecrets: { atOnce: 1, overlapSeconds: 0, kept: "retained", readable: false },
  // Access tokens live as long as their access token manager says; a client chooses the manager.
  lifetimesPerClient: false,
  recognise({ token_endpoint: token }) {
    const isPing = typeof token === "string" && token.endsWith("/as/token.oauth2");
    return isPing ? "its token endpoint stands where only PingFederate has it" : null;
  },
  guide: "connectors/pingfederate/guide.md",
  open: openPingFederateAdapter,
});
