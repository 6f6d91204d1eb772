import { z } from "zod";
import type { ApiId, ApplicationId, KeyManagerId, KeyMappingId, PersonId, TenantId } from "../foundation/ids.ts";
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import { Prisma } from "./generated/client.ts";

export type KeyType = "PRODUCTION" | "SANDBOX";
export type KeyMappingMode = "PROVISIONED" | "MAPPED";
export type KeyMappingState = "PENDING" | "ACTIVE" | "FAILED" | "DELETING" | "NEEDS_ATTENTION";

const specShape = z.object({
  name: z.string(),
  grantTypes: z.array(z.string()),
  redirectUris: z.array(z.string()),
  settings: z.record(z.string(), z.unknown()),
});
/** A client as somebody asked for it, or as the key manager holds it. Plain JSON. */
export type StoredClient = z.output<typeof specShape>;

const requestShape = specShape.extend({ consumerKey: z.string().optional() });
/** The same as it was asked for: with the consumer key, where somebody chose one. A chosen secret is sealed elsewhere. */
export type RequestedClient = z.output<typeof requestShape>;

const intentShape = z.object({
  operation: z.enum(["add_secret", "remove_secret", "register", "update", "rotate", "grant", "change_owner", "delete"]),
  /** Names one try: whoever finds another id here has been overtaken and must not store anything. */
  attemptId: z.string(),
  /** When the operation was asked for, and until when its present try may still be talking to the key manager. */
  startedAt: z.iso.datetime(),
  leaseUntil: z.iso.datetime(),
  /** What stood in `requested` before an update that is not settled. */
  previous: requestShape.optional(),
  /** Which secret is to be removed; or what is wished of a further one. */
  secret: z
    .object({ id: z.string().optional(), description: z.string().optional(), expiresAt: z.iso.datetime().optional() })
    .optional(),
  /** That a replaced secret may live for as long as a policy of the server says. */
  keepsOld: z.boolean().optional(),
  /** Until when an earlier try may have talked to the key manager; absent in the first. */
  triedUntil: z.iso.datetime().optional(),
  /** What a grant is about. */
  grant: z.object({ chosen: z.array(z.string()), granted: z.array(z.string()) }).optional(),
  /** Who is to own the client. */
  ownerId: z.string().optional(),
});
/** The unfinished operation of a key mapping. */
export type KeyMappingIntent = z.output<typeof intentShape>;

const failureShape = z.object({
  code: z.string(),
  message: z.string(),
  operation: intentShape.shape.operation,
  at: z.iso.datetime(),
});
/** Why the last operation did not end well, in words for people. */
export type KeyMappingFailure = z.output<typeof failureShape>;

const scopeGrantShape = z.object({
  /** Scopes that somebody chose for the client's own tokens. */
  chosen: z.array(z.string()),
  /** Those of them that the key manager was last told. */
  granted: z.array(z.string()),
  /** When what it may have is to be looked at; null where nothing has changed. */
  dueAt: z.iso.datetime().nullable(),
});
/** The scopes that the tokens of a client may carry, once somebody has chosen. */
export type ScopeGrant = z.output<typeof scopeGrantShape>;

const ownerChangeShape = z.object({
  /** When the key manager is told, or told again. */
  dueAt: z.iso.datetime(),
  /** Tries that were refused. */
  attempts: z.number(),
  /** Why the last one was, in words for people. */
  problem: z.string().nullable(),
});
/** That a key manager is to be told who owns the application of a client. */
export type OwnerChange = z.output<typeof ownerChangeShape>;

const secretsMemoryShape = z.object({
  /** When the key manager was asked; null where its secrets have changed since. */
  readAt: z.iso.datetime().nullable(),
  /** Which of them the stored consumer secret is, where that is known. */
  storedId: z.string().nullable(),
  secrets: z.array(
    z.object({
      id: z.string(),
      hint: z.string().optional(),
      createdAt: z.iso.datetime().optional(),
      expiresAt: z.iso.datetime().optional(),
      isActive: z.boolean(),
      /** What it is for; not every key manager knows it. */
      description: z.string().optional(),
    }),
  ),
});
/** The secrets of a client as its key manager last told them; never a secret itself. */
export type SecretsMemory = z.output<typeof secretsMemoryShape>;

