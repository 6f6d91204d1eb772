/** The signing keys of a tenant for one purpose: made on first use, rotated with overlap, sealed at rest. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";
import type { Database, TenantContext } from "#lib/data/database.ts";
import {
  insertSigningKey,
  listPublishedSigningKeys,
  lockSigningKeys,
  retireSigningKey,
  type SigningKeyOwner,
  type SigningKeyRecord,
} from "#lib/data/signing-keys.ts";
import type { Vault } from "#lib/data/vault.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import { newId, type TenantId } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { lifetimes } from "./client-metadata.ts";

/** Access tokens are signed with the first; RS256 is what every OpenID client understands (Core §15.1). */
export const signingAlgorithms = ["ES256", "RS256"] as const;
export const accessTokenAlgorithm = "ES256";

/**
 * A new key is published this long before it signs, so that nobody meets a token whose key their copy of
 * the key set does not hold yet. Longer than the key set may be cached, and than other processes take to notice.
 */
export const publishAheadSeconds = 90;

/** How long a key stays published after its last signature: the longest life of a token, and a margin. */
const overlapSeconds =
  Math.max(
    lifetimes.application_token_ttl.maximum,
    lifetimes.access_token_ttl.maximum,
    lifetimes.id_token_ttl.maximum,
  ) + 300;

export type SigningOptions = { database: Database; vault: Vault; clock: Clock };

export type KeySet = {
  /** Private keys in oidc-provider's order: for each algorithm the key that signs now comes first. */
  signing: JWK[];
  /** Public keys, as published (RFC 7517 §5). */
  published: JWK[];
  /** Names the keys and which of them sign; two equal sets have the same. */
  version: string;
};

/** The tenant's keys as they stand now; makes them where there are none yet. */
export async function openKeySet(options: SigningOptions, owner: SigningKeyOwner): Promise<KeySet> {
  return toKeySet(options, owner.tenantId, await ensureSigningKeys(options, owner));
}

/** The tenant's published keys, oldest first, private parts sealed; makes them where there are none yet. */
export async function ensureSigningKeys(
  options: SigningOptions,
  { tenantId, purpose }: SigningKeyOwner,
): Promise<SigningKeyRecord[]> {
  const now = options.clock.now();
  const standing = await options.database.inTenant(tenantId, (ctx) => listPublishedSigningKeys(ctx, purpose, now));
  if (hasEveryAlgorithm(standing)) return standing;

  const candidates = await Promise.all(signingAlgorithms.map((algorithm) => generate(algorithm)));
  return options.database.inTenant(tenantId, async (ctx) => {
    await lockSigningKeys(ctx);
    const present = await listPublishedSigningKeys(ctx, purpose, now);
    for (const candidate of candidates) {
      if (present.some((key) => key.algorithm === candidate.algorithm)) continue;
      await store(options, ctx, { ...candidate, purpose });
    }
    return listPublishedSigningKeys(ctx, purpose, now);
  });
}

/**
 * Gives the tenant new keys for a purpose. They are published at once and sign after `publishAheadSeconds`; the ones
 * before them stay published until no token they signed can still be valid.
 */
export async function rotateKeySet(options: SigningOptions, { tenantId, purpose }: SigningKeyOwner): Promise<void> {
  const now = options.clock.now();
  const fresh = await Promise.all(signingAlgorithms.map((algorithm) => generate(algorithm)));
  const retiredAt = new Date(now.getTime() + publishAheadSeconds * 1000);
  const expiresAt = new Date(retiredAt.getTime() + overlapSeconds * 1000);
  await options.database.inTenant(tenantId, async (ctx) => {
    await lockSigningKeys(ctx);
    const inUse = (await listPublishedSigningKeys(ctx, purpose, now)).filter((key) => key.retiredAt === null);
    for (const { id } of inUse) await retireSigningKey(ctx, { id, retiredAt, expiresAt });
    for (const key of fresh) await store(options, ctx, { ...key, purpose });
  });
}

function hasEveryAlgorithm(keys: readonly SigningKeyRecord[]): boolean {
  return signingAlgorithms.every((algorithm) => keys.some((key) => key.algorithm === algorithm));
}

type GeneratedKey = { algorithm: string; keyId: string; publicJwk: JWK; privateJwk: JWK };

async function generate(algorithm: (typeof signingAlgorithms)[number]): Promise<GeneratedKey> {
  const pair = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 });
  const [publicJwk, privateJwk] = await Promise.all([exportJWK(pair.publicKey), exportJWK(pair.privateKey)]);
  const keyId = await calculateJwkThumbprint(publicJwk);
  const common = { kid: keyId, alg: algorithm, use: "sig" };
  return { algorithm, keyId, publicJwk: { ...publicJwk, ...common }, privateJwk: { ...privateJwk, ...common } };
}

async function store(
  { vault, clock }: SigningOptions,
  ctx: TenantContext,
  key: GeneratedKey & Pick<SigningKeyOwner, "purpose">,
): Promise<void> {
  const id = newId();
  await insertSigningKey(ctx, {
    id,
    purpose: key.purpose,
    keyId: key.keyId,
    algorithm: key.algorithm,
    publicJwk: { ...key.publicJwk },
    sealedPrivateJwk: vault.seal(place(ctx.tenantId, id), new Secret(JSON.stringify(key.privateJwk))),
    createdAt: clock.now(),
  });
}

function place(tenantId: TenantId, recordId: string) {
  return { tenantId, table: "signing_key", recordId, field: "private_jwk" };
}

/**
 * Opens a private key.
 *
 * @throws {Error} where it was sealed for another place or under a vault key that is not configured
 */
export function openPrivateKey(
  vault: Vault,
  tenantId: TenantId,
  { id, sealedPrivateJwk }: Pick<SigningKeyRecord, "id" | "sealedPrivateJwk">,
): JWK {
  return JSON.parse(vault.open(place(tenantId, id), sealedPrivateJwk).reveal()) as JWK;
}

/** Whether a key still signs. Of several, the oldest does: one that was just added waits until those before it retire. */
export function stillSigns({ retiredAt }: Pick<SigningKeyRecord, "retiredAt">, now: Date): boolean {
  return retiredAt === null || retiredAt > now;
}

function toKeySet({ vault, clock }: SigningOptions, tenantId: TenantId, keys: readonly SigningKeyRecord[]): KeySet {
  const now = clock.now();
  const ordered = [...keys.filter((key) => stillSigns(key, now)), ...keys.filter((key) => !stillSigns(key, now))];
  return {
    signing: ordered.map((key) => openPrivateKey(vault, tenantId, key)),
    published: ordered.map((key) => key.publicJwk as JWK),
    version: ordered.map((key) => `${key.keyId}${stillSigns(key, now) ? "+" : "-"}`).join(","),
  };
}
