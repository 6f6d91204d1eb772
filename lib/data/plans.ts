import { newId, type PlanId } from "../foundation/ids.ts";
import { tenantDb, type TenantContext } from "./database.ts";

export type PlanRecord = {
  id: PlanId;
  name: string;
  description: string;
  requestsPerMinute: number | null;
};

const columns = { id: true, name: true, description: true, requestsPerMinute: true } as const;

type PlanValues = Omit<PlanRecord, "id">;

/** Every plan of the tenant, by name. A tenant has a handful. */
export async function listPlans(ctx: TenantContext): Promise<PlanRecord[]> {
  const rows = await tenantDb(ctx).plan.findMany({ select: columns, orderBy: { name: "asc" }, take: 200 });
  return rows.map(toPlanRecord);
}

export async function findPlan(ctx: TenantContext, id: PlanId): Promise<PlanRecord | null> {
  const row = await tenantDb(ctx).plan.findUnique({ where: { id }, select: columns });
  return row && toPlanRecord(row);
}

export async function insertPlan(ctx: TenantContext, values: PlanValues): Promise<PlanRecord> {
  const row = await tenantDb(ctx).plan.create({
    data: { id: newId<PlanId>(), tenantId: ctx.tenantId, ...values },
    select: columns,
  });
  return toPlanRecord(row);
}

export async function updatePlan(ctx: TenantContext, id: PlanId, values: PlanValues): Promise<PlanRecord> {
  return toPlanRecord(await tenantDb(ctx).plan.update({ where: { id }, data: values, select: columns }));
}

export async function deletePlan(ctx: TenantContext, id: PlanId): Promise<void> {
  await tenantDb(ctx).plan.delete({ where: { id } });
}

function toPlanRecord(row: Omit<PlanRecord, "id"> & { id: string }): PlanRecord {
  return { ...row, id: row.id as PlanId };
}
