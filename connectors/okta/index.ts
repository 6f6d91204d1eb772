import { defineConnector } from "#lib/connector-kit/define-connector.ts";
import { printableSecret } from "#lib/connector-kit/preset.ts";
import { openOktaAdapter } from "./adapter.ts";
import { client, connection } from "./config.ts";
import { atOnce } from "./secrets.ts";
import { tokenParameters } from "./token-parameters.ts";
import { grantTypes } from "./wire.ts";

export const okta = defineConnector({
  id: "okta",
  name: "Okta",
  monogram: "Ok",
  summary: "A custom authorization server of an Okta org, whose clients are managed through the Apps API.",
  connection,
  client,
  endpoints: {
    // Clients are managed through the Apps API.
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
    // Access tokens of custom authorization servers name client and scopes in these claims; ID tokens have neither.
    consumerKeyClaims: ["cid"],
    scopesClaims: ["scp"],
    algorithms: ["RS256"],
    // Okta writes no `typ` into them.
    tokenTypes: [],
    refusedClaims: {},
    // Every `token_type` is “Bearer”. Answers about refresh tokens have no id, those about ID tokens name no client.
    introspectedMembers: ["client_id", "jti"],
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
    changeOwner: "Okta knows no owner of a client.",
  },
  preset: {
    // ApplicationCredentialsOAuthClient of Okta's published API.
    consumerKey: {
      pattern: "(?!ALL_CLIENTS$)[A-Za-z0-9$\\-_.+!*'(),]{6,100}",
      words: "6 to 100 letters, digits and $-_.+!*'(), only",
    },
    consumerSecret: printableSecret(100),
  },
  consumerSecrets: { atOnce, overlapSeconds: 0, readable: true, canExpire: false },
  // In the rule of the access policy that each client has to itself.
  lifetimesPerClient: true,
  tokenParameters,
  recognise({ issuer, token_endpoint: token }) {
    if (typeof issuer !== "string") return null;
    if (/^https?:\/\/[^/]+\/oauth2\/[^/]+$/.test(issuer) && token === `${issuer}/v1/token`) {
      return "its issuer and its token endpoint are those of a custom authorization server";
    }
    // The connector says why this one cannot be used.
    return token === `${issuer}/oauth2/v1/token` ? "its token endpoint is that of an org" : null;
  },
  guide: "connectors/okta/guide.md",
  open: openOktaAdapter,
});
