import { describeContract } from "#tooling/testing/contract.ts";
import { okta } from "./index.ts";
import { simulator } from "./simulator.ts";

const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const server = "/api/v1/authorizationServers/{authServerId}";

describeContract(okta, simulator, {
  spec: "okta",
  paths: /^\/(api|oauth2)\//,
  client: { accessTokenMinutes: 15, requestObjectAlgorithm: "RS256" },
  growth: { grantTypes: ["client_credentials", tokenExchange], redirectUris: [] },
  sees: [
    "GET /api/v1/apps",
    "POST /api/v1/apps",
    "GET /api/v1/apps/{appId}",
    "PUT /api/v1/apps/{appId}",
    "DELETE /api/v1/apps/{appId}",
    "POST /api/v1/apps/{appId}/lifecycle/deactivate",
    "GET /api/v1/apps/{appId}/credentials/secrets",
    "POST /api/v1/apps/{appId}/credentials/secrets",
    "POST /api/v1/apps/{appId}/credentials/secrets/{secretId}/lifecycle/deactivate",
    "DELETE /api/v1/apps/{appId}/credentials/secrets/{secretId}",
    `GET ${server}`,
    `GET ${server}/scopes`,
    `POST ${server}/scopes`,
    `PUT ${server}/scopes/{scopeId}`,
    `DELETE ${server}/scopes/{scopeId}`,
    `GET ${server}/policies`,
    `POST ${server}/policies`,
    `DELETE ${server}/policies/{policyId}`,
    `GET ${server}/policies/{policyId}/rules`,
    `POST ${server}/policies/{policyId}/rules`,
    `PUT ${server}/policies/{policyId}/rules/{ruleId}`,
    "POST /oauth2/{authorizationServerId}/v1/token",
    "POST /oauth2/{authorizationServerId}/v1/introspect",
    "POST /oauth2/{authorizationServerId}/v1/revoke",
  ],
  contradicted: [
    {
      problem: /^200 of POST \/api\/v1\/apps\/\{appId\}\/lifecycle\/deactivate: nothing was expected$/,
      source: "Recordings of the real service: it answers with an empty object.",
    },
    {
      problem: /^(GET|POST) \/api\/v1\/apps may not answer 401$/,
      source: "Okta's own list of error codes: E0000011 has status 401, for every operation.",
    },
    {
      problem:
        /^request of POST \/oauth2\/\{authorizationServerId\}\/v1\/token: data must NOT have additional properties$/,
      source:
        "The description itself: it leaves every parameter beside grant_type to a discriminator, which says more.",
    },
    {
      problem:
        /^200 of GET \/oauth2\/\{authorizationServerId\}\/v1\/keys: (data\/keys\/0 must NOT have additional properties(, )?)+$/,
      source:
        "The description itself: what a key is made of stands behind a discriminator (RFC 7518 §6.3.1 has n and e).",
    },
  ],
});
