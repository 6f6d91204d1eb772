import type { KeyMappingIntent, KeyMappingRecord } from "#lib/data/key-mappings.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { newId } from "#lib/foundation/ids.ts";
import type { KeyOperation } from "./contract.ts";

/**
 * How long one try may talk to a key manager before somebody else may take the operation over. Longer
 * than the deadlines of the few calls that an operation makes.
 */
const leaseMs = 40_000;

/** Seconds after which the reconciler looks whether a try has been settled. */
export const lookAfterSeconds = leaseMs / 1_000 + 1;

/** For so long a client that cannot be found may still turn up at a key manager that is slow to index. */
export const graceMs = 30_000;

/** A new operation, held by its first try. */
export function beginIntent(
  clock: Clock,
  operation: KeyOperation,
  more: Pick<KeyMappingIntent, "previous" | "grant" | "secret" | "ownerId"> = {},
): KeyMappingIntent {
  const now = clock.now();
  return {
    operation,
    attemptId: newId(),
    startedAt: now.toISOString(),
    leaseUntil: new Date(now.getTime() + leaseMs).toISOString(),
    ...more,
  };
}

/** The same operation, held by another try. */
export function takeOver(clock: Clock, intent: KeyMappingIntent): KeyMappingIntent {
  const { attemptId, leaseUntil } = beginIntent(clock, intent.operation);
  return { ...intent, attemptId, leaseUntil, triedUntil: intent.leaseUntil };
}

/** The same operation, held by nobody. */
export function release(clock: Clock, intent: KeyMappingIntent): KeyMappingIntent {
  return { ...intent, leaseUntil: clock.now().toISOString() };
}

/** True while a try may still be talking to the key manager. */
export function isHeld(clock: Clock, intent: KeyMappingIntent | null): boolean {
  return intent !== null && new Date(intent.leaseUntil) > clock.now();
}

/** @throws {AppError} `key_mapping.busy` while an operation is not settled */
export function requireIdle({ intent }: KeyMappingRecord): void {
  if (intent) throw new AppError("key_mapping.busy");
}

/** @throws {AppError} `key_mapping.busy` while a try may still be talking to the key manager */
export function requireReleased(clock: Clock, { intent }: KeyMappingRecord): void {
  if (isHeld(clock, intent)) throw new AppError("key_mapping.busy", { retryAfterSeconds: lookAfterSeconds });
}
