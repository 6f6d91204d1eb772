/**
 * What the built-in authorization server keeps between requests: clients, codes, grants, refresh tokens,
 * sessions and interactions, one row each. The shape of a payload belongs to oidc-provider; this file
 * knows only the columns by which rows are found and removed.
 */
import { deleteClientSecrets } from "./client-secrets.ts";
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import type { Prisma } from "./generated/client.ts";
import { revokeOwnTokens } from "./revocations.ts";

/** Which row: oidc-provider's name of the model, and the id under which it is stored. */
export type AuthorizationStateKey = { model: string; id: string };

export type AuthorizationStateRecord = AuthorizationStateKey & {
  payload: Record<string, unknown>;
  grantId: string | null;
  clientId: string | null;
  accountId: string | null;
  uid: string | null;
  expiresAt: Date | null;
  consumedAt: Date | null;
};

const columns = {
  model: true,
  id: true,
  payload: true,
  grantId: true,
  clientId: true,
  accountId: true,
  uid: true,
  expiresAt: true,
  consumedAt: true,
} as const;

/** The model under which the ids of access tokens issued to people are noted; see `noteIssuedToken`. */
const issuedToken = "IssuedAccessToken";
const grantModel = "Grant";
const clientModel = "Client";

/** Inserts or replaces one row. A row that was consumed stays consumed. */
export async function saveAuthorizationState(
  ctx: TenantContext,
  { model, id, ...values }: Omit<AuthorizationStateRecord, "consumedAt">,
): Promise<void> {
  const data = { ...values, payload: toJson(values.payload) };
  await tenantDb(ctx).authorizationState.upsert({
    where: { tenantId_model_id: { tenantId: ctx.tenantId, model, id } },
    create: { tenantId: ctx.tenantId, model, id, ...data },
    update: data,
    select: { id: true },
  });
}

/** One row, expired or not: the library decides what expiry means for each model. */
export async function findAuthorizationState(
  ctx: TenantContext,
  { model, id }: AuthorizationStateKey,
): Promise<AuthorizationStateRecord | null> {
  const row = await tenantDb(ctx).authorizationState.findUnique({
    where: { tenantId_model_id: { tenantId: ctx.tenantId, model, id } },
    select: columns,
  });
  return row && toRecord(row);
}

/**
 * One row, locked until the transaction ends: who else locks or changes it waits.
 *
 * @returns null where there is none
 */
export async function lockAuthorizationState(
  ctx: TenantContext,
  { model, id }: AuthorizationStateKey,
): Promise<AuthorizationStateRecord | null> {
  await tenantDb(ctx).$queryRaw`
    SELECT 1 FROM authorization_state
    WHERE tenant_id = ${ctx.tenantId}::uuid AND model = ${model} AND id = ${id}
    FOR UPDATE`;
  return findAuthorizationState(ctx, { model, id });
}

/** Rows of a model that share a secondary id: a session's uid, a client's software id. At most 20. */
export async function findAuthorizationStatesByUid(
  ctx: TenantContext,
  model: string,
  uid: string,
): Promise<AuthorizationStateRecord[]> {
  const rows = await tenantDb(ctx).authorizationState.findMany({
    where: { model, uid },
    select: columns,
    orderBy: { id: "asc" },
    take: 20,
  });
  return rows.map(toRecord);
}

/** Every row of a model, by id. At most 20000. */
export async function listAuthorizationStates(ctx: TenantContext, model: string): Promise<AuthorizationStateRecord[]> {
  const rows = await tenantDb(ctx).authorizationState.findMany({
    where: { model },
    select: columns,
    orderBy: { id: "asc" },
    take: 20_000,
  });
  return rows.map(toRecord);
}

/** The newest grant that this account gave this client and that still holds; null when there is none. */
export async function findLatestGrant(
  ctx: TenantContext,
  { clientId, accountId, now }: { clientId: string; accountId: string; now: Date },
): Promise<AuthorizationStateRecord | null> {
  const row = await tenantDb(ctx).authorizationState.findFirst({
    where: { model: grantModel, clientId, accountId, expiresAt: { gt: now } },
    orderBy: { expiresAt: "desc" },
    select: columns,
  });
  return row && toRecord(row);
}

/**
 * Marks a code or a refresh token as used.
 *
 * @returns false where it was used before, or is gone: of concurrent callers exactly one gets true
 */
export async function consumeAuthorizationState(
  ctx: TenantContext,
  { model, id }: AuthorizationStateKey,
  at: Date,
): Promise<boolean> {
  const { count } = await tenantDb(ctx).authorizationState.updateMany({
    where: { model, id, consumedAt: null },
    data: { consumedAt: at },
  });
  return count === 1;
}

