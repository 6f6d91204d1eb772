import type { ClientSpec, ManagingAdapter, RegisteredClient } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { Context } from "../context.ts";
import { toAppError } from "../key-managers/connector-errors.ts";
import { changedNothing } from "./certainty.ts";
import { graceMs } from "./lease.ts";
import type { Answer, Work } from "./operation.ts";
import { clientOwnerOf } from "./owners.ts";
import { specOf } from "./preset.ts";

/**
 * Makes a client, or takes over the one that an earlier try has made. One with another identity than somebody chose
 * does not stay.
 *
 * @throws whatever leaves the outcome unknown
 */
export async function register(ctx: Context, work: Work, adapter: ManagingAdapter): Promise<Answer> {
  const { displayName } = work.keyManager;
  const spec = specOf(ctx, work.mapping, await clientOwnerOf(ctx, work.keyManager, work.application.ownerId));
  const asChosen = async (client: RegisteredClient): Promise<Answer> => {
    const refused = hasIdentity(client, spec) ? undefined : await undo(ctx, { client, spec, adapter, displayName });
    return refused ? { kind: "refused", error: refused } : { kind: "client", client, adapter };
  };
  if (work.again) {
    if (!adapter.findClients) {
      if (!work.acceptDuplicate) return { kind: "unknowable" };
    } else {
      const found = await adapter.findClients(spec.marker, spec.consumerKey);
      if (found.length > 0) return asChosen(await adopt(adapter, spec, found));
      const age = ctx.deps.clock.now().getTime() - new Date(work.intent.startedAt).getTime();
      if (age < graceMs) return { kind: "not_yet" };
    }
  }
  let client: RegisteredClient;
  try {
    client = await adapter.registerClient(spec);
  } catch (error) {
    if (changedNothing(error)) return { kind: "refused", error: refusalOf(error, spec, displayName) };
    if (adapter.findClients || !isConnectorError(error)) throw error;
    return { kind: "unknowable", error: toAppError(error, displayName) };
  }
  return asChosen(client);
}

/** A key that is taken is told at its field: nothing else of a new client has to be unique. */
function refusalOf(error: unknown, { consumerKey }: ClientSpec, displayName: string): AppError {
  if (consumerKey === undefined || !isConnectorError(error) || error.kind !== "conflict") {
    return toAppError(error, displayName);
  }
  const message = `${displayName} has a client with the consumer key ${consumerKey} already. Choose another one; if that client is yours, use it as an existing client.`;
  return new AppError("key_manager.rejected", { message, fields: [{ path: "consumerKey", message }], cause: error });
}

function hasIdentity({ ref }: RegisteredClient, { consumerKey, consumerSecret }: ClientSpec): boolean {
  const isKey = consumerKey === undefined || ref.consumerKey === consumerKey;
  return isKey && (consumerSecret === undefined || ref.consumerSecret?.reveal() === consumerSecret.reveal());
}

type Undoing = { client: RegisteredClient; spec: ClientSpec; adapter: ManagingAdapter; displayName: string };

/** Takes away a client that is not the one that was asked for, if it was made for us at all, and says so. */
async function undo(ctx: Context, { client: { ref }, spec, adapter, displayName }: Undoing): Promise<AppError> {
  const answered = `${displayName} answered with the client ${ref.consumerKey}, with another consumer key or secret than you chose.`;
  let isGone = false;
  try {
    const ours = (await adapter.findClients?.(spec.marker, ref.consumerKey)) ?? [];
    isGone = ours.some((one) => one.ref.consumerKey === ref.consumerKey);
    if (isGone) await adapter.deleteClient(ref);
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    isGone = false;
    ctx.deps.log.warn({ error, consumerKey: ref.consumerKey }, "a client with another identity may stay behind");
  }
  const whatNow = isGone
    ? "It was deleted again. Generate keys without choosing these."
    : `It was left there: ask an administrator of ${displayName} to look at it.`;
  return new AppError("key_manager.bad_response", { message: `${answered} ${whatNow}` });
}

/**
 * Takes over a client whose registration was never recorded. Its secret may have been on the way to
 * somebody who never got it, so it is replaced; where that is impossible, the client itself is, which is
 * safe because no token can have been issued with a secret that nobody has seen. A secret that its owner
 * chose is no news to anybody, and stays.
 */
async function adopt(adapter: ManagingAdapter, spec: ClientSpec, found: RegisteredClient[]): Promise<RegisteredClient> {
  const [kept, ...spare] = found.toSorted((one, other) => one.ref.consumerKey.localeCompare(other.ref.consumerKey));
  for (const { ref } of spare) await adapter.deleteClient(ref);
  if (!kept) return adapter.registerClient(spec);
  if (spec.consumerSecret) {
    // Servers that show no secret made the client with this one all the same.
    const asMade = { ...kept, ref: { ...kept.ref, consumerSecret: kept.ref.consumerSecret ?? spec.consumerSecret } };
    if (hasIdentity(asMade, spec)) return asMade;
  } else if (adapter.rotateSecret) {
    try {
      const rotated = await adapter.rotateSecret(kept.ref);
      return { ref: { ...kept.ref, ...rotated.ref }, state: rotated.state };
    } catch (error) {
      // A public client has no secret to replace.
      if (isConnectorError(error) && ["rejected", "unsupported"].includes(error.kind)) return kept;
      throw error;
    }
  }
  await adapter.deleteClient(kept.ref);
  return adapter.registerClient(spec);
}
