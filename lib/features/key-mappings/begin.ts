import {
  updateKeyMapping,
  type KeyMappingChange,
  type KeyMappingIntent,
  type ScopeGrant,
} from "#lib/data/key-mappings.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { PersonId } from "#lib/foundation/ids.ts";
import type { QueryContext } from "../verb.ts";
import type { KeyOperation } from "./contract.ts";
import { beginIntent, lookAfterSeconds, requireIdle } from "./lease.ts";
import { reconcileJob, type Work } from "./operation.ts";
import type { KeysSubject } from "./subject.ts";

/**
 * What is about to be tried; a grant says for which scopes, a change of secrets which one or what is wished of it, a
 * change of owner whose the client will be, a new secret whether the old one may live on for a while.
 */
type Beginning = {
  operation: KeyOperation;
  subject: KeysSubject;
  grant?: Pick<ScopeGrant, "chosen" | "granted">;
  secret?: KeyMappingIntent["secret"];
  ownerId?: PersonId;
  keepsOld?: boolean;
};

/**
 * Stores that an operation is about to be tried, and the job that looks after it should this process die.
 *
 * @param change what else changes with the intent
 */
export async function beginOperation(
  ctx: QueryContext,
  { operation, subject, grant, secret, ownerId, keepsOld }: Beginning,
  change: Partial<KeyMappingChange> = {},
): Promise<Work> {
  const intent = beginIntent(ctx.deps.clock, operation, {
    ...(operation === "update" ? { previous: subject.mapping.requested } : {}),
    ...(grant ? { grant } : {}),
    ...(secret ? { secret } : {}),
    ...(ownerId ? { ownerId } : {}),
    ...(keepsOld ? { keepsOld } : {}),
  });
  const mapping = await updateKeyMapping(ctx, subject.mapping.id, { ...change, intent, failure: null });
  await ctx.deps.jobs.enqueue(ctx, reconcileJob(ctx, mapping.id, lookAfterSeconds));
  return { ...subject, mapping, intent, again: false };
}

/**
 * Keys that the portal made itself, in use and at rest.
 *
 * @throws {AppError} `key_mapping.busy`, `key_mapping.not_active`, `key_manager.disabled`
 */
export function requireManaged({ mapping, keyManager }: KeysSubject): void {
  requireIdle(mapping);
  requireActive({ mapping, keyManager });
  if (mapping.mode === "MAPPED") {
    throw new AppError("key_mapping.not_active", {
      message: `This client was made at ${keyManager.displayName} and is changed there, not here.`,
    });
  }
}

/** @throws {AppError} `key_mapping.not_active`, `key_manager.disabled` */
export function requireActive({ mapping, keyManager }: Pick<KeysSubject, "mapping" | "keyManager">): void {
  if (mapping.state !== "ACTIVE") throw new AppError("key_mapping.not_active");
  if (!keyManager.enabled) {
    throw new AppError("key_manager.disabled", { message: `${keyManager.displayName} is disabled.` });
  }
}
