import { describeContract } from "#tooling/testing/contract.ts";
import { wso2is7 } from "./index.ts";
import { simulator } from "./simulator.ts";
import { applicationNameOf } from "./wire.ts";

describeContract(wso2is7, simulator, {
  spec: "wso2is7",
  paths: /^\/api\//,
  nameAtServer: applicationNameOf,
  sees: [
    "GET /api/server/v1/applications",
    "POST /api/server/v1/applications",
    "GET /api/server/v1/applications/{applicationId}",
    "PATCH /api/server/v1/applications/{applicationId}",
    "DELETE /api/server/v1/applications/{applicationId}",
    "GET /api/server/v1/applications/{applicationId}/inbound-protocols/oidc",
    "PUT /api/server/v1/applications/{applicationId}/inbound-protocols/oidc",
    "POST /api/server/v1/applications/{applicationId}/inbound-protocols/oidc/regenerate-secret",
    "POST /api/server/v1/applications/{applicationId}/inbound-protocols/oidc/secrets",
    "GET /api/server/v1/applications/{applicationId}/inbound-protocols/oidc/secrets",
    "DELETE /api/server/v1/applications/{applicationId}/inbound-protocols/oidc/secrets/{secretId}",
    "GET /api/server/v1/applications/{applicationId}/authorized-apis",
    "POST /api/server/v1/applications/{applicationId}/authorized-apis",
    "DELETE /api/server/v1/applications/{applicationId}/authorized-apis/{apiId}",
    "GET /api/server/v1/api-resources",
    "POST /api/server/v1/api-resources",
    "PATCH /api/server/v1/api-resources/{apiResourceId}",
    "GET /api/server/v1/api-resources/{apiResourceId}/scopes",
    "PATCH /api/server/v1/api-resources/{apiResourceId}/scopes/{scopeName}",
    "DELETE /api/server/v1/api-resources/{apiResourceId}/scopes/{scopeName}",
  ],
});
