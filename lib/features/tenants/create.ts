import { insertPlan } from "#lib/data/plans.ts";
import { insertOwnTenant, listSlugs } from "#lib/data/tenants.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { newId, type TenantId } from "#lib/foundation/ids.ts";
import type { Context, InstallationCaller } from "../context.ts";
import { takeGlobalKeyManagers } from "../global-key-managers/take.ts";
import { ensurePermanentKeyManagers } from "../key-managers/ensure-permanent.ts";
import { issueInvitation } from "../people/invitations.ts";
import { inAuditedTransaction, parseInput, requireOperatorActor, type MutationContext } from "../verb.ts";
import { CreateTenantInput, type CreatedTenantView } from "./contract.ts";
import { confusableWith } from "./slugs.ts";

/** What creators can offer from the first day. */
const firstPlans = [
  { name: "Unlimited", description: "Any number of calls.", requestsPerMinute: null },
  { name: "Gold", description: "For partners.", requestsPerMinute: 600 },
  { name: "Bronze", description: "For trying out.", requestsPerMinute: 60 },
] as const;

const action = "tenant.create";

/**
 * Makes a tenant with its permanent key managers, the global ones that serve every tenant, first plans and an invitation for its first administrator,
 * all or nothing.
 *
 * @throws {AppError} `auth.forbidden` unless an operator or the installation itself asks; `input.invalid`;
 *   `tenant.conflict` where the slug is taken or could be taken for another
 */
async function run(caller: InstallationCaller, raw: CreateTenantInput): Promise<CreatedTenantView> {
  requireOperatorActor(caller);
  const { name, slug, administratorEmail } = parseInput(CreateTenantInput, raw);
  const { database } = caller.deps;
  const alike = confusableWith(slug, await database.inInstallation(listSlugs));
  if (alike !== undefined) throw conflict(slug, alike);
  const tenant = { id: newId<TenantId>(), slug, name };
  const ctx: Context = { ...caller, tenant, permissions: new Set() };
  return inAuditedTransaction(ctx, action, async (mutation) => {
    if (!(await insertOwnTenant(mutation, tenant))) throw conflict(slug, slug);
    mutation.audit({ subject: { type: "tenant", id: tenant.id, name }, after: { name, slug, administratorEmail } });
    await furnish(mutation);
    const { url, expiresAt } = await issueInvitation(mutation, { email: administratorEmail, roles: ["ADMINISTRATOR"] });
    return { ...tenant, invitation: { url, expiresAt } };
  });
}

async function furnish(ctx: MutationContext): Promise<void> {
  await ensurePermanentKeyManagers(ctx, { tenantSlug: ctx.tenant.slug, deps: ctx.deps, requestId: ctx.requestId });
  await takeGlobalKeyManagers(ctx, ctx.requestId);
  for (const plan of firstPlans) await insertPlan(ctx, plan);
}

function conflict(slug: string, alike: string): AppError {
  const message =
    slug === alike
      ? "A tenant with this address exists already. Choose another."
      : `This address could be taken for that of the tenant “${alike}”. Choose another.`;
  return new AppError("tenant.conflict", { message, fields: [{ path: "slug", message }] });
}

export const createTenant = Object.assign(run, { action, input: CreateTenantInput });
