/**
 * What every change of a client at a key manager is made of: talking to the key manager, and storing how
 * that ended. The verbs and the reconciler share it, so a repeated step does the same as the first.
 */
import { managing, type ClientRef, type ManagingAdapter, type RegisteredClient } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { claimClient, releaseClient } from "#lib/data/claimed-clients.ts";
import {
  deleteKeyMapping,
  lockKeyMapping,
  updateKeyMapping,
  type KeyMappingChange,
  type KeyMappingIntent,
} from "#lib/data/key-mappings.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { PersonId } from "#lib/foundation/ids.ts";
import type { Context } from "../context.ts";
import { toAppError, whatHappened } from "../key-managers/connector-errors.ts";
import { openKeyManager } from "../key-managers/open.ts";
import { unsupported } from "../key-managers/unsupported.ts";
import type { CallOutcome, MutationContext } from "../verb.ts";
import { changedNothing } from "./certainty.ts";
import { release } from "./lease.ts";
import { clientOwnerOf, settledOwner, triedAgainLater, tellOwnerJob } from "./owners.ts";
import { chosenParts, markerOf, specOf } from "./preset.ts";
import { register } from "./register.ts";
import { addSecret, endSecret, type SecretChange } from "./secret-changes.ts";
import { forgetSecrets, toClientRef, toRescuedCredentials, toStoredClient } from "./secrets.ts";
import { auditedClient, auditSubject, type KeysSubject } from "./subject.ts";

/** One try of an operation, as its intent was stored. */
export type Work = KeysSubject & {
  intent: KeyMappingIntent;
  /** True for every try but the first: something may stand at the key manager already. */
  again: boolean;
  /** A person has seen that a second client may come into being, and wants to go on. */
  acceptDuplicate?: boolean;
};

/** What the key manager let us know. */
export type Answer =
  | { kind: "client"; client: RegisteredClient; adapter: ManagingAdapter }
  | { kind: "deleted" }
  /** A secret was made or removed. */
  | ({ kind: "secrets" } & SecretChange)
  /** The client may ask for the scopes of the intent. */
  | { kind: "granted"; scopes: string[]; chosen: string[] }
  /** The client belongs to the owner of the intent, as far as the key manager holds one. */
  | { kind: "owned"; client: RegisteredClient }
  /** It refused, and nothing has changed there. */
  | { kind: "refused"; error: AppError }
  /** The client does not exist there any more. */
  | { kind: "gone"; error?: unknown }
  /** Nothing is found there yet; a slow index may still bring it up. */
  | { kind: "not_yet" }
  /** It may hold a client that nobody can find. */
  | { kind: "unknowable"; error?: AppError };

/**
 * Talks to the key manager. No transaction may be open.
 *
 * @throws whatever leaves the outcome unknown
 */
export async function performOperation(ctx: Context, work: Work): Promise<Answer> {
  const { keyManager, intent } = work;
  let adapter: ManagingAdapter;
  try {
    adapter = managing((await openKeyManager(ctx, keyManager.id)).adapter);
  } catch (error) {
    return refusal(error, keyManager.displayName);
  }
  switch (intent.operation) {
    case "register":
      return register(ctx, work, adapter);
    case "update":
    case "rotate":
      return change(ctx, work, adapter);
    case "grant":
      return grant(ctx, work, adapter);
    case "change_owner":
      return changeOwner(ctx, work, adapter);
    case "add_secret":
    case "remove_secret":
      return changeSecrets(ctx, work, adapter);
    case "delete":
      return remove(ctx, work, adapter);
  }
}

