import type { KeyManagerAdapter } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { deleteKeyMapping, findKeyMappingOf, insertKeyMapping, lockKeyMapping } from "#lib/data/key-mappings.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { newId, type KeyMappingId } from "#lib/foundation/ids.ts";
import { lockOwnApplication, requirePerson } from "../applications/own.ts";
import type { Context } from "../context.ts";
import { describeConnectorError } from "../key-managers/connector-errors.ts";
import { unsupported } from "../key-managers/unsupported.ts";
import { defineProvisioning, type QueryContext, type Settled } from "../verb.ts";
import { GenerateKeysInput, type KeysOutcome, type KeyType, type TokenView } from "./contract.ts";
import { beginIntent, lookAfterSeconds } from "./lease.ts";
import { performOperation, reconcileJob, settleOperation, type Result, type Work } from "./operation.ts";
import { checkClient, clientNameOf, requireDirectTokens, requireUsableKeyManager } from "./rules.ts";
import { checkPreset, claimChosen } from "./preset.ts";
import type { toClientRef } from "./secrets.ts";
import { openConsumerSecret, toSealedSecret } from "./secrets.ts";
import { lockOwnKeys, type KeysSubject } from "./subject.ts";
import { toTokenView } from "./token.ts";
import { toKeysView } from "./views.ts";

type Generation = Work & { firstToken: boolean };

/**
 * Registers an OAuth client at a key manager and gives its credentials to an application. The consumer
 * secret is in the answer once. Where the key manager's answer does not arrive, the outcome is
 * "finishing": the reconciler finds out, and never registers a second client without knowing. Who chose the consumer
 * key or secret gets these or none.
 *
 * @throws {AppError} `application.not_found`, `key_manager.*`, `key_mapping.conflict`, `key_mapping.busy`,
 *   `key_mapping.claimed` where the chosen consumer key belongs to other keys
 */
export const generateKeys = defineProvisioning({
  action: "key_mapping.generate",
  permission: "key_mapping:write",
  input: GenerateKeysInput,
  async intend(ctx, input): Promise<Generation> {
    const { personId } = requirePerson(ctx.actor);
    const application = await lockOwnApplication(ctx, input.applicationId);
    const keyManager = await requireUsableKeyManager(ctx, input.keyManagerId);
    requireDirectTokens(keyManager.record);
    if (!keyManager.connector.capabilities.includes("registerClient")) {
      throw unsupported(keyManager.record, "registerClient");
    }
    if (!keyManager.record.clientCreation) {
      throw new AppError("key_manager.not_allowed", {
        message: `The administrator switched off generating keys at ${keyManager.record.displayName}. Map an existing client instead.`,
      });
    }
    const { consumerKey, consumerSecret } = checkPreset(keyManager, input);
    const client = checkClient(keyManager, { name: clientNameOf(application.name, input.keyType) }, input);
    const requested = { ...client, ...(consumerKey !== undefined && { consumerKey }) };
    const place = { applicationId: application.id, keyManagerId: keyManager.record.id, keyType: input.keyType };
    await clearFailed(ctx, place);

    const id = newId<KeyMappingId>();
    const intent = beginIntent(ctx.deps.clock, "register");
    const values = {
      id,
      ...place,
      mode: "PROVISIONED",
      state: "PENDING",
      requested,
      intent,
      createdById: personId,
      ...(consumerSecret && toSealedSecret(ctx, id, consumerSecret)),
    } as const;
    if (!(await insertKeyMapping(ctx, values))) throw new AppError("key_mapping.conflict");
    await claimChosen(ctx, values, keyManager.record);
    await ctx.deps.jobs.enqueue(ctx, reconcileJob(ctx, id, lookAfterSeconds));
    const subject = await lockOwnKeys(ctx, id);
    return { ...subject, intent, again: false, firstToken: input.firstToken };
  },
  call: (ctx, work: Generation) => performOperation(ctx, work),
  settle: async (ctx, work, outcome): Promise<Settled<KeysOutcome>> =>
    toSettled(ctx, await settleOperation(ctx, work, outcome)),
  async finish(ctx, view, { intent: work, answer }): Promise<KeysOutcome> {
    if (!answer.ok || answer.value.kind !== "client") return view;
    const { client, adapter } = answer.value;
    if (view.outcome !== "done" || !work.firstToken || !view.keys.can.issueToken) return view;
    const ref = { ...client.ref, consumerKey: client.ref.consumerKey };
    return { ...view, ...(await firstToken(ctx, { adapter, ref, keyManager: work.keyManager })) };
  },
});

/**
 * Makes room where an earlier attempt was refused and left nothing behind.
 *
 * @throws {AppError} `key_mapping.conflict`, `key_mapping.busy` where keys exist already
 */
export async function clearFailed(
  ctx: QueryContext,
  place: Parameters<typeof findKeyMappingOf>[1] & { keyType: KeyType },
): Promise<void> {
  const found = await findKeyMappingOf(ctx, place);
  const existing = found && (await lockKeyMapping(ctx, found.id));
  if (!existing) return;
  if (existing.state === "FAILED") await deleteKeyMapping(ctx, existing.id);
  else throw new AppError(existing.intent ? "key_mapping.busy" : "key_mapping.conflict");
}

/** Turns how an operation ended into what the caller sees; a fresh secret is opened for this answer alone. */
export function toSettled(ctx: Context, result: Result): Settled<KeysOutcome> {
  switch (result.kind) {
    case "done": {
      const keys = toKeysView(ctx.deps.clock, result.subject);
      const consumerSecret = openConsumerSecret(ctx, result.subject.mapping)?.reveal() ?? null;
      return { view: { outcome: "done", keys, consumerSecret, token: null, tokenProblem: null } };
    }
    case "finishing":
      return {
        view: { outcome: "finishing", keys: toKeysView(ctx.deps.clock, result.subject), message: result.message },
      };
    case "refused":
      return { refused: result.error };
    case "overtaken":
    case "removed":
      return { refused: new AppError("key_mapping.busy") };
  }
}

/** The same without the secret: its owner knows it, and showing it is a matter of its own, with an audit row. */
export function withoutSecret(settled: Settled<KeysOutcome>): Settled<KeysOutcome> {
  if (!("view" in settled) || settled.view.outcome !== "done") return settled;
  return { view: { ...settled.view, consumerSecret: null } };
}

type FirstToken = { token: TokenView | null; tokenProblem: string | null };

/** A token to begin with. That none is to be had is told, and takes nothing away from the keys. */
async function firstToken(
  ctx: Context,
  {
    adapter,
    ref,
    keyManager,
  }: {
    adapter: KeyManagerAdapter;
    ref: NonNullable<ReturnType<typeof toClientRef>>;
    keyManager: KeysSubject["keyManager"];
  },
): Promise<FirstToken> {
  if (!adapter.issueToken) return { token: null, tokenProblem: unsupported(keyManager, "issueToken").message };
  try {
    return { token: toTokenView(await adapter.issueToken(ref, { scopes: [] })), tokenProblem: null };
  } catch (error) {
    ctx.deps.log.warn({ error, keyManagerId: keyManager.id }, "no first token");
    const tokenProblem = isConnectorError(error)
      ? describeConnectorError(error, keyManager.displayName)
      : "Something went wrong on our side.";
    return { token: null, tokenProblem };
  }
}
