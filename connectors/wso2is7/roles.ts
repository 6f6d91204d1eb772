/** Roles of the organization that hold the portal's scopes (SCIM 2.0 roles). */
import { z } from "zod";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { paths, type Server } from "./server.ts";

const permission = z.object({ value: z.string().max(1000), display: z.string().max(2000).nullish() });
const roleList = z.object({
  Resources: z
    .array(z.object({ id: z.string().min(1).max(255), displayName: z.string().max(2000) }))
    .max(1000)
    .nullish(),
});
const role = z.object({ permissions: z.array(permission).max(10_000).nullish() });

/**
 * Adds a scope to a role of the organization, unless it holds it already (SCIM 2.0 roles API v2, /scim2/v2/Roles).
 *
 * @param create whether a role that does not exist is made
 * @throws {ConnectorError} `not_found` where it does not exist and may not be made
 */
export async function addToRole(
  { administration }: Server,
  { scope, roleName, create }: { scope: string; roleName: string; create: boolean },
): Promise<void> {
  const doing = `Adding the scope to the role “${roleName}”`;
  const search = {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
    filter: `displayName eq ${roleName}`,
  };
  const request = { method: "POST", path: `${paths.roles}/.search`, body: search, doing } as const;
  const { Resources: found } = await administration.read(request, roleList);
  const known = found?.find(({ displayName }) => displayName === roleName);
  const added = { value: scope, display: scope };
  if (!known && !create) {
    throw new ConnectorError(
      "not_found",
      `${doing} failed: there is no such role. Create it, or let the portal do so.`,
    );
  }
  if (!known) {
    const body = {
      schemas: ["urn:ietf:params:scim:schemas:extension:2.0:Role"],
      displayName: roleName,
      permissions: [added],
    };
    await administration.run({ method: "POST", path: paths.roles, body, doing });
    return;
  }
  const path = `${paths.roles}/${encodeURIComponent(known.id)}`;
  const { permissions } = await administration.read({ method: "GET", path, doing }, role);
  if (permissions?.some(({ value }) => value === scope)) return;
  const body = {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    Operations: [{ op: "replace", value: { permissions: [...(permissions ?? []), added] } }],
  };
  await administration.run({ method: "PATCH", path, body, doing });
}
