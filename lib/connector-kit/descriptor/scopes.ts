/** Scopes of a described server: listed, made, described anew, taken away, and granted to clients. */
import { z } from "zod";
import { unreadable } from "#lib/protocol/exchange.ts";
import { unlessAbsent } from "../administration.ts";
import type { ScopeDefinition, ScopeManagement } from "../contract.ts";
import type { DescribedScopes } from "./format.ts";
import { listAt, type Requests } from "./requests.ts";
import { at } from "./template.ts";

const scopeFacts = z.object({
  name: z.string().min(1).max(1_000),
  description: z
    .string()
    .max(5_000)
    .nullish()
    .transform((text) => text ?? ""),
});

/**
 * Opens the scopes of a described server.
 *
 * @returns calls that throw `ConnectorError` alone: as the API refuses, or `bad_response`
 */
export function openDescribedScopes(
  { list, create, update, remove, grant }: DescribedScopes,
  { api, of }: Requests,
): ScopeManagement {
  async function all(): Promise<ScopeDefinition[]> {
    const doing = "Listing the scopes";
    const answer = await api.run(of(list.request, {}, doing));
    return listAt(answer, list.list, doing).map((item) => {
      const found = scopeFacts.safeParse({
        name: at(item, list.name),
        description: list.description && at(item, list.description),
      });
      if (!found.success) throw unreadable(answer, doing, "holds a scope without a name");
      return found.data;
    });
  }

  return {
    list: all,
    async save(scope) {
      const existing = (await all()).find(({ name }) => name === scope.name);
      if (existing && existing.description === scope.description) return;
      await api.run(of((existing ? update : create).request, { scope }, "Saving the scope"));
    },
    async remove(name) {
      await unlessAbsent(api.run(of(remove.request, { scope: { name } }, "Removing the scope")));
    },
    async grant(ref, scopes) {
      await api.run(of(grant.request, { ref, scopes }, "Granting the scopes"));
    },
  };
}
