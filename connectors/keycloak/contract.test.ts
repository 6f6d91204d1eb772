import { describeContract } from "#tooling/testing/contract.ts";
import { keycloak } from "./index.ts";
import { simulator } from "./simulator.ts";

describeContract(keycloak, simulator, {
  spec: "keycloak",
  paths: /^\/(auth\/)?admin\//,
  sees: [
    "GET /admin/realms/{realm}/clients",
    "POST /admin/realms/{realm}/clients",
    "GET /admin/realms/{realm}/clients/{id}",
    "PUT /admin/realms/{realm}/clients/{id}",
    "DELETE /admin/realms/{realm}/clients/{id}",
    "GET /admin/realms/{realm}/clients/{id}/client-secret",
    "POST /admin/realms/{realm}/clients/{id}/client-secret",
    "DELETE /admin/realms/{realm}/clients/{id}/client-secret/rotated",
    "PUT /admin/realms/{realm}/clients/{id}/optional-client-scopes/{clientScopeId}",
    "DELETE /admin/realms/{realm}/clients/{id}/optional-client-scopes/{clientScopeId}",
    "GET /admin/realms/{realm}/client-scopes",
    "POST /admin/realms/{realm}/client-scopes",
    "PUT /admin/realms/{realm}/client-scopes/{id}",
    "DELETE /admin/realms/{realm}/client-scopes/{id}",
  ],
});
