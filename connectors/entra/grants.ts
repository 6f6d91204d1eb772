/** Which applications hold which scopes: assignments of roles, and one consent for everybody. */
import { z } from "zod";
import { unlessAbsent } from "#lib/connector-kit/administration.ts";
import type { ClientRef } from "#lib/connector-kit/contract.ts";
import { scopesOf } from "#lib/protocol/token.ts";
import type { Connection } from "./config.ts";
import type { Directory } from "./directory.ts";
import type { Graph } from "./graph.ts";
import { isAssignedAlready } from "./refusals.ts";

/** One scope of the API, as a client shall have it. */
export type Wanted = {
  name: string;
  /** The app role of this name, for tokens of applications. */
  roleId: string | undefined;
  /** Whether the API has a permission of this name, for tokens of people. */
  isForPeople: boolean;
  /** Whether Latchkey made it: what others made is never taken away. */
  isOwn: boolean;
  isAsked: boolean;
};

export type Grants = {
  /** Gives a client exactly these of our scopes. */
  setFor(client: ClientRef, scopes: readonly Wanted[]): Promise<void>;
  /** Takes a scope from everybody. */
  withdraw(scope: { roleId: string; name: string }): Promise<void>;
};

/** Assignment ids are no GUIDs. */
const assignment = z.looseObject({
  id: z.string().min(1).max(500),
  appRoleId: z.string(),
  resourceId: z.string().nullish(),
});
const consent = z.looseObject({
  id: z.string().min(1).max(500),
  clientId: z.string(),
  resourceId: z.string(),
  consentType: z.string().nullish(),
  scope: z.string().max(50_000).nullish(),
});
type Consent = z.output<typeof consent>;

const doing = "Granting the scopes";
const doingWithdraw = "Withdrawing the scope";

/** Opens the grants of one API. */
export function openGrants(
  graph: Graph,
  directory: Directory,
  { resourceAppId, delegatedScopes }: Pick<Connection, "resourceAppId" | "delegatedScopes">,
): Grants {
  async function assign(principalId: string, resourceId: string, appRoleId: string): Promise<void> {
    const path = `/servicePrincipals/${resourceId}/appRoleAssignedTo`;
    const body = { principalId, resourceId, appRoleId };
    try {
      await graph.patiently(() => graph.run({ method: "POST", path, body, doing }));
    } catch (error) {
      if (!isAssignedAlready(error)) throw error;
    }
  }

  async function unassign(resourceId: string, { id }: z.output<typeof assignment>): Promise<void> {
    const path = `/servicePrincipals/${resourceId}/appRoleAssignedTo/${encodeURIComponent(id)}`;
    await unlessAbsent(graph.run({ method: "DELETE", path, doing }));
  }

  async function setRoles(principalId: string, resourceId: string, scopes: readonly Wanted[]): Promise<void> {
    const path = `/servicePrincipals/${principalId}/appRoleAssignments`;
    const all = await graph.readAll({ path, doing }, assignment);
    const held = all.filter((entry) => entry.resourceId === resourceId);
    for (const { roleId, isOwn, isAsked } of scopes) {
      if (roleId === undefined) continue;
      const existing = held.filter(({ appRoleId }) => appRoleId === roleId);
      if (isAsked && existing.length === 0) await assign(principalId, resourceId, roleId);
      if (!isAsked && isOwn) for (const entry of existing) await unassign(resourceId, entry);
    }
  }

  /** Consents of one kind: given by an administrator for everybody. */
  async function consents(filter: string): Promise<Consent[]> {
    const path = `/oauth2PermissionGrants?$filter=${encodeURIComponent(filter)}`;
    const found = await graph.readAll({ path, doing }, consent);
    return found.filter(({ consentType }) => consentType === "AllPrincipals");
  }

  async function change({ id, scope }: Consent, names: readonly string[]): Promise<void> {
    const path = `/oauth2PermissionGrants/${encodeURIComponent(id)}`;
    if (names.join(" ") === scopesOf(scope).join(" ")) return;
    const request =
      names.length > 0
        ? ({ method: "PATCH", path, body: { scope: names.join(" ") }, doing } as const)
        : ({ method: "DELETE", path, doing } as const);
    await graph.run(request);
  }

  async function setConsent(clientId: string, resourceId: string, scopes: readonly Wanted[]): Promise<void> {
    const [held] = await consents(`clientId eq '${clientId}' and resourceId eq '${resourceId}'`);
    const asked = scopes.filter(({ isAsked, isForPeople }) => isAsked && isForPeople).map(({ name }) => name);
    const withdrawn = scopes.filter(({ isAsked, isOwn }) => !isAsked && isOwn).map(({ name }) => name);
    const kept = scopesOf(held?.scope).filter((name) => !withdrawn.includes(name));
    const names = [...new Set([...kept, ...asked])];
    if (held) return change(held, names);
    if (names.length === 0) return;
    const body = { clientId, consentType: "AllPrincipals", resourceId, scope: names.join(" ") };
    await graph.patiently(() => graph.run({ method: "POST", path: "/oauth2PermissionGrants", body, doing }));
  }

  return {
    async setFor({ consumerKey }, scopes) {
      const principalId = await directory.servicePrincipalOf(consumerKey);
      const resourceId = await directory.servicePrincipalOf(resourceAppId);
      await setRoles(principalId, resourceId, scopes);
      if (delegatedScopes) await setConsent(principalId, resourceId, scopes);
    },

    async withdraw({ roleId, name }) {
      const resourceId = await directory.servicePrincipalOf(resourceAppId);
      const path = `/servicePrincipals/${resourceId}/appRoleAssignedTo`;
      const all = await graph.readAll({ path, doing: doingWithdraw }, assignment);
      for (const entry of all.filter(({ appRoleId }) => appRoleId === roleId)) await unassign(resourceId, entry);
      if (!delegatedScopes) return;
      for (const held of await consents(`resourceId eq '${resourceId}'`)) {
        await change(
          held,
          scopesOf(held.scope).filter((scope) => scope !== name),
        );
      }
    },
  };
}
