import { findTenant, setTenantActive as store } from "#lib/data/tenants.ts";
import { z } from "zod";
import { AppError } from "#lib/foundation/errors.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { defineOperatorVerb } from "../verb.ts";
import { TenantRef } from "./contract.ts";

/**
 * Suspends a tenant or takes the suspension back. While it is suspended nobody enters it, its authorization
 * server issues nothing and gateways refuse its tokens; nothing is lost.
 *
 * @throws {AppError} `tenant.not_found`
 */
export const setTenantActive = defineOperatorVerb({
  action: "tenant.set_active",
  input: TenantRef.extend({ active: z.boolean() }),
  async run(ctx, { id, active }): Promise<{ id: string; isActive: boolean }> {
    const tenant = await findTenant(ctx, id as TenantId);
    if (!tenant) throw new AppError("tenant.not_found");
    if (tenant.isActive !== active) {
      await store(ctx, tenant.id, active);
      await ctx.auditIn(tenant.id, {
        subject: { type: "tenant", id: tenant.id, name: tenant.name },
        before: { active: tenant.isActive },
        after: { active },
      });
    }
    return { id, isActive: active };
  },
});
