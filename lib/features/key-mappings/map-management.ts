/**
 * The registration access token of a mapped client (RFC 7592 §3). A server may replace it with every answer, also
 * with the one to a mere read, and the owner's copy is dead then: the new one is stored, or given back.
 */
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { managing, type RegisteredClient } from "#lib/connector-kit/contract.ts";
import type { KeyManagerRecord } from "#lib/data/key-managers.ts";
import { deleteKeyMapping, lockKeyMapping, updateKeyMapping } from "#lib/data/key-mappings.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { KeyMappingId } from "#lib/foundation/ids.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { isOwnManagementUri } from "#lib/protocol/registration.ts";
import type { Context } from "../context.ts";
import { toAppError } from "../key-managers/connector-errors.ts";
import { openKeyManager } from "../key-managers/open.ts";
import { outcomeOf, settleAudited, type CallOutcome, type Settled } from "../verb.ts";
import type { KeysView, MapKeysInput, MappingOutcome } from "./contract.ts";
import { auditRefusal, beyondLimits, unproven, type Mapping } from "./map-refusal.ts";
import { credentialsWith, toStoredClient } from "./secrets.ts";
import { auditedClient, auditSubject, lockOwnKeys } from "./subject.ts";
import { toKeysView } from "./views.ts";

/**
 * Checks what can be told of a management address without calling it.
 *
 * @throws {AppError} `input.invalid` for half a pair, or for an address that is not the key manager's: a token is sent
 *   there, so it must be where the key manager registers clients
 */
export function checkManagement(
  { endpoints, displayName }: KeyManagerRecord,
  { registrationToken, registrationClientUri }: Pick<MapKeysInput, "registrationToken" | "registrationClientUri">,
): void {
  const refuse = (path: keyof MapKeysInput, message: string) =>
    new AppError("input.invalid", { message, fields: [{ path, message }] });
  if (registrationToken && !registrationClientUri) {
    throw refuse(
      "registrationClientUri",
      "Enter the client configuration address too: the token is good for nothing without it.",
    );
  }
  if (!registrationClientUri) return;
  if (!registrationToken) {
    throw refuse("registrationToken", "Enter the registration access token too: the address opens nothing without it.");
  }
  const { registration } = endpoints;
  if (registration && !isOwnManagementUri(registrationClientUri, registration)) {
    throw refuse(
      "registrationClientUri",
      `This address is not at ${new URL(registration).origin}, where ${displayName} manages its clients.`,
    );
  }
}

/**
 * Reads a client that was just mapped with the registration access token that its owner gave. Nothing else can refuse
 * the mapping any more, because this call alone may cost the owner their token. Where it ends in a refusal, the
 * mapping is undone.
 *
 * @param action under which the audit notes it
 * @returns the keys; or the refusal with the new token, where the key manager has replaced the one it was given
 * @throws {AppError} `key_mapping.unproven`, `key_mapping.not_found`, `key_manager.*` where the token is as it was
 */
export async function readMapped(
  ctx: Context,
  { action, mapping, id }: { action: string; mapping: Mapping; id: KeyMappingId },
): Promise<MappingOutcome> {
  const { ref, keyManager } = mapping;
  const read = await outcomeOf(readClient(ctx, mapping));
  const outcome = checked(read, mapping);
  let refused: AppError;
  try {
    const settled = await settleAudited(ctx, action, async (mutation): Promise<Settled<KeysView>> => {
      const before = await lockKeyMapping(mutation, id);
      if (!before) {
        return { refused: new AppError("key_mapping.not_found", { message: "These keys were removed meanwhile." }) };
      }
      if (!outcome.ok) {
        await deleteKeyMapping(mutation, id);
        auditRefusal(mutation, mapping, outcome.error);
        return { refused: outcome.error };
      }
      await updateKeyMapping(mutation, id, toStoredClient(ctx, id, outcome.client));
      const after = await lockOwnKeys(mutation, id);
      mutation.audit({
        subject: auditSubject(after),
        before: auditedClient(before),
        after: auditedClient(after.mapping),
      });
      return { view: toKeysView(ctx.deps.clock, after) };
    });
    if ("view" in settled) return { outcome: "mapped", keys: settled.view };
    refused = settled.refused;
  } catch (error) {
    if (!replacedToken(read, ref.registrationToken)) throw error;
    ctx.deps.log.error({ error, keyMappingId: id }, "a replaced registration access token could not be stored");
    refused = new AppError("internal", {
      message:
        `What ${keyManager.record.displayName} answered could not be stored. If the keys are here when you load this ` +
        `page again, remove them and map the client once more.`,
    });
  }
  const token = replacedToken(read, ref.registrationToken);
  if (!token) throw refused;
  return { outcome: "refused", message: refused.message, fields: refused.fields, registrationToken: token.reveal() };
}

async function readClient(ctx: Context, { keyManager, ref }: Mapping): Promise<RegisteredClient | null> {
  const { adapter } = await openKeyManager(ctx, keyManager.record.id);
  return managing(adapter).readClient(ref);
}

/** The client, or why it may not be mapped. Bugs are thrown on. */
function checked(
  read: CallOutcome<RegisteredClient | null>,
  { keyManager, ref }: Mapping,
): { ok: true; client: RegisteredClient } | { ok: false; error: AppError } {
  const { displayName } = keyManager.record;
  if (!read.ok) {
    const isDead = isConnectorError(read.error) && read.error.kind === "credentials_refused";
    return { ok: false, error: isDead ? deadToken(displayName, read.error) : toAppError(read.error, displayName) };
  }
  if (!read.value) return { ok: false, error: deadToken(displayName) };
  if (read.value.ref.consumerKey === ref.consumerKey) {
    const beyond = beyondLimits(keyManager, read.value);
    return beyond ? { ok: false, error: beyond } : { ok: true, client: read.value };
  }
  return { ok: false, error: unproven("registrationToken", "This token and address belong to another client.") };
}

function deadToken(displayName: string, cause?: unknown): AppError {
  const message =
    `${displayName} does not accept this registration access token at this address. Check both, or leave both empty: ` +
    `the client can be mapped without them.`;
  return unproven("registrationToken", message, cause);
}

/** The registration access token that came with an answer or a failure, where it is another than the one given. */
function replacedToken(read: CallOutcome<RegisteredClient | null>, given: Secret | undefined): Secret | undefined {
  const token = read.ok ? read.value?.ref.registrationToken : credentialsWith(read.error)?.registrationToken;
  return token && token.reveal() !== given?.reveal() ? token : undefined;
}