/** A key mapping with its secrets sealed. */
export type KeyMappingRecord = {
  id: KeyMappingId;
  applicationId: ApplicationId;
  keyManagerId: KeyManagerId;
  keyType: KeyType;
  mode: KeyMappingMode;
  state: KeyMappingState;
  consumerKey: string | null;
  /** Of a client that is not made yet: the secret that somebody chose for it. */
  sealedConsumerSecret: string | null;
  registrationClientUri: string | null;
  sealedRegistrationToken: string | null;
  vendorId: string | null;
  requested: RequestedClient;
  registered: StoredClient | null;
  intent: KeyMappingIntent | null;
  failure: KeyMappingFailure | null;
  consumerSecrets: SecretsMemory | null;
  scopeGrant: ScopeGrant | null;
  ownerChange: OwnerChange | null;
  createdById: PersonId;
  createdAt: Date;
  updatedAt: Date;
};

const columns = {
  id: true,
  applicationId: true,
  keyManagerId: true,
  keyType: true,
  mode: true,
  state: true,
  consumerKey: true,
  sealedConsumerSecret: true,
  registrationClientUri: true,
  sealedRegistrationToken: true,
  vendorId: true,
  requested: true,
  registered: true,
  intent: true,
  failure: true,
  consumerSecrets: true,
  scopeGrant: true,
  ownerChange: true,
  createdById: true,
  createdAt: true,
  updatedAt: true,
} as const;

type Row = Prisma.KeyMappingGetPayload<{ select: typeof columns }>;

export async function findKeyMapping(ctx: TenantContext, id: KeyMappingId): Promise<KeyMappingRecord | null> {
  const row = await tenantDb(ctx).keyMapping.findUnique({ where: { id }, select: columns });
  return row && toRecord(row);
}

/** Reads a key mapping and keeps others from changing it until the transaction ends. */
export async function lockKeyMapping(ctx: TenantContext, id: KeyMappingId): Promise<KeyMappingRecord | null> {
  await tenantDb(ctx).$queryRaw`
    SELECT 1 FROM key_mapping WHERE tenant_id = ${ctx.tenantId}::uuid AND id = ${id}::uuid FOR UPDATE`;
  return findKeyMapping(ctx, id);
}

/** An application's key mappings, oldest first: at most one for each key manager and key type. */
export async function listKeyMappings(
  ctx: TenantContext,
  applicationId: ApplicationId,
  keyType?: KeyType,
): Promise<KeyMappingRecord[]> {
  const rows = await tenantDb(ctx).keyMapping.findMany({
    where: { applicationId, ...(keyType ? { keyType } : {}) },
    select: columns,
    orderBy: { id: "asc" },
    take: 1_000,
  });
  return rows.map(toRecord);
}

/** Mapped keys that hold the registration access token of their client (RFC 7592 §3), oldest first. */
export async function listTokenHolders(
  ctx: TenantContext,
  applicationId: ApplicationId,
): Promise<{ keyManagerName: string; keyType: KeyType }[]> {
  const rows = await tenantDb(ctx).keyMapping.findMany({
    where: { applicationId, mode: "MAPPED", sealedRegistrationToken: { not: null } },
    select: { keyType: true, keyManager: { select: { displayName: true } } },
    orderBy: { id: "asc" },
    take: 1_000,
  });
  return rows.map(({ keyType, keyManager }) => ({ keyType, keyManagerName: keyManager.displayName }));
}

/** Whose a client is. */
export type ConsumerKeyHolder = {
  keyManagerId: KeyManagerId;
  consumerKey: string;
  keyType: KeyType;
  application: { id: ApplicationId; name: string };
};

/** The applications of the tenant that hold these consumer keys, at whichever key manager. */
export async function listConsumerKeyHolders(
  ctx: TenantContext,
  consumerKeys: readonly string[],
): Promise<ConsumerKeyHolder[]> {
  if (consumerKeys.length === 0) return [];
  const rows = await tenantDb(ctx).keyMapping.findMany({
    where: { consumerKey: { in: [...consumerKeys] } },
    select: { keyManagerId: true, consumerKey: true, keyType: true, application: { select: { id: true, name: true } } },
    orderBy: { id: "asc" },
  });
  return rows.map(({ keyManagerId, consumerKey, keyType, application: { id, name } }) => ({
    ...{ keyManagerId: keyManagerId as KeyManagerId, consumerKey: consumerKey ?? "", keyType },
    application: { id: id as ApplicationId, name },
  }));
}

export async function findKeyMappingOf(
  ctx: TenantContext,
  place: { applicationId: ApplicationId; keyManagerId: KeyManagerId; keyType: KeyType },
): Promise<KeyMappingRecord | null> {
  const row = await tenantDb(ctx).keyMapping.findUnique({
    where: { tenantId_applicationId_keyManagerId_keyType: { tenantId: ctx.tenantId, ...place } },
    select: columns,
  });
  return row && toRecord(row);
}

