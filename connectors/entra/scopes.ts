/**
 * Scopes are app roles of one API, for tokens of applications, and permissions of the same names and ids, for tokens of
 * people. Roles and permissions of an API share their names: Entra accepts a name twice only where everything else of
 * the two is equal too, and both are written by the same request.
 */
import { z } from "zod";
import { unlessAbsent } from "#lib/connector-kit/administration.ts";
import type { ScopeDefinition, ScopeManagement } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import type { Connection } from "./config.ts";
import type { Directory } from "./directory.ts";
import { openGrants } from "./grants.ts";
import type { Graph } from "./graph.ts";
import { guid, scopeId } from "./names.ts";
import { isEnabledStill } from "./refusals.ts";

const id = z.string().regex(guid);
const words = z.string().max(5000).nullish();

const appRole = z.looseObject({
  id,
  value: words,
  displayName: words,
  description: words,
  isEnabled: z.boolean(),
  allowedMemberTypes: z.array(z.string().max(100)).max(10),
});
const permission = z.looseObject({
  id,
  value: words,
  adminConsentDisplayName: words,
  adminConsentDescription: words,
  isEnabled: z.boolean(),
});
const api = z.looseObject({
  id,
  appRoles: z.array(appRole).max(2000),
  api: z
    .looseObject({
      oauth2PermissionScopes: z.array(permission).max(2000).nullish(),
      requestedAccessTokenVersion: z.number().nullish(),
    })
    .nullish(),
});
type Api = z.output<typeof api>;
type AppRole = z.output<typeof appRole>;
type Permission = z.output<typeof permission>;

/** An API's roles for applications and its permissions for people, as a change leaves them. */
type Entries = { roles: AppRole[]; permissions: Permission[] };

type KnownScope = ScopeDefinition & { roleId: string | undefined; isForPeople: boolean };

const doingSave = "Saving the scope";
const doingRemove = "Removing the scope";

