import { describeContract } from "#tooling/testing/contract.ts";
import { pingFederate } from "./index.ts";
import { simulator } from "./simulator.ts";

describeContract(pingFederate, simulator, {
  spec: "pingfederate",
  paths: /^\/pf-admin-api\//,
  sees: [
    "GET /version",
    "GET /oauth/clients/{id}",
    "POST /oauth/clients",
    "PUT /oauth/clients/{id}",
    "DELETE /oauth/clients/{id}",
    "PUT /oauth/clients/{id}/clientAuth/clientSecret",
    "GET /oauth/authServerSettings",
    "POST /oauth/authServerSettings/scopes/exclusiveScopes",
    "PUT /oauth/authServerSettings/scopes/exclusiveScopes/{name}",
    "DELETE /oauth/authServerSettings/scopes/exclusiveScopes/{name}",
    "GET /oauth/accessTokenManagers",
  ],
  contradicted: [
    {
      problem: /may not answer 401$/,
      source: "PingFederate Developer's Reference, “Enabling native authentication for the administrative API”",
    },
  ],
});