async function change(ctx: Context, work: Work, adapter: ManagingAdapter): Promise<Answer> {
  const { mapping, keyManager, intent } = work;
  const ref = toClientRef(ctx, mapping);
  if (!ref) return { kind: "gone" };
  if (intent.operation === "rotate" && !adapter.rotateSecret) {
    return { kind: "refused", error: unsupported(keyManager, "rotateSecret") };
  }
  const attempt = async (client: ClientRef): Promise<RegisteredClient> => {
    const answer = await (intent.operation === "rotate"
      ? adapter.rotateSecret?.(client, { keepsOld: intent.keepsOld ?? false })
      : adapter.updateClient(client, specOf(ctx, mapping)));
    if (!answer) throw new Error("A capability has vanished.");
    return { ref: { ...client, ...answer.ref }, state: answer.state };
  };
  try {
    return { kind: "client", client: await withRenewedAccess(work, { adapter, ref }, attempt), adapter };
  } catch (error) {
    if (isConnectorError(error) && error.kind === "not_found") return { kind: "gone", error };
    if (changedNothing(error)) return refusal(error, keyManager.displayName);
    throw error;
  }
}

async function grant(ctx: Context, work: Work, adapter: ManagingAdapter): Promise<Answer> {
  const { mapping, keyManager, intent } = work;
  const { displayName } = keyManager;
  const { scopes } = adapter;
  const ref = toClientRef(ctx, mapping);
  if (!ref) return { kind: "gone" };
  if (!scopes || !intent.grant) {
    return { kind: "refused", error: unsupported(keyManager, "scopes") };
  }
  const { granted, chosen } = intent.grant;
  try {
    await withRenewedAccess(work, { adapter, ref }, (client) => scopes.grant(client, granted));
  } catch (error) {
    // It may be the client or one of the scopes that is missing: keys are not given up for that.
    if (isConnectorError(error) && error.kind === "not_found") {
      const said = error.reason ? ` It said: “${error.reason}”` : "";
      const message = `${displayName} does not know one of these scopes, or the client itself.${said} Wait until the scopes are mirrored, then try again.`;
      return { kind: "refused", error: new AppError("key_manager.rejected", { message, cause: error }) };
    }
    if (changedNothing(error)) return refusal(error, displayName);
    throw error;
  }
  return { kind: "granted", scopes: granted, chosen };
}

async function changeOwner(ctx: Context, work: Work, adapter: ManagingAdapter): Promise<Answer> {
  const { mapping, keyManager, intent, application } = work;
  const ref = toClientRef(ctx, mapping);
  if (!ref) return { kind: "gone" };
  const ownerId = (intent.ownerId ?? application.ownerId) as PersonId;
  const spec = specOf(ctx, mapping, await clientOwnerOf(ctx, keyManager, ownerId));
  const attempt = async (client: ClientRef): Promise<RegisteredClient> => {
    const answer = await adapter.changeOwner?.(client, spec);
    if (!answer) throw unsupported(keyManager, "changeOwner");
    return { ref: { ...client, ...answer.ref }, state: answer.state };
  };
  try {
    return { kind: "owned", client: await withRenewedAccess(work, { adapter, ref }, attempt) };
  } catch (error) {
    if (isConnectorError(error) && error.kind === "not_found") return { kind: "gone", error };
    if (changedNothing(error)) return refusal(error, keyManager.displayName);
    throw error;
  }
}

async function changeSecrets(ctx: Context, work: Work, { secrets }: ManagingAdapter): Promise<Answer> {
  const { mapping, keyManager, intent } = work;
  const { displayName } = keyManager;
  const ref = toClientRef(ctx, mapping);
  if (!ref) return { kind: "gone" };
  if (!secrets) return { kind: "refused", error: unsupported(keyManager, "secrets") };
  const place = { secrets, ref, intent, memory: mapping.consumerSecrets, clock: ctx.deps.clock };
  try {
    return { kind: "secrets", ...(await (intent.operation === "add_secret" ? addSecret(place) : endSecret(place))) };
  } catch (error) {
    if (isConnectorError(error) && error.kind === "not_found") return { kind: "gone", error };
    if (changedNothing(error)) return refusal(error, displayName);
    throw error;
  }
}

/**
 * Works on a client, and once more with access found anew where ours is refused: a server may replace the
 * registration access token in an answer that never arrived (RFC 7592 §2.2), and the stored one is dead then.
 */
