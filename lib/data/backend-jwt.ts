/** What a tenant wants its backends to be told with each allowed call. */
import { tenantDb, type TenantContext } from "./database.ts";

export type BackendJwtRecord = {
  enabled: boolean;
  algorithm: "ES256" | "RS256";
  /** Name of the header in which the backend receives the JWT. */
  header: string;
  ttlSeconds: number;
  dialect: "LATCHKEY" | "WSO2";
  /** Claims that are left out, by the names of our own dialect or of mapped claims. */
  omittedClaims: string[];
};

/** The columns of a record, for those who read it with other rows. */
export const backendJwtColumns = {
  enabled: true,
  algorithm: true,
  header: true,
  ttlSeconds: true,
  dialect: true,
  omittedClaims: true,
} as const;

/** What the tenant chose; null where it never chose anything. */
export async function findBackendJwt(ctx: TenantContext): Promise<BackendJwtRecord | null> {
  return tenantDb(ctx).backendJwt.findUnique({ where: { tenantId: ctx.tenantId }, select: backendJwtColumns });
}

/** Stores what the tenant chose; gateways learn of it like of any change. */
export async function saveBackendJwt(ctx: TenantContext, values: BackendJwtRecord): Promise<void> {
  const { tenantId } = ctx;
  await tenantDb(ctx).backendJwt.upsert({
    where: { tenantId },
    create: { tenantId, ...values },
    update: values,
    select: { tenantId: true },
  });
}
