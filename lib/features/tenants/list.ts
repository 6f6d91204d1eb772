import { readCursor, type Page } from "#lib/data/paging.ts";
import { listTenants as readTenants } from "#lib/data/tenants.ts";
import { defineOperatorVerb } from "../verb.ts";
import { ListTenantsInput, type TenantView } from "./contract.ts";

/** The installation's tenants, the newest first. */
export const listTenants = defineOperatorVerb({
  action: "tenant.list",
  input: ListTenantsInput,
  async run(ctx, { cursor, search }): Promise<Page<TenantView>> {
    const page = await readTenants(ctx, { after: readCursor(cursor), limit: 50, search });
    return {
      ...page,
      items: page.items.map(({ createdAt, ...tenant }) => ({ ...tenant, createdAt: createdAt.toISOString() })),
    };
  },
});
