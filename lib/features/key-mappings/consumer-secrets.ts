/** Several consumer secrets of one client, at key managers that keep several. */
import { findConnector } from "#connectors/registry.ts";
import type { ConsumerSecretFacts, ConsumerSecretTraits } from "#lib/connector-kit/contract.ts";
import { lockKeyMapping, updateKeyMapping } from "#lib/data/key-mappings.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { toAppError } from "../key-managers/connector-errors.ts";
import { openKeyManager } from "../key-managers/open.ts";
import { unsupported } from "../key-managers/unsupported.ts";
import { defineProvisioning, type QueryContext, type Settled } from "../verb.ts";
import { beginOperation, requireManaged } from "./begin.ts";
import { AddSecretInput, KeysRef, RemoveSecretInput, type KeysOutcome, type KeysView } from "./contract.ts";
import { toSettled, withoutSecret } from "./generate.ts";
import { performOperation, settleOperation, type Work } from "./operation.ts";
import { remember } from "./secret-changes.ts";
import { additionProblem, removalProblem } from "./secret-rules.ts";
import { toClientRef } from "./secrets.ts";
import { lockOwnKeys, type KeysSubject } from "./subject.ts";
import { toKeysView } from "./views.ts";

const dayMs = 86_400_000;

/**
 * Asks the key manager which secrets the client has, and remembers its answer with the time. No secret is in it.
 *
 * @throws {AppError} `key_mapping.not_found`, `key_mapping.busy`, `key_mapping.not_active`, `key_manager.*`
 */
export const readSecrets = defineProvisioning({
  action: "key_mapping.read_secrets",
  permission: "key_mapping:write",
  input: KeysRef,
  intend: (ctx, { id }) => requireSeveral(ctx, id),
  async call(ctx, { mapping, keyManager }): Promise<ConsumerSecretFacts[]> {
    const { adapter } = await openKeyManager(ctx, keyManager.id);
    const ref = toClientRef(ctx, mapping);
    if (!adapter.secrets || !ref) throw unsupported(keyManager, "secrets");
    return adapter.secrets.list(ref);
  },
  async settle(ctx, subject, outcome): Promise<Settled<KeysView>> {
    if (!outcome.ok) return { refused: toAppError(outcome.error, subject.keyManager.displayName) };
    const current = await lockKeyMapping(ctx, subject.mapping.id);
    if (!current) return { refused: new AppError("key_mapping.not_found") };
    const ref = toClientRef(ctx, current);
    // An operation that began meanwhile is about to change what was read.
    if (current.intent || !ref) return { refused: new AppError("key_mapping.busy") };
    const consumerSecrets = remember(outcome.value, current.consumerSecrets, { ref, now: ctx.deps.clock.now() });
    const mapping = await updateKeyMapping(ctx, current.id, { consumerSecrets });
    return { view: toKeysView(ctx.deps.clock, { ...subject, mapping }) };
  },
});

/**
 * Makes a further consumer secret; those that exist go on working. The new one is in the answer once, and is the one
 * that the portal uses from then on.
 *
 * @throws {AppError} `input.invalid` for an end where there is none, `key_mapping.not_found`, `key_mapping.busy`,
 *   `key_mapping.not_active` before the secrets were read, `key_mapping.conflict` where there are as many as the key manager keeps, `key_manager.*`
 */
export const addSecret = defineProvisioning({
  action: "key_mapping.add_secret",
  permission: "key_mapping:write",
  input: AddSecretInput,
  async intend(ctx, { id, description, expiresInDays }): Promise<Work> {
    const subject = await requireSeveral(ctx, id);
    const { keyManager, mapping } = subject;
    // Only what was there before can be told from what an interrupted try has made.
    if (!mapping.consumerSecrets?.readAt) {
      const message = `Read the secrets from ${keyManager.displayName} first, so that none is lost sight of.`;
      throw new AppError("key_mapping.not_active", { message });
    }
    const { atOnce, canExpire = true } = traitsOf(keyManager.connectorId);
    if (expiresInDays && !canExpire) {
      const message = `Secrets of ${keyManager.displayName} do not end by themselves. Leave this out.`;
      throw new AppError("input.invalid", { fields: [{ path: "expiresInDays", message }] });
    }
    const problem = additionProblem(mapping.consumerSecrets, atOnce);
    if (problem) throw new AppError("key_mapping.conflict", { message: problem });
    const expiresAt = expiresInDays && new Date(ctx.deps.clock.now().getTime() + expiresInDays * dayMs).toISOString();
    return beginOperation(ctx, {
      ...{ operation: "add_secret", subject },
      secret: { ...(description ? { description } : {}), ...(expiresAt ? { expiresAt } : {}) },
    });
  },
  call: performOperation,
  settle: async (ctx, work, outcome): Promise<Settled<KeysOutcome>> =>
    toSettled(ctx, await settleOperation(ctx, work, outcome)),
});

/**
 * Ends one consumer secret at the key manager: never the last one that works, nor the one that the portal uses.
 *
 * @throws {AppError} `key_mapping.not_found`, `key_mapping.busy`, `key_mapping.not_active`, `key_mapping.conflict`,
 *   `key_manager.*`
 */
export const removeSecret = defineProvisioning({
  action: "key_mapping.remove_secret",
  permission: "key_mapping:write",
  input: RemoveSecretInput,
  async intend(ctx, { id, secretId }): Promise<Work> {
    const subject = await requireSeveral(ctx, id);
    const { consumerSecrets } = subject.mapping;
    const problem = consumerSecrets && removalProblem(consumerSecrets, secretId, ctx.deps.clock.now());
    if (problem) throw new AppError("key_mapping.conflict", { message: problem });
    return beginOperation(ctx, { operation: "remove_secret", subject, secret: { id: secretId } });
  },
  call: performOperation,
  settle: async (ctx, work, outcome): Promise<Settled<KeysOutcome>> =>
    withoutSecret(toSettled(ctx, await settleOperation(ctx, work, outcome))),
});

/** Keys of the caller's own whose key manager keeps several secrets. @throws {AppError} as the verbs do */
async function requireSeveral(ctx: QueryContext, id: string): Promise<KeysSubject> {
  const subject = await lockOwnKeys(ctx, id);
  requireManaged(subject);
  if (findConnector(subject.keyManager.connectorId)?.capabilities.includes("secrets")) return subject;
  throw unsupported(subject.keyManager, "secrets");
}

function traitsOf(connectorId: string): Pick<ConsumerSecretTraits, "atOnce" | "canExpire"> {
  return findConnector(connectorId)?.consumerSecrets ?? { atOnce: 1 };
}
