import { unlessAbsent, type Administration } from "#lib/connector-kit/administration.ts";
import type { ClientRef, ScopeManagement } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { clientObject, scopeEntry, serverScopes, type ClientObject } from "./wire.ts";

const serverSettings = "/oauth/authServerSettings";
const exclusive = `${serverSettings}/scopes/exclusiveScopes`;
const pathOf = (name: string) => `${exclusive}/${encodeURIComponent(name)}`;

/**
 * Scopes of ours are exclusive scopes: only clients that were given one may ask for it, while common scopes are
 * open to every client that is not restricted (PingFederate Administrator's Reference, “Scopes”). Common scopes may be
 * granted, and are never changed, taken away or removed.
 */
export function openScopes(api: Administration, demand: (client: ClientRef) => Promise<ClientObject>): ScopeManagement {
  async function all() {
    const request = { method: "GET", path: serverSettings, doing: "Listing the scopes" } as const;
    const { scopes, exclusiveScopes } = await api.read(request, serverScopes);
    return { common: scopes ?? [], exclusive: exclusiveScopes ?? [] };
  }

  return {
    async list() {
      const known = await all();
      const entries = [...known.exclusive, ...known.common];
      return entries.map(({ name, description }) => ({ name, description: description ?? "" }));
    },

    async save({ name, description }) {
      const known = await all();
      if (known.common.some((scope) => scope.name === name)) {
        throw new ConnectorError(
          "conflict",
          `PingFederate has a common scope “${name}” already that somebody else made.`,
        );
      }
      const existing = known.exclusive.find((scope) => scope.name === name);
      // A scope without a description is refused.
      const body = { ...existing, name, description: description || name };
      const doing = "Saving the scope";
      if (existing) await api.read({ method: "PUT", path: pathOf(name), body, doing }, scopeEntry);
      else await api.read({ method: "POST", path: exclusive, body, doing }, scopeEntry);
    },

    async remove(name) {
      const known = await all();
      if (known.common.some((scope) => scope.name === name)) {
        throw new ConnectorError("conflict", `The common scope “${name}” was made by somebody else and stays.`);
      }
      if (!known.exclusive.some((scope) => scope.name === name)) return;
      await unlessAbsent(api.run({ method: "DELETE", path: pathOf(name), doing: "Removing the scope" }));
    },

    async grant(client, scopes) {
      const before = await demand(client);
      const known = await all();
      const isExclusive = (name: string) => known.exclusive.some((scope) => scope.name === name);
      const isCommon = (name: string) => known.common.some((scope) => scope.name === name);
      const missing = scopes.filter((name) => !isExclusive(name) && !isCommon(name));
      if (missing.length > 0) {
        throw new ConnectorError("not_found", `PingFederate has no scope “${missing.join("”, “")}”.`);
      }
      const common = before.restrictScopes ? (before.restrictedScopes ?? []) : [];
      const body = {
        ...before,
        exclusiveScopes: scopes.filter(isExclusive),
        // A client that is not restricted has all common scopes already.
        ...(before.restrictScopes && { restrictedScopes: [...new Set([...common, ...scopes.filter(isCommon)])] }),
      };
      const path = `/oauth/clients/${encodeURIComponent(before.clientId)}`;
      await api.read({ method: "PUT", path, body, doing: "Granting the scopes" }, clientObject);
    },
  };
}