async function withRenewedAccess<T>(
  { mapping }: Work,
  { adapter, ref }: { adapter: ManagingAdapter; ref: ClientRef },
  attempt: (ref: ClientRef) => Promise<T>,
): Promise<T> {
  try {
    return await attempt(ref);
  } catch (error) {
    if (!isConnectorError(error) || error.kind !== "credentials_refused" || !adapter.findClients) throw error;
    const found = await adapter.findClients(markerOf(mapping), ref.consumerKey);
    const same = found.find((client) => client.ref.consumerKey === ref.consumerKey);
    if (!same) throw error;
    return attempt({ ...ref, ...same.ref });
  }
}

async function remove(ctx: Context, work: Work, adapter: ManagingAdapter): Promise<Answer> {
  const { mapping, keyManager, acceptDuplicate } = work;
  const ref = toClientRef(ctx, mapping);
  try {
    if (ref) await withRenewedAccess(work, { adapter, ref }, (client) => adapter.deleteClient(client));
    // A registration that was never recorded may have left something, under our marker.
    else if (adapter.findClients) {
      const found = await adapter.findClients(markerOf(mapping), mapping.requested.consumerKey);
      for (const { ref: left } of found) await adapter.deleteClient(left);
    } else if (!acceptDuplicate) return { kind: "unknowable" };
  } catch (error) {
    if (changedNothing(error)) return refusal(error, keyManager.displayName);
    throw error;
  }
  return { kind: "deleted" };
}

function refusal(error: unknown, keyManagerName: string): Answer {
  return { kind: "refused", error: toAppError(error, keyManagerName) };
}

/** Where an operation stands after its outcome has been stored. */
export type Result =
  | { kind: "done"; subject: KeysSubject }
  | { kind: "removed" }
  /** `stillOpen` where the operation is tried again in the background all the same. */
  | { kind: "refused"; error: AppError; stillOpen: boolean }
  | { kind: "finishing"; subject: KeysSubject; message: string }
  /** Somebody else has taken the operation over, or the keys are gone; nothing was stored. */
  | { kind: "overtaken" };

/**
 * Stores how a try ended. The first statement after an answer that holds credentials seals and stores
 * them. Writes one audit row, except where somebody else has taken over, or a repeated try got nowhere.
 */
