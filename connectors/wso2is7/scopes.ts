import { z } from "zod";
import type { ScopeManagement } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { at, type Applications } from "./applications.ts";
import type { Connection } from "./config.ts";
import { addToRole } from "./roles.ts";
import { paths, type Server } from "./server.ts";

const resourceItem = z.object({ id: z.string().min(1).max(255), identifier: z.string().max(1000) });
const items = z.array(resourceItem).max(1000).nullish();
/** Versions spell the member in two ways. */
const resourceList = z.object({ APIResources: items, apiResources: items });

const scopeItem = z.object({ name: z.string().min(1).max(1000), description: z.string().max(5000).nullish() });
const scopeList = z.array(scopeItem).max(10_000);

const authorizedList = z
  .array(
    z.object({
      id: z.string().min(1).max(255),
      authorizedScopes: z
        .array(scopeItem.pick({ name: true }))
        .max(10_000)
        .nullish(),
    }),
  )
  .max(1000);

/** Policies by which the server decides who gets a scope (validators of identity-inbound-auth-oauth). */
const policies = { everybody: "NO POLICY", roles: "RBAC" } as const;

/**
 * Scopes of ours belong to one API resource. A client gets those that its application is authorised for; other
 * resources are never touched.
 */
export function openScopes(server: Server, applications: Applications, connection: Connection): ScopeManagement {
  const { administration } = server;
  const { apiResource: identifier, scopeAccess } = connection;
  const resourceAt = (id: string) => `${paths.apiResources}/${encodeURIComponent(id)}`;
  const scopesAt = (id: string) => `${resourceAt(id)}/scopes`;

  async function findResource(): Promise<string | undefined> {
    const query = new URLSearchParams({ filter: `identifier eq ${identifier}` });
    const path = `${paths.apiResources}?${query.toString()}`;
    const list = await administration.read(
      { method: "GET", path, doing: "Looking for the API resource" },
      resourceList,
    );
    const found = [...(list.APIResources ?? []), ...(list.apiResources ?? [])];
    return found.find((resource) => resource.identifier === identifier)?.id;
  }

  async function scopesOf(resourceId: string) {
    return administration.read({ method: "GET", path: scopesAt(resourceId), doing: "Listing the scopes" }, scopeList);
  }

  async function saveScope({ name, description }: { name: string; description: string }): Promise<void> {
    const doing = "Saving the scope";
    const scope = { name, displayName: name, description };
    const resourceId = await findResource();
    if (resourceId === undefined) {
      const requiresAuthorization = scopeAccess.method === "roles";
      const body = { name: `Latchkey (${identifier})`, identifier, requiresAuthorization, scopes: [scope] };
      await administration.run({ method: "POST", path: paths.apiResources, body, doing });
    } else if ((await scopesOf(resourceId)).some((known) => known.name === name)) {
      const path = `${scopesAt(resourceId)}/${encodeURIComponent(name)}`;
      await administration.run({ method: "PATCH", path, body: { displayName: name, description }, doing });
    } else {
      const body = { addedScopes: [scope] };
      await administration.run({ method: "PATCH", path: resourceAt(resourceId), body, doing });
    }
  }

  return {
    async list() {
      const resourceId = await findResource();
      const scopes = resourceId === undefined ? [] : await scopesOf(resourceId);
      return scopes.map(({ name, description }) => ({ name, description: description ?? "" }));
    },

    async save(scope) {
      await saveScope(scope);
      if (scopeAccess.method !== "roles") return;
      for (const roleName of scopeAccess.roles) {
        await addToRole(server, { scope: scope.name, roleName, create: scopeAccess.createRoles });
      }
    },

    async remove(name) {
      const resourceId = await findResource();
      if (resourceId === undefined || !(await scopesOf(resourceId)).some((scope) => scope.name === name)) return;
      const path = `${scopesAt(resourceId)}/${encodeURIComponent(name)}`;
      await administration.run({ method: "DELETE", path, doing: "Removing the scope" });
    },

    async grant(client, scopes) {
      const doing = "Granting the scopes";
      const { application } = await applications.demand(client);
      const resourceId = await findResource();
      const known = resourceId === undefined ? [] : (await scopesOf(resourceId)).map(({ name }) => name);
      const missing = scopes.filter((name) => !known.includes(name));
      if (missing.length > 0) {
        throw new ConnectorError("not_found", `The server has no scope “${missing.join("”, “")}” of the portal.`);
      }
      if (resourceId === undefined) return;
      const path = `${at(application.id)}/authorized-apis`;
      const authorized = await administration.read({ method: "GET", path, doing }, authorizedList);
      const held = authorized.find(({ id }) => id === resourceId)?.authorizedScopes?.map(({ name }) => name);
      const addedScopes = scopes.filter((name) => !held?.includes(name));
      const removedScopes = (held ?? []).filter((name) => !scopes.includes(name));
      const ofResource = `${path}/${encodeURIComponent(resourceId)}`;
      if (held === undefined) {
        if (scopes.length === 0) return;
        const body = { id: resourceId, policyIdentifier: policies[scopeAccess.method], scopes };
        await administration.run({ method: "POST", path, body, doing });
      } else if (scopes.length === 0) {
        await administration.run({ method: "DELETE", path: ofResource, doing });
      } else if (addedScopes.length + removedScopes.length > 0) {
        await administration.run({ method: "PATCH", path: ofResource, body: { addedScopes, removedScopes }, doing });
      }
    },
  };
}
