import { z } from "zod";
import type { ScopeManagement } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { paths, type Server } from "./server.ts";

const scope = z.object({
  name: z.string().min(1).max(1000),
  displayName: z.string().max(2000).nullish(),
  description: z.string().max(5000).nullish(),
  bindings: z.array(z.string().max(1000)).max(1000).nullish(),
});
const scopeList = z.array(scope).max(10_000);

/** Scopes of the server's own APIs: permissions over the server itself. */
const isOfServer = (name: string) => name.startsWith("internal_") || name === "SYSTEM";

/**
 * Scopes by the server's scope API. They belong to nobody, and any client may ask for any of them: roles that are
 * bound to a scope decide which people get it.
 *
 * @param roles bound to scopes that are made here
 */
export function openScopes({ administration, sendUnlessUnknown }: Server, roles: readonly string[]): ScopeManagement {
  const at = (name: string) => `${paths.scopes}/name/${encodeURIComponent(name)}`;

  async function all() {
    const doing = "Listing the scopes";
    const found = await administration.read({ method: "GET", path: paths.scopes, doing }, scopeList);
    return found.filter(({ name }) => !isOfServer(name));
  }

  function guard(name: string): void {
    if (isOfServer(name)) throw new ConnectorError("conflict", `The scope “${name}” belongs to the server itself.`);
  }

  return {
    async list() {
      return (await all()).map(({ name, description }) => ({ name, description: description ?? "" }));
    },

    async save({ name, description }) {
      guard(name);
      const doing = "Saving the scope";
      const answer = await sendUnlessUnknown({ method: "GET", path: at(name), doing });
      if (!answer) {
        const body = { name, displayName: name, description, bindings: roles };
        await administration.run({ method: "POST", path: paths.scopes, body, doing });
        return;
      }
      // An update replaces everything: what an administrator has set stays.
      const { displayName, bindings } = administration.parse(answer, scope, doing);
      const body = { displayName: displayName ?? name, description, bindings: bindings ?? [] };
      await administration.run({ method: "PUT", path: at(name), body, doing });
    },

    async remove(name) {
      guard(name);
      await sendUnlessUnknown({ method: "DELETE", path: at(name), doing: "Removing the scope" });
    },

    async grant(_client, scopes) {
      const known = new Set((await all()).map(({ name }) => name));
      const missing = scopes.filter((name) => !known.has(name));
      if (missing.length === 0) return;
      throw new ConnectorError("not_found", `The server has no scope “${missing.join("”, “")}”.`);
    },
  };
}