export async function settleOperation(ctx: MutationContext, work: Work, outcome: CallOutcome<Answer>): Promise<Result> {
  const current = await lockKeyMapping(ctx, work.mapping.id);
  if (current?.intent?.attemptId !== work.intent.attemptId) {
    const late = outcome.ok && outcome.value.kind === "client" ? outcome.value.client.ref.consumerKey : null;
    ctx.deps.log.warn(
      { keyMappingId: work.mapping.id, late },
      "an answer came after somebody else took the operation over",
    );
    return { kind: "overtaken" };
  }
  const subject = { ...work, mapping: current };
  const store = async (change: Partial<KeyMappingChange>): Promise<KeysSubject> => ({
    ...subject,
    mapping: await updateKeyMapping(ctx, current.id, change),
  });
  const failed = (code: string, message: string) => ({
    code,
    message,
    operation: work.intent.operation,
    at: ctx.deps.clock.now().toISOString(),
  });
  const audit = (after: KeysSubject, more: object) => {
    ctx.audit({
      subject: auditSubject(after),
      before: auditedClient(current),
      after: { ...auditedClient(after.mapping), ...more },
    });
  };

  const chosen = work.intent.operation === "register" ? chosenParts(current) : {};
  // A try that got nowhere is told once; its repetitions in the background would only fill the history.
  const auditFirst = (after: KeysSubject, more: object) => {
    if (!work.again || ctx.actor.kind === "person") audit(after, more);
  };

  if (!outcome.ok) {
    const { message, code } = describeUnknown(outcome.error, work);
    const stored = await store({
      ...toRescuedCredentials(ctx, current, outcome.error),
      intent: release(ctx.deps.clock, work.intent),
      failure: failed(code, message),
    });
    // Later tries are spaced by the queue's own patience.
    if (!work.again) await ctx.deps.jobs.enqueue(ctx, reconcileJob(ctx, current.id, 5));
    auditFirst(stored, { outcome: "unknown", problem: message });
    return { kind: "finishing", subject: stored, message };
  }
  const answer = outcome.value;
  switch (answer.kind) {
    case "client": {
      const stored = await store({
        ...toStoredClient(ctx, current.id, answer.client),
        ...forgetSecrets(ctx, current, answer.client.ref),
        state: "ACTIVE",
        intent: null,
        failure: null,
      });
      const client = { authorizationServer: work.keyManager.issuer, consumerKey: answer.client.ref.consumerKey };
      if (work.intent.operation === "register" && !(await claimClient(ctx, current.id, client))) {
        const message =
          `${work.keyManager.displayName} handed out the consumer key ${client.consumerKey}, which belongs to other keys ` +
          `already. These keys cannot be used; an administrator should look at the server.`;
        const refused = await store({ state: "NEEDS_ATTENTION", failure: failed("key_mapping.claimed", message) });
        audit(refused, { outcome: "refused", problem: message });
        return { kind: "refused", error: new AppError("key_mapping.claimed", { message }), stillOpen: false };
      }
      audit(stored, chosen);
      return { kind: "done", subject: stored };
    }
    case "granted": {
      const { chosen, scopes } = answer;
      const stored = await store({
        scopeGrant: { chosen, granted: scopes, dueAt: null },
        intent: null,
        failure: null,
      });
      ctx.audit({
        subject: auditSubject(stored),
        before: { scopes: current.scopeGrant?.chosen ?? null, granted: current.scopeGrant?.granted ?? null },
        after: { scopes: chosen, granted: scopes },
      });
      return { kind: "done", subject: stored };
    }
    case "owned": {
      const { ownerChange, ownerName } = await settledOwner(ctx, subject, work.intent);
      const stored = await store({
        ...toStoredClient(ctx, current.id, answer.client),
        ownerChange,
        intent: null,
        failure: null,
      });
      if (ownerChange) await ctx.deps.jobs.enqueue(ctx, tellOwnerJob(ctx, current.id));
      ctx.audit({ subject: auditSubject(stored), after: { owner: ownerName } });
      return { kind: "done", subject: stored };
    }
    case "secrets": {
      const { client, memory, secretId } = answer;
      const stored = await store({
        ...(client ? toStoredClient(ctx, current.id, client) : {}),
        consumerSecrets: memory,
        intent: null,
        failure: null,
      });
      const known = [...memory.secrets, ...(current.consumerSecrets?.secrets ?? [])].find(({ id }) => id === secretId);
      ctx.audit({
        subject: auditSubject(stored),
        after: {
          secret: secretId,
          ...(known?.hint !== undefined && { hint: known.hint }),
          ...(known?.description !== undefined && { description: known.description }),
          ...(known?.expiresAt !== undefined && { expiresAt: known.expiresAt }),
        },
      });
      return { kind: "done", subject: stored };
    }
    case "deleted":
      await deleteKeyMapping(ctx, current.id);
      ctx.audit({ subject: auditSubject(subject), before: auditedClient(current), after: { removed: true } });
      return { kind: "removed" };
    case "refused": {
      const { code, message } = answer.error;
      if (work.intent.operation === "change_owner") {
        const { ownerChange, delaySeconds } = triedAgainLater(ctx.deps.clock, current.ownerChange, answer.error);
        const credentials = toRescuedCredentials(ctx, current, answer.error);
        const stored = await store({ ...credentials, intent: null, ownerChange });
        await ctx.deps.jobs.enqueue(ctx, tellOwnerJob(ctx, current.id, delaySeconds));
        // Told once, and again where the reason is another: repetitions would only fill the history.
        if (current.ownerChange?.problem !== message) audit(stored, { outcome: "refused", problem: message });
        return { kind: "refused", error: answer.error, stillOpen: false };
      }
      const stored = await store({
        ...toRescuedCredentials(ctx, current, answer.error),
        ...afterRefusal(ctx, work),
        failure: failed(code, message),
      });
      // What was chosen and refused is anybody's again.
      if (work.intent.operation === "register") await releaseClient(ctx, current.id);
      if (work.intent.operation === "delete") auditFirst(stored, { outcome: "refused", problem: message });
      else audit(stored, { ...chosen, outcome: "refused", problem: message });
      return { kind: "refused", error: answer.error, stillOpen: stored.mapping.intent !== null };
    }
    case "gone": {
      const message =
        `${work.keyManager.displayName} does not know the consumer key ${current.consumerKey ?? ""} any more. ` +
        `Remove these keys, then generate new ones.`;
      const stored = await store({
        ...toRescuedCredentials(ctx, current, answer.error),
        state: "NEEDS_ATTENTION",
        intent: null,
        ownerChange: null,
        failure: failed("key_manager.rejected", message),
      });
      audit(stored, { outcome: "gone", problem: message });
      return { kind: "refused", error: new AppError("key_manager.rejected", { message }), stillOpen: false };
    }
    case "not_yet": {
      const message = `Nothing is found at ${work.keyManager.displayName} yet. We look again in a moment.`;
      const stored = await store({
        intent: release(ctx.deps.clock, work.intent),
        failure: failed("key_manager.unreachable", message),
      });
      await ctx.deps.jobs.enqueue(ctx, reconcileJob(ctx, current.id, 15));
      auditFirst(stored, { outcome: "not_yet" });
      return { kind: "finishing", subject: stored, message };
    }
    case "unknowable": {
      const message = describeUnknowable(work, answer.error);
      const stored = await store({
        state: "NEEDS_ATTENTION",
        intent: release(ctx.deps.clock, work.intent),
        failure: failed(answer.error?.code ?? "key_manager.unsupported", message),
      });
      audit(stored, { outcome: "needs_attention", problem: message });
      return { kind: "finishing", subject: stored, message };
    }
  }
}

