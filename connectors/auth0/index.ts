import { defineConnector } from "#lib/connector-kit/define-connector.ts";
import { accessTokensLive, openAuth0Adapter } from "./adapter.ts";
import { client, connection } from "./config.ts";
import { tokenParameters } from "./token-parameters.ts";
import { grantTypes } from "./wire.ts";

export const auth0 = defineConnector({
  id: "auth0",
  name: "Auth0",
  monogram: "A0",
  summary: "A tenant of Auth0, managed through its Management API v2.",
  connection,
  client,
  endpoints: {
    // Clients are managed through the Management API; /oidc/register makes third-party clients without machine grants.
    registration: "unused",
    token: "required",
    authorization: "optional",
    introspection: "unused",
    revocation: "optional",
    userinfo: "optional",
    displayToken: "optional",
    displayRevocation: "optional",
    scopeManagement: "unused",
  },
  grantTypes,
  trust: {
    // The dialect “access_token” says azp, “rfc9068_profile” says client_id.
    consumerKeyClaims: ["azp", "client_id"],
    scopesClaims: ["scope"],
    algorithms: ["RS256", "RS512", "PS256"],
    tokenTypes: ["jwt", "at+jwt"],
    // Refresh tokens are no JWTs, and ID tokens are known by their audience.
    refusedClaims: {},
  },
  capabilities: [
    "registerClient",
    "findClients",
    "proveClient",
    "rotateSecret",
    "issueToken",
    "exchangeToken",
    "revokeToken",
    "scopes",
  ],
  missing: {
    changeOwner: "Auth0 knows no owner of a client.",
    secrets: "Auth0 keeps one secret for each client.",
    introspectToken: "Auth0 has no introspection endpoint.",
    consumerKey: "Auth0 chooses the client id itself.",
    consumerSecret: "Auth0 makes the secret of a new client itself.",
  },
  cannotRevoke: { access_token: accessTokensLive },
  consumerSecrets: { atOnce: 1, overlapSeconds: 30, readable: true },
  // How long access tokens live is a setting of each API.
  lifetimesPerClient: false,
  tokenParameters,
  recognise(metadata) {
    const { issuer, token_endpoint: token, mfa_challenge_endpoint: challenge } = metadata;
    if (typeof issuer !== "string" || token !== `${issuer}oauth/token`) return null;
    if (/^https:\/\/[^/]+\.auth0\.com\/$/.test(issuer)) return "its issuer is a tenant of auth0.com";
    return challenge === `${issuer}mfa/challenge` ? "it has Auth0's token and MFA endpoints" : null;
  },
  guide: "connectors/auth0/guide.md",
  open: openAuth0Adapter,
});
