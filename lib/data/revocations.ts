/** Access tokens that were revoked before they expired: one by one, or all of a client or a person. */
import { longExpired, toleratedAfterExpirySeconds } from "../foundation/clock.ts";
import type { RevocationId, TenantId } from "../foundation/ids.ts";
import { Prisma } from "./generated/client.ts";
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import { toPage, type Page, type Position } from "./paging.ts";
import { containing } from "./search.ts";

export type RevocationKind = "TOKEN_ID" | "TOKEN_DIGEST" | "CONSUMER_KEY" | "SUBJECT";

/** Stands for the tenant's own authorization server where a key manager is asked for. */
export const ownServer = "";

export type RevocationRecord = {
  /** The id of the key manager that issued the tokens, or `ownServer`. */
  keyManager: string;
  kind: RevocationKind;
  value: string;
  /** Tokens issued before this moment are revoked; null where one token is named. */
  issuedBefore: Date | null;
  /** When every token concerned has expired by itself. */
  expiresAt: Date;
};

/** One of an installation's revocations. */
export type TenantRevocation = RevocationRecord & { tenantId: TenantId };

/** A revocation as people look at it. */
export type ListedRevocation = RevocationRecord & {
  id: RevocationId;
  /** Who asked for it; null where the tenant's own server did by itself. */
  revokedBy: string | null;
  revokedAt: Date;
};

/**
 * Adds to what is revoked. Of two revocations of the same tokens the later moments count, so it may be repeated and
 * never lets anything in again.
 *
 * @param revokedBy who asked for it, in words for people; null where the tenant's own server does by itself
 */
export function insertRevocations(
  ctx: TenantContext,
  revocations: readonly RevocationRecord[],
  revokedBy: string | null = null,
): Promise<void> {
  const rows = revocations.map((row) => ({ ...row, tenantId: ctx.tenantId }));
  return insertRows(tenantDb(ctx), rows, revokedBy);
}

/** The same for several tenants at once. */
export function insertRevocationsOfTenants(
  ctx: InstallationContext,
  revocations: readonly TenantRevocation[],
  revokedBy: string,
): Promise<void> {
  return insertRows(installationDb(ctx), revocations, revokedBy);
}

/** What is revoked at any key manager that means it. */
export type Revoked = Omit<RevocationRecord, "keyManager">;

/**
 * Adds the same to what is revoked at each of several key managers. As often as it is repeated: what is in force
 * already is left as it is, which costs little.
 *
 * @param at the key managers, by their names in the record, each once
 */
export async function insertRevocationsAt(
  ctx: InstallationContext,
  at: readonly Pick<TenantRevocation, "tenantId" | "keyManager">[],
  { revoked, revokedBy }: { revoked: readonly Revoked[]; revokedBy: string },
): Promise<void> {
  const unique = new Map(revoked.map((one) => [`${one.kind} ${one.value}`, one]));
  // As two texts: written out one by one, a thousand tenants' rows are mostly work for this process.
  await installationDb(ctx).$executeRaw`
    INSERT INTO revocation (tenant_id, key_manager, kind, value, issued_before, expires_at, revoked_by)
    SELECT place."tenantId", place."keyManager", one.kind, one.value, one."issuedBefore", one."expiresAt", ${revokedBy}
      FROM jsonb_to_recordset(${JSON.stringify(at)}::jsonb) AS place("tenantId" uuid, "keyManager" text),
           jsonb_to_recordset(${JSON.stringify([...unique.values()])}::jsonb)
             AS one(kind "RevocationKind", value text, "issuedBefore" timestamptz, "expiresAt" timestamptz)
    ${laterCounts}`;
}

/** A statement takes 65,535 values. */
const rowsInOneStatement = 2_000;

async function insertRows(
  db: Prisma.TransactionClient,
  revocations: readonly TenantRevocation[],
  revokedBy: string | null,
): Promise<void> {
  // Equal ones in one statement would meet each other.
  const unique = new Map(revocations.map((row) => [`${row.tenantId} ${row.keyManager} ${row.kind} ${row.value}`, row]));
  const rows = [...unique.values()];
  for (let at = 0; at < rows.length; at += rowsInOneStatement) {
    await insertUnique(db, rows.slice(at, at + rowsInOneStatement), revokedBy);
  }
}