/** A job that looks after some keys. */
export function reconcileJob(ctx: Context, subjectId: string, delaySeconds: number) {
  return { kind: reconcileKeysJob, tenantId: ctx.tenant.id, subjectId, delaySeconds };
}

/** The kind of job that finishes or undoes operations on keys. */
export const reconcileKeysJob = "key_mapping.reconcile";

/** What remains of an operation that the key manager refused. */
function afterRefusal(ctx: Context, { intent, again }: Work): Partial<KeyMappingChange> {
  switch (intent.operation) {
    case "register":
      return { state: "FAILED", intent: null };
    case "update":
      // Where an earlier try may have reached the server, only a refusal of this one is certain.
      return { intent: null, ...(intent.previous && !again ? { requested: intent.previous } : {}) };
    case "rotate":
    case "grant":
    case "change_owner":
    case "add_secret":
    case "remove_secret":
      return { intent: null };
    case "delete":
      return { intent: release(ctx.deps.clock, intent) };
  }
}

const undone = {
  register: "whether the client was registered",
  update: "whether the change was made",
  rotate: "whether the consumer secret was replaced",
  grant: "whether the scopes were granted",
  change_owner: "whether the client belongs to the new owner",
  add_secret: "whether a further consumer secret was made",
  remove_secret: "whether the consumer secret was removed",
  delete: "whether the client was deleted",
} as const;

function describeUnknown(error: unknown, { keyManager, intent }: Work): { code: string; message: string } {
  const { displayName } = keyManager;
  const reason = isConnectorError(error)
    ? whatHappened(error, displayName)
    : `Something went wrong on our side while we talked to ${displayName}.`;
  return {
    code: isConnectorError(error) ? toAppError(error, displayName).code : "internal",
    message: `${reason} It is not known yet ${undone[intent.operation]} there. We find out and finish this in the background.`,
  };
}

function describeUnknowable({ mapping, keyManager, intent }: Work, error: AppError | undefined): string {
  const { displayName } = keyManager;
  const registering = intent.operation === "register";
  const at = registering ? intent.startedAt : mapping.createdAt.toISOString();
  const when = `${at.slice(0, 16).replace("T", " ")} UTC`;
  const reason = isConnectorError(error?.cause) ? `${whatHappened(error.cause, displayName)} ` : "";
  return (
    `${reason}${displayName} cannot be searched, so nobody here can tell whether a client named ` +
    `“${mapping.requested.name}” was registered there on ${when}. Ask its administrator to look for it and delete it, ` +
    `then ${registering ? "register again or " : ""}forget these keys.`
  );
}