export type KeyMappingInsert = Pick<
  KeyMappingRecord,
  "id" | "applicationId" | "keyManagerId" | "keyType" | "mode" | "state" | "requested" | "createdById"
> &
  Partial<KeyMappingChange>;

/** What an operation may change. */
export type KeyMappingChange = Pick<
  KeyMappingRecord,
  | "state"
  | "consumerKey"
  | "sealedConsumerSecret"
  | "registrationClientUri"
  | "sealedRegistrationToken"
  | "vendorId"
  | "requested"
  | "registered"
  | "intent"
  | "failure"
  | "consumerSecrets"
  | "scopeGrant"
  | "ownerChange"
>;

/** @returns false where the application has keys of this type at this key manager already */
export async function insertKeyMapping(ctx: TenantContext, values: KeyMappingInsert): Promise<boolean> {
  const { count } = await tenantDb(ctx).keyMapping.createMany({
    data: [{ tenantId: ctx.tenantId, ...toColumns(values) }],
    skipDuplicates: true,
  });
  return count === 1;
}

export async function updateKeyMapping(
  ctx: TenantContext,
  id: KeyMappingId,
  change: Partial<KeyMappingChange>,
): Promise<KeyMappingRecord> {
  const row = await tenantDb(ctx).keyMapping.update({
    where: { id },
    data: toColumns(change),
    select: columns,
  });
  return toRecord(row);
}

/** Removes a key mapping and, with it, its claim on the OAuth client. */
export async function deleteKeyMapping(ctx: TenantContext, id: KeyMappingId): Promise<void> {
  await tenantDb(ctx).keyMapping.delete({ where: { id }, select: { id: true } });
}

/**
 * Key mappings of every tenant that nobody has touched since a moment although an operation on them is not
 * settled, those that have waited longest first.
 */
export async function listUnresolvedKeyMappings(
  ctx: InstallationContext,
  { before, limit }: { before: Date; limit: number },
): Promise<{ id: KeyMappingId; tenantId: TenantId }[]> {
  const rows = await installationDb(ctx).keyMapping.findMany({
    where: { NOT: { intent: { equals: Prisma.DbNull } }, state: { not: "NEEDS_ATTENTION" }, updatedAt: { lt: before } },
    select: { id: true, tenantId: true },
    orderBy: { updatedAt: "asc" },
    take: limit,
  });
  return rows.map(({ id, tenantId }) => ({ id: id as KeyMappingId, tenantId: tenantId as TenantId }));
}

/** Whose keys are meant: those of an application, at a key manager, or of whoever may call an API. */
export type GrantsOf = { applicationId: ApplicationId } | { keyManagerId: KeyManagerId } | { apiId: ApiId };

/**
 * Notes that the scopes of some keys may have to be narrowed: of those for which somebody has chosen any.
 *
 * @param ctx a tenant's; or the installation's, for APIs to which other tenants are subscribed
 * @returns the keys that were noted
 */
export async function markScopeGrantsDue(
  ctx: TenantContext | InstallationContext,
  of: GrantsOf,
  now: Date,
): Promise<{ id: KeyMappingId; tenantId: TenantId }[]> {
  const db = "tenantId" in ctx ? tenantDb(ctx) : installationDb(ctx);
  const own = "tenantId" in ctx ? Prisma.sql`mapping.tenant_id = ${ctx.tenantId}::uuid` : Prisma.sql`true`;
  return db.$queryRaw<{ id: KeyMappingId; tenantId: TenantId }[]>`
    UPDATE key_mapping AS mapping
       SET scope_grant = jsonb_set(mapping.scope_grant, '{dueAt}', to_jsonb(${now.toISOString()}::text))
     WHERE mapping.scope_grant IS NOT NULL AND ${own} AND ${meant(of)}
    RETURNING mapping.id, mapping.tenant_id AS "tenantId"`;
}

function meant(of: GrantsOf): Prisma.Sql {
  if ("applicationId" in of) return Prisma.sql`mapping.application_id = ${of.applicationId}::uuid`;
  if ("keyManagerId" in of) return Prisma.sql`mapping.key_manager_id = ${of.keyManagerId}::uuid`;
  return Prisma.sql`(
    EXISTS (SELECT 1 FROM subscription AS own
             WHERE own.tenant_id = mapping.tenant_id AND own.application_id = mapping.application_id
               AND own.api_id = ${of.apiId}::uuid)
    OR EXISTS (SELECT 1 FROM cross_tenant_subscription AS other
                WHERE other.subscriber_tenant_id = mapping.tenant_id AND other.application_id = mapping.application_id
                  AND other.api_id = ${of.apiId}::uuid))`;
}