async function insertUnique(
  db: Prisma.TransactionClient,
  revocations: readonly TenantRevocation[],
  revokedBy: string | null,
): Promise<void> {
  const values = revocations.map(
    ({ tenantId, keyManager, kind, value, issuedBefore, expiresAt }) =>
      Prisma.sql`(${tenantId}::uuid, ${keyManager}, ${kind}::"RevocationKind", ${value}, ${issuedBefore}, ${expiresAt}, ${revokedBy})`,
  );
  await db.$executeRaw`
    INSERT INTO revocation (tenant_id, key_manager, kind, value, issued_before, expires_at, revoked_by)
    VALUES ${Prisma.join(values)}
    ${laterCounts}`;
}

/** Of two revocations of the same tokens the later moments count; one that is in force already is no change. */
const laterCounts = Prisma.sql`
    ON CONFLICT (tenant_id, key_manager, kind, value) DO UPDATE
       SET issued_before = greatest(revocation.issued_before, excluded.issued_before),
           expires_at = greatest(revocation.expires_at, excluded.expires_at),
           revoked_by = excluded.revoked_by,
           revoked_at = now()
     WHERE revocation.issued_before < excluded.issued_before OR revocation.expires_at < excluded.expires_at`;

/**
 * A page of what is revoked in the tenant, newest first, without what has expired by then.
 *
 * @param search a part of the value, or of the name of who asked for it
 */
export async function listRevocations(
  ctx: TenantContext,
  { search, now, after, limit }: { search?: string | undefined; now: Date; after: Position | null; limit: number },
): Promise<Page<ListedRevocation>> {
  const rows = await tenantDb(ctx).revocation.findMany({
    where: {
      expiresAt: { gt: now },
      AND: [
        after
          ? {
              revokedAt: { lte: after.at },
              OR: [{ revokedAt: { lt: after.at } }, { revokedAt: after.at, id: { lt: after.id } }],
            }
          : {},
        search ? { OR: [{ value: containing(search) }, { revokedBy: containing(search) }] } : {},
      ],
    },
    orderBy: [{ revokedAt: "desc" }, { id: "desc" }],
    take: limit + 1,
  });
  return toPage(
    rows.map((row) => ({ ...row, createdAt: row.revokedAt })),
    limit,
    toListed,
  );
}

/** Those of the tenant's revocations that have these ids; what has been swept is left out. */
export async function findRevocations(
  ctx: InstallationContext,
  tenantId: TenantId,
  ids: readonly string[],
): Promise<ListedRevocation[]> {
  if (ids.length === 0) return [];
  const rows = await installationDb(ctx).revocation.findMany({ where: { tenantId, id: { in: [...ids] } } });
  return rows.map(toListed);
}

function toListed(row: Prisma.RevocationGetPayload<object>): ListedRevocation {
  const { id, keyManager, kind, value, issuedBefore, expiresAt, revokedBy, revokedAt } = row;
  return { id: id as RevocationId, keyManager, kind, value, issuedBefore, expiresAt, revokedBy, revokedAt };
}

export type RevocationQuery = {
  tenantId: TenantId;
  /** Where the page before ended, or a moment with the nil UUID for what was revoked later than that. */
  after: Position;
  /** What has long expired by then, and by the clock of the database, is left out. */
  now: Date;
  limit: number;
};

/** One page of them. */
export type RevocationPage = {
  revocations: TenantRevocation[];
  /** Null where nothing follows. */
  next: Position | null;
};

/** Reads what is revoked in a tenant page by page, as it was revoked: what is revoked meanwhile comes last. */
export async function readRevocations(
  ctx: InstallationContext,
  { tenantId, after, now, limit }: RevocationQuery,
): Promise<RevocationPage> {
  const db = installationDb(ctx);
  // It takes the policy on rows to leave few, and would read and sort all of them for each page.
  await db.$executeRaw`SET LOCAL enable_sort = off`;
  const rows = await db.$queryRaw<(TenantRevocation & { id: string; revokedAt: Date })[]>`
    SELECT tenant_id::text AS "tenantId", key_manager AS "keyManager", kind::text AS kind, value,
           issued_before AS "issuedBefore", expires_at AS "expiresAt", id::text AS id, revoked_at AS "revokedAt"
      FROM revocation
     WHERE tenant_id = ${tenantId}::uuid AND (revoked_at, id) > (${after.at}, ${after.id}::uuid)
       AND expires_at > least(${now}, CURRENT_TIMESTAMP) - make_interval(secs => ${toleratedAfterExpirySeconds})
     ORDER BY revocation.revoked_at, revocation.id
     LIMIT ${limit}`;
  const last = rows.length < limit ? undefined : rows.at(-1);
  return {
    revocations: rows.map(({ id: _id, revokedAt: _revokedAt, ...revocation }) => revocation),
    next: last ? { at: last.revokedAt, id: last.id } : null,
  };
}

