import { insertAuditEventsOfCopies } from "#lib/data/audit.ts";
import type { GlobalKeyManagerRecord } from "#lib/data/global-key-managers.ts";
import { installationHistory, type TenantId } from "#lib/foundation/ids.ts";
import { auditState } from "../key-managers/audit.ts";
import { auditSource, type OperatorContext } from "../verb.ts";
import type { Serving } from "./contract.ts";

export type GlobalChange = {
  action: string;
  keyManager: Pick<GlobalKeyManagerRecord, "id" | "displayName">;
  /** What the installation's history tells. */
  before?: unknown;
  after?: unknown;
};

/** Writes what happened to a global key manager into the installation's own history. */
export function auditHere(ctx: OperatorContext, { keyManager, before, after }: Omit<GlobalChange, "action">) {
  const { id, displayName } = keyManager;
  const subject = { type: "global_key_manager", id, name: displayName };
  return ctx.auditIn(installationHistory, { subject, before, after });
}

/** Writes the same into the history of the tenants that it serves, or of some of them, without its connection. */
export function auditThere(
  ctx: OperatorContext,
  { action, keyManager, before, after }: GlobalChange,
  tenantIds?: readonly TenantId[],
): Promise<void> {
  const of = { id: keyManager.id, ...(tenantIds ? { tenantIds } : {}) };
  return insertAuditEventsOfCopies(ctx, of, {
    ...auditSource(ctx, action),
    subjectName: keyManager.displayName,
    before,
    after,
  });
}

/** What an operator's audit row holds of a global key manager: every setting, and which secrets are set. */
export function stateHere(record: GlobalKeyManagerRecord): Record<string, unknown> {
  return { ...auditState(record), serves: record.serves };
}

/** What a tenant's audit row holds of it: the settings that its copy has. */
export function stateThere(record: GlobalKeyManagerRecord): Record<string, unknown> {
  const { connection: _connection, secretsSet: _secretsSet, ...shared } = auditState(record);
  return shared;
}

/** How the installation's history tells which tenants are served. */
export function servingInWords(serves: Serving, tenants: readonly string[]): Record<string, unknown> {
  return serves === "ALL" ? { serves: "every tenant" } : { serves: "listed tenants", tenants };
}
