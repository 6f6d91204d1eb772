/**
 * oidc-provider's storage over lib/data. What the library hands over is kept such that somebody who reads
 * the database holds no credential: ids that are credentials become digests, and so do client secrets, which are kept
 * apart from their clients.
 */
import { LRUCache } from "lru-cache";
import { errors, type Adapter, type AdapterPayload } from "oidc-provider";
import {
  consumeAuthorizationState,
  deleteAuthorizationState,
  deleteClientState,
  endGrant,
  findAuthorizationState,
  findAuthorizationStatesByUid,
  saveAuthorizationState,
  type AuthorizationStateRecord,
} from "#lib/data/authorization-state.ts";
import { deleteClientSecrets, insertClientSecret } from "#lib/data/client-secrets.ts";
import type { Database, TenantContext } from "#lib/data/database.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import { tokenDigest, type TenantId } from "#lib/foundation/ids.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { keptApart, matchesSecretDigest, secretDigest, toSecretRecord } from "./client-secret.ts";

export type StoreOptions = {
  database: Database;
  clock: Clock;
  tenantId: TenantId;
  /** Told of each client that changes. */
  secrets: { forget(clientId: string): void };
  /** The one initial access token that may register clients (RFC 7591 §3). */
  initialAccessToken: Secret;
};

/** Name of the policy in client-metadata.ts, as registrations refer to it. */
export const registrationPolicy = "registration";

/** Models whose ids are names. Every other id is a credential. */
const namedModels = new Set(["Client", "Grant"]);

/** How long a client may be read from memory; a deletion by another process is seen after that. */
const clientCacheMs = 2_000;

/** The adapter of each model, in the form that oidc-provider's `adapter` setting takes. */
export type Store = (model: string) => Adapter;

/** Makes the store of one tenant. */
export function createStore(options: StoreOptions): Store {
  const clients = new LRUCache<string, AdapterPayload>({ max: 1_000, ttl: clientCacheMs });
  return (model) => {
    if (model === "InitialAccessToken") return initialAccessTokens(options.initialAccessToken);
    const adapter = rows(model, options);
    return model === "Client" ? withCache(adapter, clients, options.secrets) : adapter;
  };
}

function rows(model: string, { database, clock, tenantId }: StoreOptions): Adapter {
  const keyOf = (id: string) => ({ model, id: namedModels.has(model) ? id : tokenDigest(id) });
  const inTenant = <T>(work: Parameters<typeof database.inTenant<T>>[1]) => database.inTenant(tenantId, work);

  return {
    upsert: (id, payload, expiresIn) =>
      inTenant(async (ctx) => {
        await saveAuthorizationState(ctx, {
          ...keyOf(id),
          payload: toStored(payload, id),
          grantId: payload.grantId ?? null,
          clientId: ownerClient(model, id, payload),
          accountId: ownerAccount(payload),
          uid: secondaryId(model, payload),
          expiresAt: expiresIn ? new Date(clock.now().getTime() + expiresIn * 1000) : null,
        });
        if (model === "Client") await settleSecrets(ctx, id, payload["client_secret"], clock.now());
      }),
    async find(id) {
      const record = await inTenant((ctx) => findAuthorizationState(ctx, keyOf(id)));
      return record ? fromStored(record, id) : undefined;
    },
    async findByUid(uid) {
      const [record] = await inTenant((ctx) => findAuthorizationStatesByUid(ctx, model, uid));
      return record && fromStored(record, undefined);
    },
    // Only the device flow has user codes, and it is off.
    findByUserCode: () => Promise.resolve(undefined),
    async consume(id) {
      const consumed = await inTenant(async (ctx) => {
        if (await consumeAuthorizationState(ctx, keyOf(id), clock.now())) return true;
        // Somebody was faster: a code or refresh token is in two hands (RFC 6749 §4.1.2, RFC 9700 §4.14.2).
        const record = await findAuthorizationState(ctx, keyOf(id));
        if (record?.grantId) await endGrant(ctx, record.grantId);
        return false;
      });
      if (!consumed) throw new errors.InvalidGrant("already used");
    },
    async destroy(id) {
      await inTenant((ctx) => {
        if (model === "Client") return deleteClientState(ctx, id);
        if (model === "Grant") return endGrant(ctx, id);
        return deleteAuthorizationState(ctx, keyOf(id));
      });
    },
    revokeByGrantId: (grantId) => inTenant((ctx) => endGrant(ctx, grantId)),
  };
}

