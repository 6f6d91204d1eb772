import type { InstallationContext } from "#lib/data/database.ts";
import {
  countGlobalUse,
  type GlobalKeyManagerRecord,
  type GlobalKeyManagerSummary,
  type GlobalUse,
} from "#lib/data/global-key-managers.ts";
import { toListItem, toView } from "../key-managers/views.ts";
import type { GlobalKeyManagerListItem, GlobalKeyManagerView } from "./contract.ts";

/** Everything but the secrets. @throws {AppError} `key_manager.misconfigured` where the connector is missing */
export async function toGlobalView(
  ctx: InstallationContext,
  record: GlobalKeyManagerRecord,
): Promise<GlobalKeyManagerView> {
  const { serves, ...values } = record;
  const use = (await countGlobalUse(ctx, [record.id])).get(record.id);
  const usage = { apis: use?.apis ?? 0, applications: use?.applications ?? 0 };
  return { ...(await toView(values, { global: true, usage })), serves };
}

export function toGlobalListItem(
  { serves, tenants, ...facts }: GlobalKeyManagerSummary,
  use: GlobalUse | undefined,
): GlobalKeyManagerListItem {
  const usage = { apis: use?.apis ?? 0, applications: use?.applications ?? 0 };
  return { ...toListItem(facts, { global: true, usage }), serves, tenants };
}
