/** Which tenants a global key manager serves, and what must hold of them. */
import { connectors } from "#connectors/registry.ts";
import type { InstallationContext } from "#lib/data/database.ts";
import {
  countGlobalUse,
  findTenantsWithIssuer,
  findTenantsWithName,
  listServedTenants,
  lockGlobalIssuer,
  type GlobalKeyManagerRecord,
  type TenantsInTheWay,
} from "#lib/data/global-key-managers.ts";
import type { KeyManagerValues } from "#lib/data/key-managers.ts";
import { findTenantsBySlugs, listTenantIds } from "#lib/data/tenants.ts";
import { AppError, fieldError } from "#lib/foundation/errors.ts";
import type { GlobalKeyManagerId, TenantId } from "#lib/foundation/ids.ts";
import type { InstallationCaller } from "../context.ts";
import type { TokenHandling } from "../key-managers/contract.ts";
import { isToldApart } from "../key-managers/rules.ts";
import type { Serving } from "./contract.ts";

/**
 * The tenants that a choice means now.
 *
 * @throws {AppError} `input.invalid` at `tenants`, naming an address that no tenant has
 */
export async function resolveTenants(
  ctx: InstallationContext,
  { serves, tenants }: { serves: Serving; tenants: readonly string[] },
): Promise<TenantId[]> {
  if (serves === "ALL") return listTenantIds(ctx);
  const wanted = [...new Set(tenants)];
  const found = await findTenantsBySlugs(ctx, wanted);
  const known = new Set(found.map(({ slug }) => slug));
  const unknown = wanted.filter((slug) => !known.has(slug));
  if (unknown.length > 0) {
    throw fieldError("tenants", `No tenant has the address ${unknown.join(", ")}. Correct it, or remove it.`);
  }
  return found.map(({ id }) => id);
}

/**
 * Who owns a client must be proved where several tenants share the server: otherwise one could take another's.
 *
 * @throws {AppError} `input.invalid` at `mappedClientCheck`
 */
export function requireProof({
  clientMapping,
  mappedClientCheck,
}: Pick<KeyManagerValues, "clientMapping" | "mappedClientCheck">) {
  if (!clientMapping || mappedClientCheck) return;
  throw fieldError(
    "mappedClientCheck",
    "Leave this on, or switch mapping off: tenants share this server, so who owns a client there must be proved.",
  );
}

/**
 * Refuses a name that a key manager of one of these tenants has, or that each tenant's permanent one will have.
 *
 * @param path of the form's field that the refusal stands at
 * @throws {AppError} `key_manager.conflict`, naming the tenants
 */
export async function refuseTakenName(
  ctx: InstallationContext & InstallationCaller,
  { name, tenantIds, path = "name" }: { name: string; tenantIds: readonly TenantId[]; path?: string },
): Promise<void> {
  const permanent = connectors.map(({ permanent: made }) =>
    made?.({ tenantId: "", tenantSlug: "tenant", origin: ctx.deps.origin, derive: ctx.deps.derive }),
  );
  if (permanent.some((made) => made?.name === name)) {
    throw nameConflict("Each tenant has a key manager of this name by itself. Choose a different one.", { path });
  }
  const taken = await findTenantsWithName(ctx, { name, tenantIds });
  if (taken.count === 0) return;
  const fix = path === "name" ? "Choose a different one." : "Serve other tenants, or have it deleted there.";
  throw nameConflict(`${namesOf(taken)} ${has(taken)} a key manager named “${name}”. ${fix}`, { path });
}

/** `key_manager.conflict` at a field. */
export function nameConflict(message: string, { path = "name", cause }: { path?: string; cause?: unknown } = {}) {
  return new AppError("key_manager.conflict", { message, fields: [{ path, message }], cause });
}

/**
 * Refuses an issuer that another enabled key manager of one of these tenants has, where no claims tell the tokens of
 * the two apart.
 * Concurrent writers of the same issuer, tenants' administrators included, wait for each other.
 *
 * @param path of the form's field that the refusal stands at
 * @throws {AppError} `key_manager.issuer_conflict`, naming the tenants
 */
export async function refuseTakenIssuer(
  ctx: InstallationContext,
  {
    keyManager,
    tenantIds,
    except,
    path = "issuer",
  }: {
    keyManager: { issuer: string; tokenHandling: TokenHandling };
    tenantIds: readonly TenantId[];
    except: GlobalKeyManagerId;
    path?: string;
  },
): Promise<void> {
  const { issuer } = keyManager;
  await lockGlobalIssuer(ctx, issuer);
  if (isToldApart(keyManager)) return;
  const taken = await findTenantsWithIssuer(ctx, { issuer, tenantIds, except });
  if (taken.count === 0) return;
  const message = `${namesOf(taken)} ${has(taken)} an enabled key manager with the issuer ${issuer} already. Have it disabled there, serve other tenants, or keep this one disabled.`;
  throw new AppError("key_manager.issuer_conflict", { message, fields: [{ path, message }] });
}

/** How many tenants a refusal names. */
const named = 3;

/**
 * Refuses to take a global key manager from tenants where an API names it or an application holds keys of it.
 *
 * @param among those tenants only; all that it serves where it is left out
 * @throws {AppError} `key_manager.in_use`, naming tenants with their counts
 */
export async function refuseUsed(
  ctx: InstallationContext,
  { id, displayName }: Pick<GlobalKeyManagerRecord, "id" | "displayName">,
  among?: readonly TenantId[],
): Promise<void> {
  const use = (await countGlobalUse(ctx, [id], among)).get(id);
  if (!use || use.tenants === 0) return;
  const { items } = await listServedTenants(ctx, id, { limit: named, inUse: true, ...(among ? { among } : {}) });
  const tenants = items.map(({ name, apis, applications }) => `${name} (${usersOf(apis, applications)})`);
  const more = use.tenants - items.length;
  const all = more > 0 ? `${tenants.join(", ")} and ${counted(more, "more tenant")}` : tenants.join(", ");
  throw new AppError("key_manager.in_use", {
    message: `${displayName} is in use at ${all}. Have it removed there first, or disable it.`,
  });
}

function usersOf(apis: number, applications: number): string {
  return [apis > 0 && counted(apis, "API"), applications > 0 && counted(applications, "application")]
    .filter(Boolean)
    .join(", ");
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function namesOf({ count, names }: TenantsInTheWay): string {
  const more = count - names.length;
  return more > 0 ? `${names.join(", ")} and ${counted(more, "more tenant")}` : names.join(" and ");
}

function has({ count }: TenantsInTheWay): string {
  return count === 1 ? "has" : "have";
}
