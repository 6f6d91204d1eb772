import { describeContract } from "#tooling/testing/contract.ts";
import { entra } from "./index.ts";
import { simulator } from "./simulator.ts";

describeContract(entra, simulator, {
  spec: "entra",
  paths: /^\/graph\/v1\.0\//,
  sees: [
    "POST /applications",
    "GET /applications",
    "GET /applications(appId='{appId}')",
    "PATCH /applications(appId='{appId}')",
    "PATCH /applications/{application-id}",
    "DELETE /applications/{application-id}",
    "POST /applications/{application-id}/addPassword",
    "POST /applications/{application-id}/removePassword",
    "POST /servicePrincipals",
    "GET /servicePrincipals(appId='{appId}')",
    "GET /servicePrincipals/{servicePrincipal-id}/appRoleAssignments",
    "GET /servicePrincipals/{servicePrincipal-id}/appRoleAssignedTo",
    "POST /servicePrincipals/{servicePrincipal-id}/appRoleAssignedTo",
    "DELETE /servicePrincipals/{servicePrincipal-id}/appRoleAssignedTo/{appRoleAssignment-id}",
    "GET /oauth2PermissionGrants",
    "POST /oauth2PermissionGrants",
    "DELETE /oauth2PermissionGrants/{oAuth2PermissionGrant-id}",
    "GET /directory/deletedItems/{directoryObject-id}",
    "DELETE /directory/deletedItems/{directoryObject-id}",
  ],
});