/** What is read of a revocation for gateways. */
const selected = {
  ...{ tenantId: true, keyManager: true, kind: true, value: true },
  ...{ issuedBefore: true, expiresAt: true },
} as const;

/** The time by the clock of the database, by which revocations are dated. */
export async function readRevocationTime(ctx: InstallationContext): Promise<Date> {
  const [row] = await installationDb(ctx).$queryRaw<{ now: Date }[]>`SELECT CURRENT_TIMESTAMP::timestamptz(3) AS now`;
  if (!row) throw new Error("The database does not tell the time.");
  return row.now;
}

/**
 * Revocations of these tenants that were written since a time.
 *
 * @returns null where there are more than `limit`: they are to be read page by page
 */
export async function readRevocationsSince(
  ctx: InstallationContext,
  { tenantIds, since, limit }: { tenantIds: readonly TenantId[]; since: Date; limit: number },
): Promise<TenantRevocation[] | null> {
  const rows = await installationDb(ctx).revocation.findMany({
    where: { tenantId: { in: [...tenantIds] }, revokedAt: { gt: since } },
    select: selected,
    take: limit + 1,
  });
  if (rows.length > limit) return null;
  return rows.map((row) => ({ ...row, tenantId: row.tenantId as TenantId }));
}

/** Revokes tokens of the tenant's own server, each alone. Idempotent. */
export function revokeOwnTokens(
  ctx: TenantContext,
  tokens: readonly { tokenId: string; expiresAt: Date }[],
): Promise<void> {
  return insertRevocations(
    ctx,
    tokens.map(({ tokenId, expiresAt }) => ({
      keyManager: ownServer,
      kind: "TOKEN_ID",
      value: tokenId,
      issuedBefore: null,
      expiresAt,
    })),
  );
}

/** What is known of a token of the tenant's own server. */
export type OwnToken = { tokenId: string; consumerKey: string; subject: string; issuedAt: Date };

/** True where the token of the tenant's own server was revoked, alone or with all of its client or its subject. */
export function isOwnTokenRevoked(ctx: TenantContext, token: OwnToken): Promise<boolean> {
  return isTokenRevoked(ctx, ownServer, { ...token, digest: null });
}

/** What is known of a token of any key manager; null for what it does not say. */
export type KnownToken = {
  tokenId: string | null;
  /** SHA-256 of the whole token, base64url. */
  digest: string | null;
  consumerKey: string | null;
  subject: string | null;
  /** Without it, the token counts as issued before anything. */
  issuedAt: Date | null;
};

/** True where a token of a key manager was revoked, alone or with all of its client or its subject. */
export async function isTokenRevoked(ctx: TenantContext, keyManager: string, token: KnownToken): Promise<boolean> {
  return (await findRevocationOf(ctx, keyManager, token)) !== null;
}

const fewestFirst: readonly RevocationKind[] = ["TOKEN_ID", "TOKEN_DIGEST", "CONSUMER_KEY", "SUBJECT"];

/**
 * As what a token of a key manager was revoked: alone, or with all of its client or its subject. Of several the one counts
 * that reaches the fewest tokens.
 */
export async function findRevocationOf(
  ctx: TenantContext,
  keyManager: string,
  { tokenId, digest, consumerKey, subject, issuedAt }: KnownToken,
): Promise<RevocationKind | null> {
  const where = { tenantId: ctx.tenantId, keyManager };
  const one = (kind: RevocationKind, value: string | null) => (value === null ? [] : [{ ...where, kind, value }]);
  const later = issuedAt === null ? {} : { issuedBefore: { gt: issuedAt } };
  const all = (kind: RevocationKind, value: string | null) => one(kind, value).map((named) => ({ ...named, ...later }));
  // Four at most. To sort them, the database might walk an index through everything that is revoked at the key manager.
  const rows = await tenantDb(ctx).revocation.findMany({
    where: {
      OR: [
        ...one("TOKEN_ID", tokenId),
        ...one("TOKEN_DIGEST", digest),
        ...all("CONSUMER_KEY", consumerKey),
        ...all("SUBJECT", subject),
      ],
    },
    select: { kind: true },
  });
  return fewestFirst.find((kind) => rows.some((row) => row.kind === kind)) ?? null;
}

/**
 * Removes what has long expired anyway, of every tenant.
 *
 * @returns how many
 */
export async function deleteExpiredRevocations(ctx: InstallationContext, now: Date): Promise<number> {
  const { count } = await installationDb(ctx).revocation.deleteMany({ where: { expiresAt: { lt: longExpired(now) } } });
  return count;
}