/**
 * What a client's metadata mean for its secrets: without one it has none any more, with a new one it has that alone, and
 * those that it has stay where the metadata only say that there are some.
 */
async function settleSecrets(ctx: TenantContext, clientId: string, secret: unknown, now: Date): Promise<void> {
  if (secret === keptApart) return;
  await deleteClientSecrets(ctx, clientId);
  if (typeof secret === "string") await insertClientSecret(ctx, clientId, toSecretRecord(secret, now));
}

/** The derived token is never stored; a row for it is made up when it is shown. */
function initialAccessTokens(token: Secret): Adapter {
  const digest = secretDigest(token.reveal());
  const refuse = () => Promise.reject(new Error("Initial access tokens are derived, not stored."));
  return {
    find: (id) =>
      Promise.resolve(
        matchesSecretDigest(id, digest)
          ? { kind: "InitialAccessToken", jti: id, policies: [registrationPolicy] }
          : undefined,
      ),
    upsert: refuse,
    consume: refuse,
    destroy: refuse,
    findByUid: () => Promise.resolve(undefined),
    findByUserCode: () => Promise.resolve(undefined),
    revokeByGrantId: () => Promise.resolve(undefined),
  };
}

/** A token request reads its client each time: a cache of seconds triples the rate (only rows, no absences). */
function withCache(
  adapter: Adapter,
  cache: LRUCache<string, AdapterPayload>,
  secrets: StoreOptions["secrets"],
): Adapter {
  const forget = (id: string) => {
    cache.delete(id);
    secrets.forget(id);
  };
  return {
    ...adapter,
    async find(id) {
      const cached = cache.get(id);
      if (cached) return { ...cached };
      const found = await adapter.find(id);
      if (found) cache.set(id, found);
      return found && { ...found };
    },
    async upsert(id, payload, expiresIn) {
      await adapter.upsert(id, payload, expiresIn);
      forget(id);
    },
    async destroy(id) {
      await adapter.destroy(id);
      forget(id);
    },
  };
}

function ownerClient(model: string, id: string, payload: AdapterPayload): string | null {
  if (model === "Client") return id;
  const requested = payload.params?.["client_id"];
  return payload.clientId ?? (typeof requested === "string" ? requested : null);
}

function ownerAccount(payload: AdapterPayload): string | null {
  return payload.accountId ?? payload.session?.accountId ?? null;
}

function secondaryId(model: string, payload: AdapterPayload): string | null {
  const id = model === "Client" ? payload["software_id"] : payload.uid;
  return typeof id === "string" ? id : null;
}

/** Takes the id, where it is a credential, and a client's secret out of what is stored. */
function toStored(payload: AdapterPayload, id: string): Record<string, unknown> {
  const { jti: _id, ...stored }: Record<string, unknown> = { ...payload };
  if (stored["client_secret"] !== undefined) stored["client_secret"] = keptApart;
  const { returnTo, session } = payload;
  // An interaction names itself in the address at which it goes on, and the browser's session beside it.
  if (returnTo?.endsWith(id)) stored["returnTo"] = returnTo.slice(0, -id.length);
  if (session) stored["session"] = { ...session, cookie: undefined };
  return stored;
}

function fromStored({ payload, consumedAt }: AuthorizationStateRecord, id: string | undefined): AdapterPayload {
  const restored: AdapterPayload = { ...payload };
  if ("client_secret" in payload) restored["client_secret"] = keptApart;
  if (id !== undefined && !("client_id" in payload)) restored.jti = id;
  if (id !== undefined && typeof restored.returnTo === "string") restored.returnTo += id;
  if (consumedAt) restored["consumed"] = Math.floor(consumedAt.getTime() / 1000);
  return restored;
}
