import { describeContract } from "#tooling/testing/contract.ts";
import { auth0 } from "./index.ts";
import { simulator } from "./simulator.ts";

describeContract(auth0, simulator, {
  spec: "auth0",
  paths: /^\/(api\/v2|oauth)\//,
  sees: [
    "POST /api/v2/clients",
    "GET /api/v2/clients",
    "GET /api/v2/clients/{id}",
    "PATCH /api/v2/clients/{id}",
    "DELETE /api/v2/clients/{id}",
    "POST /api/v2/clients/{id}/rotate-secret",
    "GET /api/v2/client-grants",
    "POST /api/v2/client-grants",
    "PATCH /api/v2/client-grants/{id}",
    "GET /api/v2/resource-servers/{id}",
    "PATCH /api/v2/resource-servers/{id}",
    "POST /oauth/token",
    "POST /oauth/revoke",
  ],
  contradicted: [
    {
      problem: /^request of POST \/oauth\/token: /,
      source:
        "The description lists neither scope nor HTTP Basic for client credentials; discovery lists client_secret_basic, and the docs on client grants show requests for scopes.",
    },
  ],
});
