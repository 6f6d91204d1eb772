import type { ClientRef, RegisteredClient } from "#lib/connector-kit/contract.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { PersonId } from "#lib/foundation/ids.ts";
import type { MutationContext } from "../verb.ts";
import { keyTypeLabels, type ExistingClientForm, type KeyType } from "./contract.ts";
import { outsideLimits, type UsableKeyManager } from "./rules.ts";

/** What somebody asked for who maps an existing client. */
export type Mapping = {
  place: { applicationId: string; applicationName: string; keyType: KeyType };
  keyManager: UsableKeyManager;
  ref: ClientRef;
  createdById: PersonId;
};

/**
 * Says that a key manager did not accept what was typed, at the field it was typed into.
 *
 * @param cause what the key manager answered
 * @returns `key_mapping.unproven`
 */
export function unproven(path: keyof ExistingClientForm, message: string, cause?: unknown): AppError {
  return new AppError("key_mapping.unproven", { message, fields: [{ path, message }], cause });
}

/** Says that somebody holds the client already, never who. @returns `key_mapping.claimed` */
export function claimed(): AppError {
  const message = "This consumer key is mapped already. Remove it there first, or use another client.";
  return new AppError("key_mapping.claimed", { message, fields: [{ path: "consumerKey", message }] });
}

/**
 * Says that a client is not what an administrator lets developers have.
 *
 * @returns `input.invalid` with what is outside the limits; undefined where nothing is
 */
export function beyondLimits(keyManager: UsableKeyManager, { state }: RegisteredClient): AppError | undefined {
  const problems = outsideLimits(keyManager, state);
  if (problems.length === 0) return undefined;
  const words = [...new Set(problems.map(({ message }) => message))].join(" ");
  const message = `This client is outside the limits of ${keyManager.record.displayName}. ${words}`;
  return new AppError("input.invalid", { message, fields: [{ path: "consumerKey", message }] });
}

/** Notes in the audit who tried what, because a failed proof may be an attack. */
export function auditRefusal(ctx: MutationContext, { place, keyManager, ref }: Mapping, refused: AppError): void {
  ctx.audit({
    subject: { type: "application", id: place.applicationId, name: place.applicationName },
    after: {
      outcome: "refused",
      problem: refused.code,
      keyManager: keyManager.record.displayName,
      keyType: keyTypeLabels[place.keyType],
      consumerKey: ref.consumerKey,
    },
  });
}