/** Opens the scopes of the API that the connection names. */
export function openScopes(
  graph: Graph,
  directory: Directory,
  { resourceAppId, tokenVersion, delegatedScopes }: Connection,
): ScopeManagement {
  const path = `/applications(appId='${resourceAppId}')`;
  const idOf = (name: string) => scopeId(resourceAppId, name);
  const grants = openGrants(graph, directory, { resourceAppId, delegatedScopes });
  let last: Promise<unknown> = Promise.resolve();

  async function read(doing: string): Promise<Api> {
    const found = await unlessAbsent(
      graph.read({ method: "GET", path: `${path}?$select=id,appRoles,api`, doing }, api),
    );
    if (found) return found;
    throw new ConnectorError(
      "misconfigured",
      `${doing} failed: the tenant has no application ${resourceAppId}. Correct “Application id of the API” in the connection.`,
    );
  }

  const entriesOf = (found: Api): Entries => ({
    roles: found.appRoles,
    permissions: found.api?.oauth2PermissionScopes ?? [],
  });

  async function write(found: Api, { roles, permissions }: Entries, doing: string): Promise<void> {
    const body = {
      appRoles: roles,
      api: {
        ...found.api,
        requestedAccessTokenVersion: Number(tokenVersion),
        oauth2PermissionScopes: permissions,
      },
    };
    await graph.run({ method: "PATCH", path, body, doing });
  }

  /** Changes replace both collections, so two at a time would undo each other. */
  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = last.then(change, change);
    last = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Changes one scope. Entra changes nothing that is enabled: what exists is disabled first, in a request of its own.
   * A replica that does not know an earlier change yet refuses too, which keeps that change from being undone.
   */
  function change(name: string, doing: string, to: (entries: Entries) => Entries | undefined): Promise<void> {
    const step = async () => {
      const found = await read(doing);
      const before = entriesOf(found);
      refuseForeign(before, name);
      const after = to(before);
      if (!after) return;
      if ([...before.roles, ...before.permissions].some((entry) => entry.id === idOf(name) && entry.isEnabled)) {
        await write(found, disabled(before, idOf(name)), doing);
      }
      await write(found, after, doing);
    };
    return inTurn(() => graph.patiently(step, isEnabledStill));
  }

  function refuseForeign({ roles, permissions }: Entries, name: string): void {
    const foreign = [...roles, ...permissions].some(({ id: other, value }) => value === name && other !== idOf(name));
    if (foreign) {
      throw new ConnectorError("conflict", `The API has a role or scope “${name}” already that somebody else made.`);
    }
  }

  /** What may be asked for: roles for applications and, where people count, permissions. */
  async function list(): Promise<KnownScope[]> {
    const { roles, permissions } = entriesOf(await read("Listing the scopes"));
    const found = new Map<string, KnownScope>();
    const isForApplications = ({ allowedMemberTypes }: AppRole) => allowedMemberTypes.includes("Application");
    for (const { id: roleId, value, isEnabled, description } of roles.filter(isForApplications)) {
      if (value && isEnabled) found.set(value, { ...described(value, description), roleId, isForPeople: false });
    }
    if (!delegatedScopes) return [...found.values()];
    for (const { value, isEnabled, adminConsentDescription } of permissions) {
      if (!value || !isEnabled) continue;
      const scope = found.get(value) ?? { ...described(value, adminConsentDescription), roleId: undefined };
      found.set(value, { ...scope, isForPeople: true });
    }
    return [...found.values()];
  }

  return {
    list: async () => (await list()).map(({ name, description }) => ({ name, description })),

    async save({ name, description }) {
      await change(name, doingSave, (before) => {
        const wanted = entriesFor({ name, description }, idOf(name));
        const role = before.roles.find((entry) => entry.id === idOf(name));
        const held = before.permissions.find((entry) => entry.id === idOf(name));
        const isSame = covers(role, wanted.role) && (delegatedScopes ? covers(held, wanted.permission) : !held);
        if (isSame) return undefined;
        const others = without(before, idOf(name));
        return {
          roles: [...others.roles, { ...role, ...wanted.role }],
          permissions: delegatedScopes
            ? [...others.permissions, { ...held, ...wanted.permission }]
            : others.permissions,
        };
      });
    },

    async remove(name) {
      const found = entriesOf(await read(doingRemove));
      refuseForeign(found, name);
      if (![...found.roles, ...found.permissions].some((entry) => entry.id === idOf(name))) return;
      // Ids follow from names: a scope that comes back must not bring its old grants along.
      await grants.withdraw({ roleId: idOf(name), name });
      await change(name, doingRemove, (before) => without(before, idOf(name)));
    },

    async grant(client, scopes) {
      await directory.demand(client);
      const known = await list();
      const missing = scopes.filter((name) => !known.some((scope) => scope.name === name));
      if (missing.length > 0) throw new ConnectorError("not_found", `The API has no scope “${missing.join("”, “")}”.`);
      await grants.setFor(
        client,
        known.map(({ name, roleId, isForPeople }) => ({
          ...{ name, roleId, isForPeople },
          isOwn: roleId === idOf(name),
          isAsked: scopes.includes(name),
        })),
      );
    },
  };
}

/** Entra wants a description: where we have none it is the name. */
function described(name: string, description: string | null | undefined): ScopeDefinition {
  return { name, description: description === name ? "" : (description ?? "") };
}

/** A scope as a role and as a permission. Entra demands that the two agree in everything. */
function entriesFor({ name, description }: ScopeDefinition, scope: string): { role: AppRole; permission: Permission } {
  const text = description || name;
  return {
    role: {
      id: scope,
      value: name,
      displayName: name,
      description: text,
      isEnabled: true,
      allowedMemberTypes: ["Application"],
    },
    permission: {
      id: scope,
      value: name,
      adminConsentDisplayName: name,
      adminConsentDescription: text,
      isEnabled: true,
      // People cannot consent to it themselves: only what was granted here may be asked for.
      type: "Admin",
    },
  };
}

function without({ roles, permissions }: Entries, scope: string): Entries {
  return {
    roles: roles.filter((entry) => entry.id !== scope),
    permissions: permissions.filter((entry) => entry.id !== scope),
  };
}

function disabled({ roles, permissions }: Entries, scope: string): Entries {
  const off = <T extends { id: string; isEnabled: boolean }>(entry: T): T =>
    entry.id === scope ? { ...entry, isEnabled: false } : entry;
  return { roles: roles.map(off), permissions: permissions.map(off) };
}

/** Whether an entry has all that is wanted of it. */
function covers(entry: Record<string, unknown> | undefined, wanted: Record<string, unknown>): boolean {
  if (!entry) return false;
  return Object.entries(wanted).every(([member, value]) => JSON.stringify(entry[member]) === JSON.stringify(value));
}