/** Keys of every tenant whose scopes should have been looked at before a moment, and can be. */
export function listDueScopeGrants(ctx: InstallationContext, due: { before: Date; limit: number }): Promise<DueKeys[]> {
  return listDue(ctx, Prisma.sql`mapping.scope_grant ->> 'dueAt'`, due);
}

type DueKeys = { id: KeyMappingId; tenantId: TenantId };

/** @param dueAt an ISO time in the row, under an index */
function listDue(
  ctx: InstallationContext,
  dueAt: Prisma.Sql,
  { before, limit }: { before: Date; limit: number },
): Promise<DueKeys[]> {
  return installationDb(ctx).$queryRaw<DueKeys[]>`
    SELECT mapping.id, mapping.tenant_id AS "tenantId"
      FROM key_mapping AS mapping
      JOIN key_manager ON key_manager.tenant_id = mapping.tenant_id AND key_manager.id = mapping.key_manager_id
     WHERE ${dueAt} < ${before.toISOString()}
       AND mapping.state = 'ACTIVE' AND mapping.intent IS NULL AND key_manager.enabled
     ORDER BY ${dueAt}
     LIMIT ${limit}`;
}

/**
 * Notes that some key managers are to be told who owns an application: of each client there that the portal made.
 *
 * @returns the keys that were noted
 */
export async function markOwnerChangesDue(
  ctx: TenantContext,
  { applicationId, keyManagerIds }: { applicationId: ApplicationId; keyManagerIds: readonly KeyManagerId[] },
  now: Date,
): Promise<KeyMappingId[]> {
  const change: OwnerChange = { dueAt: now.toISOString(), attempts: 0, problem: null };
  const rows = await tenantDb(ctx).keyMapping.updateManyAndReturn({
    // Where a registration was refused, nothing stands, and the next one names the owner of its time.
    where: {
      applicationId,
      keyManagerId: { in: [...keyManagerIds] },
      mode: "PROVISIONED",
      state: { not: "FAILED" },
    },
    data: { ownerChange: change },
    select: { id: true },
  });
  return rows.map(({ id }) => id as KeyMappingId);
}

/** Keys of every tenant whose key manager should have been told an owner before a moment, and can be. */
export function listDueOwnerChanges(
  ctx: InstallationContext,
  due: { before: Date; limit: number },
): Promise<DueKeys[]> {
  return listDue(ctx, Prisma.sql`mapping.owner_change ->> 'dueAt'`, due);
}

/** How often somebody failed to prove that an OAuth client is theirs, since a moment. */
export function countRefusedMappings(
  ctx: TenantContext,
  { actorId, action, since }: { actorId: PersonId; action: string; since: Date },
): Promise<number> {
  return tenantDb(ctx).auditEvent.count({
    where: { action, at: { gte: since }, actorId, after: { path: ["outcome"], equals: "refused" } },
  });
}

function toRecord(row: Row): KeyMappingRecord {
  return {
    ...row,
    id: row.id as KeyMappingId,
    applicationId: row.applicationId as ApplicationId,
    keyManagerId: row.keyManagerId as KeyManagerId,
    createdById: row.createdById as PersonId,
    requested: requestShape.parse(row.requested),
    registered: specShape.nullable().parse(row.registered),
    intent: intentShape.nullable().parse(row.intent),
    failure: failureShape.nullable().parse(row.failure),
    consumerSecrets: secretsMemoryShape.nullable().parse(row.consumerSecrets),
    scopeGrant: scopeGrantShape.nullable().parse(row.scopeGrant),
    ownerChange: ownerChangeShape.nullable().parse(row.ownerChange),
  };
}

const nullableJsonColumns = [
  "registered",
  "intent",
  "failure",
  "scopeGrant",
  "consumerSecrets",
  "ownerChange",
] as const;

type WithJson<Values> = {
  [Column in keyof Values]: Column extends "requested"
    ? Prisma.InputJsonValue
    : Column extends (typeof nullableJsonColumns)[number]
      ? Prisma.InputJsonValue | typeof Prisma.DbNull
      : Values[Column];
};

/** A JSON column takes SQL's null through a word of Prisma's own; the rest is JSON by construction. */
function toColumns<Values extends Partial<KeyMappingChange>>(values: Values): WithJson<Values> {
  const written: Record<string, unknown> = { ...values };
  for (const column of nullableJsonColumns) {
    if (written[column] === null) written[column] = Prisma.DbNull;
  }
  return written as WithJson<Values>;
}
