/** Whom clients belong to at key managers that hold an owner: the owners of their applications. */
import { findConnector } from "#connectors/registry.ts";
import type { ClientOwner } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { findApplication } from "#lib/data/applications.ts";
import { findKeyManagerRecords, listAllKeyManagers, type KeyManagerRecord } from "#lib/data/key-managers.ts";
import type { KeyMappingIntent, OwnerChange } from "#lib/data/key-mappings.ts";
import { findPerson } from "#lib/data/people.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import type { AppError } from "#lib/foundation/errors.ts";
import type { PersonId } from "#lib/foundation/ids.ts";
import type { Context, Job } from "../context.ts";
import { retryDelaySeconds } from "../scope-mirrors/plan.ts";
import type { QueryContext } from "../verb.ts";
import type { KeysSubject } from "./subject.ts";
import { plainConnections } from "./token-parameters.ts";

const holdsOwners = ({ connectorId }: Pick<KeyManagerRecord, "connectorId">): boolean =>
  findConnector(connectorId)?.capabilities.includes("changeOwner") ?? false;

/**
 * The tenant's key managers at which clients belong to whoever owns their application. Opens transactions of its own, so
 * never call it inside one.
 */
export async function keyManagersThatFollow(ctx: Context): Promise<KeyManagerRecord[]> {
  const holders = await ctx.deps.database.inTenant(ctx.tenant.id, async (tx) => {
    const all = await listAllKeyManagers(tx);
    return findKeyManagerRecords(
      tx,
      all.filter(holdsOwners).map(({ id }) => id),
    );
  });
  const connections = await plainConnections(ctx, holders);
  return holders.filter(
    ({ id, connectorId }) => findConnector(connectorId)?.ownerFollows?.(connections.get(id) ?? {}) ?? true,
  );
}

/**
 * Who owns an application, as a key manager is told. Opens a transaction of its own, so never call it inside one.
 *
 * @returns undefined where the key manager holds no owners
 */
export async function clientOwnerOf(
  { deps }: Context,
  keyManager: Pick<KeyManagerRecord, "connectorId">,
  ownerId: PersonId,
): Promise<ClientOwner | undefined> {
  if (!holdsOwners(keyManager)) return undefined;
  const person = await deps.database.inInstallation((tx) => findPerson(tx, ownerId));
  return person ? { email: person.email } : undefined;
}

/** The kind of job that tells one key manager who owns an application; its subject is the key mapping. */
export const tellOwnerKind = "key_mapping.tell_owner";

/** A job that tells the key manager of some keys who owns the application. */
export function tellOwnerJob(ctx: Pick<Context, "tenant">, subjectId: string, delaySeconds = 0): Job {
  return { kind: tellOwnerKind, tenantId: ctx.tenant.id, subjectId, delaySeconds };
}

/**
 * What remains to be told once a key manager knows an owner: nothing, or the next one, where the application has changed
 * hands again meanwhile.
 */
export async function settledOwner(
  ctx: QueryContext,
  { mapping }: KeysSubject,
  { ownerId }: KeyMappingIntent,
): Promise<{ ownerChange: OwnerChange | null; ownerName: string | null }> {
  const application = await findApplication(ctx, mapping.applicationId);
  if (!application || application.ownerId === ownerId) {
    return { ownerChange: null, ownerName: application?.ownerName ?? null };
  }
  const dueAt = ctx.deps.clock.now().toISOString();
  return { ownerChange: { dueAt, attempts: 0, problem: null }, ownerName: null };
}

/** What is noted of a refused try, and in how many seconds the next one is due: ever later, up to an hour. */
export function triedAgainLater(
  clock: Clock,
  before: OwnerChange | null,
  refused: AppError,
): { ownerChange: OwnerChange; delaySeconds: number } {
  const attempts = before?.attempts ?? 0;
  const askedFor = isConnectorError(refused.cause) ? refused.cause.retryAfterSeconds : undefined;
  const delaySeconds = retryDelaySeconds(attempts, askedFor);
  const dueAt = new Date(clock.now().getTime() + delaySeconds * 1000).toISOString();
  return { ownerChange: { dueAt, attempts: attempts + 1, problem: refused.message }, delaySeconds };
}
