/**
 * The secrets of a client: up to `maximumSecrets` side by side, each with an end of its own or none. Each that has not
 * ended authenticates the client, at every endpoint alike.
 *
 * Routes beside the standards, each with the client's registration access token (RFC 7592 §1.3):
 * - `GET {registration_client_uri}/secrets`: `{ secrets: [{ id, hint, description, created_at, expires_at }] }`, oldest
 *   first; times in seconds since the epoch, `expires_at` 0 where there is no end (RFC 7591 §3.2.1).
 * - `POST {registration_client_uri}/secrets` with `{ description, expires_at }`, both optional: a further secret. Answers
 *   like a registration, with the facts of the new secret in `secret`; 409 where there are `maximumSecrets` already.
 * - `DELETE {registration_client_uri}/secrets/{id}`: ends one, in this process at once, in others within `secretsCacheMs`;
 *   409 for the last one that works.
 * - `POST {registration_client_uri}/secret`: a new secret in place of all that there were; answers like the above.
 */
import { LRUCache } from "lru-cache";
import { lockAuthorizationState } from "#lib/data/authorization-state.ts";
import {
  deleteClientSecrets,
  insertClientSecret,
  listClientSecrets,
  type ClientSecretRecord,
} from "#lib/data/client-secrets.ts";
import type { Database, TenantContext } from "#lib/data/database.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import { randomToken, type TenantId } from "#lib/foundation/ids.ts";
import { matchesSecretDigest, toSecretRecord, type SecretWish } from "./client-secret.ts";
import { remember, type Remembered } from "./remember.ts";

/** How many secrets a client may have, those counted that have ended but were not removed. */
export const maximumSecrets = 5;

/**
 * How long secrets may be read from memory: a token request that asks the database takes twice as long. Only what lets
 * somebody in is believed from there, so a secret that another process made works at once.
 */
const secretsCacheMs = 2_000;

/** A secret that was just made: the only time that it is seen. */
export type MadeSecret = { secret: string; record: ClientSecretRecord };

/** Why a change was not made: there is no such client with secrets, or it would have too many or none that works. */
export type SecretRefusal = { refused: "no_client" | "too_many" | "last_one" };

export type ClientSecrets = {
  /** Whether this secret authenticates the client now. */
  accepts(clientId: string, given: string): Promise<boolean>;
  /** Whether this is one of the client's secrets, ended or not. */
  holds(clientId: string, given: string): Promise<boolean>;
  /** Oldest first. */
  list(clientId: string): Promise<ClientSecretRecord[]>;
  /** Makes a further secret. */
  add(clientId: string, wish: SecretWish): Promise<MadeSecret | SecretRefusal>;
  /** Ends one secret. Idempotent. */
  remove(clientId: string, secretId: string): Promise<SecretRefusal | null>;
  /** Makes a secret in place of all that there are. */
  replace(clientId: string): Promise<MadeSecret | SecretRefusal>;
  /** Drops what is in memory of a client whose row has changed or is gone. */
  forget(clientId: string): void;
};

export type ClientSecretsOptions = { database: Database; clock: Clock; tenantId: TenantId };

/** Secrets of the clients of one tenant's server. */
export function createClientSecrets({ database, clock, tenantId }: ClientSecretsOptions): ClientSecrets {
  const inTenant = <T>(work: (tx: TenantContext) => Promise<T>) => database.inTenant(tenantId, work);
  const list = (clientId: string) => inTenant((tx) => listClientSecrets(tx, clientId));
  const remembered = new LRUCache<string, Remembered<ClientSecretRecord[]>>({ max: 1_000 });
  const works = ({ expiresAt }: ClientSecretRecord) => expiresAt === null || expiresAt > clock.now();

  function recent(clientId: string): Promise<ClientSecretRecord[]> {
    const known = remembered.get(clientId) ?? remember(secretsCacheMs, clock, () => list(clientId));
    remembered.set(clientId, known);
    return known.read();
  }

  /** Works on the secrets of a client while nobody else does. */
  async function onLocked<T>(
    clientId: string,
    work: (tx: TenantContext) => Promise<T | SecretRefusal>,
  ): Promise<T | SecretRefusal> {
    const result = await inTenant(async (tx) => {
      const client = await lockAuthorizationState(tx, { model: "Client", id: clientId });
      return client && "client_secret" in client.payload ? work(tx) : ({ refused: "no_client" } as const);
    });
    remembered.delete(clientId);
    return result;
  }

  async function make(tx: TenantContext, clientId: string, wish: SecretWish): Promise<MadeSecret> {
    const secret = randomToken();
    const record = toSecretRecord(secret, clock.now(), wish);
    await insertClientSecret(tx, clientId, record);
    return { secret, record };
  }

  return {
    list,
    accepts: async (clientId, given) =>
      matching(await recent(clientId), given).some(works) || matching(await list(clientId), given).some(works),
    holds: async (clientId, given) => matching(await list(clientId), given).length > 0,

    add: (clientId, wish) =>
      onLocked(clientId, async (tx) => {
        const { length } = await listClientSecrets(tx, clientId);
        return length < maximumSecrets ? make(tx, clientId, wish) : { refused: "too_many" };
      }),

    remove: (clientId, secretId) =>
      onLocked(clientId, async (tx) => {
        const kept = await listClientSecrets(tx, clientId);
        const working = kept.filter(works);
        if (working.length === 1 && working[0]?.id === secretId) return { refused: "last_one" };
        if (kept.some(({ id }) => id === secretId)) await deleteClientSecrets(tx, clientId, secretId);
        return null;
      }),

    replace: (clientId) =>
      onLocked(clientId, async (tx) => {
        await deleteClientSecrets(tx, clientId);
        return make(tx, clientId, {});
      }),

    forget: (clientId) => void remembered.delete(clientId),
  };
}

/** The secrets that this one is. All are looked at, so that the time it takes does not tell which one fits. */
function matching(secrets: readonly ClientSecretRecord[], given: string): ClientSecretRecord[] {
  return secrets.filter(({ digest }) => matchesSecretDigest(given, digest));
}
