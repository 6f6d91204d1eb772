import { isForeignKeyViolation } from "#lib/data/database.ts";
import {
  countUsage,
  deleteKeyManager,
  listUsingApis,
  listUsingApplications,
  type KeyManagerRecord,
} from "#lib/data/key-managers.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { defineMutation, type MutationContext } from "../verb.ts";
import { auditState, auditSubject } from "./audit.ts";
import { KeyManagerRef, usersCountedTo } from "./contract.ts";
import { requireOwnKeyManager } from "./refusals.ts";
import { isPermanent } from "./views.ts";

/**
 * Deletes a key manager that nobody uses, with its stored credentials. Nothing is changed at the
 * authorization server.
 *
 * @throws {AppError} `key_manager.not_found`, `key_manager.permanent`, `key_manager.in_use` naming who uses it,
 *   `auth.forbidden` for a global one
 */
export const removeKeyManager = defineMutation({
  action: "key_manager.delete",
  permission: "key_manager:write",
  input: KeyManagerRef,
  async run(ctx, { id }): Promise<{ id: string }> {
    const record = await requireOwnKeyManager(ctx, id);
    if (isPermanent(record.connectorId)) throw new AppError("key_manager.permanent");
    await refuseInUse(ctx, record);
    await deleteKeyManager(ctx, record.id).catch((error: unknown) => {
      // Somebody began to use it between the check and the delete.
      if (isForeignKeyViolation(error)) throw new AppError("key_manager.in_use", { cause: error });
      throw error;
    });
    ctx.audit({ subject: auditSubject(record), before: auditState(record) });
    return { id: record.id };
  },
});

/** How many users a refusal names. */
const named = 3;

async function refuseInUse(ctx: MutationContext, record: KeyManagerRecord): Promise<void> {
  const usage = (await countUsage(ctx, [record.id], usersCountedTo)).get(record.id) ?? { apis: 0, applications: 0 };
  if (usage.apis + usage.applications === 0) return;
  const apis = await listUsingApis(ctx, record.id, { limit: named });
  const applications = await listUsingApplications(ctx, record.id, { limit: named });
  const parts = [
    users(
      "API",
      usage.apis,
      apis.items.map(({ name, version }) => `${name} ${version}`),
    ),
    users(
      "application",
      usage.applications,
      applications.items.map(({ name }) => name),
    ),
  ].filter((part) => part !== "");
  throw new AppError("key_manager.in_use", {
    message: `${record.displayName} is in use by ${parts.join(" and ")}. Remove it there first, or disable it.`,
  });
}

function users(noun: string, count: number, names: string[]): string {
  if (count === 0) return "";
  const all = count < usersCountedTo;
  const more = count > names.length ? `, and ${all ? String(count - names.length) : "many"} more` : "";
  return `${String(count)}${all ? "" : " or more"} ${noun}${count === 1 ? "" : "s"} (${names.join(", ")}${more})`;
}
