import { describeContract } from "#tooling/testing/contract.ts";
import { wso2is } from "./index.ts";
import { simulator } from "./simulator.ts";
import { clientNameOf } from "./wire.ts";

const valve = "the authentication valve answers 401 before any API (wso2/product-is issues 16612 and 21624)";

describeContract(wso2is, simulator, {
  spec: "wso2is",
  paths: /^\/(api|keymanager-operations)\//,
  nameAtServer: clientNameOf,
  sees: [
    "POST /api/identity/oauth2/dcr/v1.1/register",
    "GET /api/identity/oauth2/dcr/v1.1/register",
    "GET /api/identity/oauth2/dcr/v1.1/register/{client_id}",
    "PUT /api/identity/oauth2/dcr/v1.1/register/{client_id}",
    "DELETE /api/identity/oauth2/dcr/v1.1/register/{client_id}",
    "GET /api/identity/oauth2/v1.0/scopes",
    "POST /api/identity/oauth2/v1.0/scopes",
    "PUT /api/identity/oauth2/v1.0/scopes/name/{name}",
    "DELETE /api/identity/oauth2/v1.0/scopes/name/{name}",
    "POST /keymanager-operations/dcr/register/{clientId}/generate-secret",
    "GET /keymanager-operations/dcr/register/{clientId}/secrets",
    "DELETE /keymanager-operations/dcr/register/{clientId}/secrets/{secretId}",
    "POST /keymanager-operations/dcr/register/{clientId}/regenerate-consumer-secret",
    "GET /keymanager-operations/dcr/register/{client_id}",
    "POST /keymanager-operations/dcr/register/{clientId}/change-owner",
  ],
  contradicted: [
    { problem: /^[A-Z]+ \/(api\/identity\/oauth2|keymanager-operations)\/dcr\S+ may not answer 401$/, source: valve },
    { problem: /^401 of .*: nothing was said$/, source: valve },
    {
      problem: /^POST \/keymanager-operations\/dcr\/register\/\{clientId\}\/change-owner may not answer 200$/,
      source: "The add-on's own code answers with 200 where its description says 201; the connector takes both.",
    },
    { problem: /^204 of DELETE \S+: nothing was said$/, source: "a 204 has no body (RFC 9110 §15.3.5)" },
  ],
});
