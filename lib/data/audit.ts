import type { AuditEventId, PersonId } from "../foundation/ids.ts";
import { newId } from "../foundation/ids.ts";
import { tenantDb, type TenantContext } from "./database.ts";
import type { Prisma } from "./generated/client.ts";

export type AuditRow = {
  actorId: PersonId | null;
  actorName: string;
  action: string;
  subjectType: string;
  subjectId: string;
  subjectName: string;
  before?: unknown;
  after?: unknown;
  requestId: string;
};

/** Writes one audit row in the transaction of the change that it tells of. */
export async function insertAuditEvent(ctx: TenantContext, row: AuditRow): Promise<void> {
  const { before, after, ...rest } = row;
  await tenantDb(ctx).auditEvent.create({
    data: {
      id: newId<AuditEventId>(),
      tenantId: ctx.tenantId,
      ...rest,
      ...(before === undefined ? {} : { before: toJson(before) }),
      ...(after === undefined ? {} : { after: toJson(after) }),
    },
  });
}

/** Through JSON text, so that a Secret anywhere inside becomes its placeholder. */
function toJson(value: unknown): Prisma.InputJsonValue {
  return JSON.parse(JSON.stringify(value)) as Prisma.InputJsonValue;
}
