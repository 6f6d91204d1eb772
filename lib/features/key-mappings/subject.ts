import type { ApplicationRecord } from "#lib/data/applications.ts";
import { findApplication } from "#lib/data/applications.ts";
import { findKeyManager, type KeyManagerRecord } from "#lib/data/key-managers.ts";
import { findKeyMapping, lockKeyMapping, type KeyMappingRecord } from "#lib/data/key-mappings.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { KeyMappingId } from "#lib/foundation/ids.ts";
import type { QueryContext } from "../verb.ts";
import { keyTypeLabels } from "./contract.ts";

/** A key mapping with what it hangs between. */
export type KeysSubject = {
  mapping: KeyMappingRecord;
  application: Pick<ApplicationRecord, "id" | "name" | "ownerId">;
  keyManager: KeyManagerRecord;
};

/**
 * Keys of the caller's own application. Somebody else's read as absent; the installation's own work may
 * act on any.
 *
 * @throws {AppError} `key_mapping.not_found`
 */
export async function requireOwnKeys(ctx: QueryContext, id: string): Promise<KeysSubject> {
  return complete(ctx, await findKeyMapping(ctx, id as KeyMappingId));
}

/**
 * The same, and nobody else changes them until the transaction ends.
 *
 * @throws {AppError} `key_mapping.not_found`
 */
export async function lockOwnKeys(ctx: QueryContext, id: string): Promise<KeysSubject> {
  return complete(ctx, await lockKeyMapping(ctx, id as KeyMappingId));
}

async function complete(ctx: QueryContext, mapping: KeyMappingRecord | null): Promise<KeysSubject> {
  const application = mapping && (await findApplication(ctx, mapping.applicationId));
  const keyManager = mapping && (await findKeyManager(ctx, mapping.keyManagerId));
  const own = application && (ctx.actor.kind === "system" || application.ownerId === ctx.actor.personId);
  if (!mapping || !keyManager || !own) throw new AppError("key_mapping.not_found");
  return { mapping, application, keyManager };
}

/**
 * True where removing the keys means deleting a client at the key manager. One that turned out to be somebody else's
 * is never deleted.
 */
export function standsAtServer({ mode, state, failure }: KeyMappingRecord): boolean {
  const isClaimed = state === "NEEDS_ATTENTION" && failure?.code === "key_mapping.claimed";
  return mode === "PROVISIONED" && state !== "FAILED" && !isClaimed;
}

/** How the audit names some keys. */
export function auditSubject({ mapping, application, keyManager }: KeysSubject) {
  const name = `${application.name} · ${keyManager.displayName} · ${keyTypeLabels[mapping.keyType]}`;
  return { type: "key_mapping", id: mapping.id, name };
}

/** What the audit tells of a client: never a secret. */
export function auditedClient(mapping: KeyMappingRecord) {
  const { grantTypes, redirectUris, settings } = mapping.registered ?? mapping.requested;
  return {
    mode: mapping.mode,
    state: mapping.state,
    consumerKey: mapping.consumerKey ?? mapping.requested.consumerKey ?? null,
    grantTypes,
    redirectUris,
    settings,
  };
}
