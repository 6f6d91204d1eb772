/** The roles that a person may hold in a tenant; several at a time. */
export const roles = ["ADMINISTRATOR", "CREATOR", "DEVELOPER"] as const;
export type Role = (typeof roles)[number];

/** What each role may do in its tenant. */
const permissionsOfRole = {
  ADMINISTRATOR: [
    "tenant:read",
    "key_manager:read",
    "key_manager:write",
    "key_mapping:map_unproven",
    "application:administer",
    "people:read",
    "people:write",
    "identity_provider:read",
    "identity_provider:write",
    "gateway_credential:read",
    "gateway_credential:write",
    "revocation:read",
    "revocation:write",
    "webhook:read",
    "webhook:write",
    "backend_jwt:read",
    "backend_jwt:write",
    "plan:read",
    "plan:write",
    "audit:read",
    "call:explain",
  ],
  CREATOR: [
    "tenant:read",
    "api:read",
    "api:write",
    "plan:read",
    "plan:write",
    "subscription:manage",
    "key_manager:choose",
    "call:explain",
  ],
  DEVELOPER: [
    "tenant:read",
    "api:browse",
    "plan:read",
    "application:read",
    "application:write",
    "key_mapping:read",
    "key_mapping:write",
    "key_mapping:reveal",
    "subscription:write",
    "key_manager:use",
    "call:explain",
  ],
} as const satisfies Record<Role, readonly string[]>;

export type Permission = (typeof permissionsOfRole)[Role][number];

/** The union of what the given roles allow. */
export function permissionsOf(held: readonly Role[]): ReadonlySet<Permission> {
  return new Set(held.flatMap((role): readonly Permission[] => permissionsOfRole[role]));
}

/** Which roles grant a permission: denied pages name who can help. */
export function rolesGranting(permission: Permission): Role[] {
  return roles.filter((role) => (permissionsOfRole[role] as readonly string[]).includes(permission));
}