/** Removes one row. Idempotent. */
export async function deleteAuthorizationState(
  ctx: TenantContext,
  { model, id }: AuthorizationStateKey,
): Promise<void> {
  await tenantDb(ctx).authorizationState.deleteMany({ where: { model, id } });
}

/** Removes what one client has of a model. Idempotent. */
export async function deleteAuthorizationStatesOfClient(
  ctx: TenantContext,
  model: string,
  clientId: string,
): Promise<void> {
  await tenantDb(ctx).authorizationState.deleteMany({ where: { model, clientId } });
}

/**
 * Notes that an access token was issued under a grant, so that ending the grant can end the token too: a
 * signed token carries no link to it.
 *
 * @returns false where the grant has ended meanwhile; the token must not be handed out then
 */
export async function noteIssuedToken(
  ctx: TenantContext,
  token: { tokenId: string; grantId: string; clientId: string; accountId: string; expiresAt: Date },
): Promise<boolean> {
  // The lock makes a concurrent end of the grant wait for this row, and then see it.
  const grants = await tenantDb(ctx).$queryRaw<unknown[]>`
    SELECT 1 FROM authorization_state
    WHERE tenant_id = ${ctx.tenantId}::uuid AND model = ${grantModel} AND id = ${token.grantId}
    FOR SHARE`;
  if (grants.length === 0) return false;
  const { tokenId, ...values } = token;
  await saveAuthorizationState(ctx, { model: issuedToken, id: tokenId, payload: {}, uid: null, ...values });
  return true;
}

/** Ends a grant: its codes and refresh tokens go, its access tokens join the deny list. Idempotent. */
export async function endGrant(ctx: TenantContext, grantId: string): Promise<void> {
  // The grant first: whoever notes a token under it at this moment holds its lock.
  await deleteAuthorizationState(ctx, { model: grantModel, id: grantId });
  await denyIssuedTokens(ctx, { grantId });
  await tenantDb(ctx).authorizationState.deleteMany({ where: { grantId } });
}

/** Removes a client with its secrets and everything that was issued to it. Idempotent. */
export async function deleteClientState(ctx: TenantContext, clientId: string): Promise<void> {
  // The client first: whoever makes a secret for it holds its lock.
  await deleteAuthorizationState(ctx, { model: clientModel, id: clientId });
  await deleteClientSecrets(ctx, clientId);
  await tenantDb(ctx).authorizationState.deleteMany({ where: { model: grantModel, clientId } });
  await denyIssuedTokens(ctx, { clientId });
  await tenantDb(ctx).authorizationState.deleteMany({ where: { clientId } });
}

/**
 * Ends everything that a person was issued in this tenant: sessions, codes, refresh tokens and access
 * tokens. For the moment at which somebody is disabled or leaves the tenant. Idempotent.
 */
export async function endAccountState(ctx: TenantContext, accountId: string): Promise<void> {
  await tenantDb(ctx).authorizationState.deleteMany({ where: { model: grantModel, accountId } });
  await denyIssuedTokens(ctx, { accountId });
  await tenantDb(ctx).authorizationState.deleteMany({ where: { accountId } });
}

/**
 * Removes rows that expired before a moment, of every tenant.
 *
 * @returns how many
 */
export async function deleteExpiredAuthorizationState(ctx: InstallationContext, before: Date): Promise<number> {
  const { count } = await installationDb(ctx).authorizationState.deleteMany({ where: { expiresAt: { lt: before } } });
  return count;
}

async function denyIssuedTokens(
  ctx: TenantContext,
  owner: { grantId: string } | { clientId: string } | { accountId: string },
): Promise<void> {
  const rows = await tenantDb(ctx).authorizationState.findMany({
    where: { model: issuedToken, ...owner },
    select: { id: true, expiresAt: true },
  });
  await revokeOwnTokens(
    ctx,
    rows.flatMap(({ id, expiresAt }) => (expiresAt ? [{ tokenId: id, expiresAt }] : [])),
  );
}

type Row = Omit<AuthorizationStateRecord, "payload"> & { payload: Prisma.JsonValue };

function toRecord(row: Row): AuthorizationStateRecord {
  // Written by saveAuthorizationState only, which takes nothing but objects.
  return { ...row, payload: row.payload as Record<string, unknown> };
}

/** Through JSON text: the library's payloads hold undefined members, which JSON leaves out. */
function toJson(value: unknown): Prisma.InputJsonValue {
  return JSON.parse(JSON.stringify(value)) as Prisma.InputJsonValue;
}
