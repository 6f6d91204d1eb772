import type { AuditEventId, GlobalKeyManagerId, PersonId, TenantId } from "../foundation/ids.ts";
import { newId } from "../foundation/ids.ts";
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import type { Prisma } from "./generated/client.ts";
import { toPage, type Page, type Position } from "./paging.ts";
import { containing } from "./search.ts";

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

export type AuditRecord = {
  id: AuditEventId;
  at: Date;
  actorId: PersonId | null;
  actorName: string;
  action: string;
  subjectType: string;
  subjectId: string;
  subjectName: string;
  before: unknown;
  after: unknown;
  requestId: string;
};

export type AuditFilter = {
  actorId?: string | undefined;
  action?: string | undefined;
  subjectId?: string | undefined;
  /** Part of the actor's or the subject's name. */
  search?: string | undefined;
  from?: Date | undefined;
  /** Exclusive. */
  until?: Date | undefined;
};

const columns = {
  id: true,
  at: true,
  actorId: true,
  actorName: true,
  action: true,
  subjectType: true,
  subjectId: true,
  subjectName: true,
  before: true,
  after: true,
  requestId: true,
} as const;

/** The tenant's history, the newest first. */
export async function listAuditEvents(
  ctx: TenantContext,
  { after, limit, ...filter }: AuditFilter & { after: Position | null; limit: number },
): Promise<Page<AuditRecord>> {
  const { actorId, action, subjectId, search, from, until } = filter;
  const words = search ? containing(search) : undefined;
  const rows = await tenantDb(ctx).auditEvent.findMany({
    where: {
      ...(actorId ? { actorId } : {}),
      ...(action ? { action } : {}),
      ...(subjectId ? { subjectId } : {}),
      AND: [
        from ? { at: { gte: from } } : {},
        until ? { at: { lt: until } } : {},
        words ? { OR: [{ actorName: words }, { subjectName: words }] } : {},
        // The bound on the first column alone lets the index be entered at the right place.
        after ? { at: { lte: after.at }, OR: [{ at: { lt: after.at } }, { at: after.at, id: { lt: after.id } }] } : {},
      ],
    },
    select: columns,
    orderBy: [{ at: "desc" }, { id: "desc" }],
    take: limit + 1,
  });
  const positioned = rows.map((row) => ({ ...row, createdAt: row.at }));
  return toPage(positioned, limit, ({ createdAt, id, actorId: actor, ...row }) => ({
    ...row,
    id: id as AuditEventId,
    at: createdAt,
    actorId: actor as PersonId | null,
  }));
}

/** Which actions stand in the tenant's history, to choose from. */
export async function listAuditActions(ctx: TenantContext): Promise<string[]> {
  const rows = await tenantDb(ctx).auditEvent.groupBy({ by: ["action"], orderBy: { action: "asc" } });
  return rows.map(({ action }) => action);
}

/**
 * Writes one audit row into the history of each tenant that has a copy of a global key manager, about that copy.
 *
 * @param of.tenantIds those tenants only; every one that has a copy where it is left out
 */
export async function insertAuditEventsOfCopies(
  ctx: InstallationContext,
  of: { id: GlobalKeyManagerId; tenantIds?: readonly TenantId[] },
  row: Omit<AuditRow, "subjectType" | "subjectId">,
): Promise<void> {
  const { actorId, actorName, action, subjectName, before, after, requestId } = row;
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  await installationDb(ctx).$executeRaw`
    INSERT INTO audit_event (id, tenant_id, actor_id, actor_name, action, subject_type, subject_id, subject_name,
                             before, after, request_id)
    SELECT gen_random_uuid(), copy.tenant_id, ${actorId}::uuid, ${actorName}, ${action}, 'key_manager', copy.id::text,
           ${subjectName}, ${json(before)}::jsonb, ${json(after)}::jsonb, ${requestId}
      FROM key_manager AS copy
     WHERE copy.global_key_manager_id = ${of.id}::uuid
       AND (${of.tenantIds === undefined} OR copy.tenant_id = ANY(${[...(of.tenantIds ?? [])]}::text[]::uuid[]))`;
}
