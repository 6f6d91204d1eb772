import { deleteKeyMapping } from "#lib/data/key-mappings.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { defineProvisioning, type MutationContext, type Settled } from "../verb.ts";
import { beginOperation } from "./begin.ts";
import { RemoveKeysInput, type RemovalOutcome } from "./contract.ts";
import { requireReleased } from "./lease.ts";
import { performOperation, settleOperation, type Answer, type Result, type Work } from "./operation.ts";
import { openRegistrationToken } from "./secrets.ts";
import { auditedClient, auditSubject, lockOwnKeys, standsAtServer, type KeysSubject } from "./subject.ts";
import { toKeysView } from "./views.ts";

type Removal = { kind: "at_server"; work: Work } | { kind: "here"; subject: KeysSubject; left: boolean };

/**
 * Removes keys; gateways refuse them from now on. A client that the portal made is deleted at the key
 * manager too, and the keys stay in the state DELETING until that is confirmed; a mapped client is left
 * alone, and its owner gets back the registration access token that manages it. Also undoes an unfinished attempt: what it left at the key manager is found and deleted.
 *
 * @throws {AppError} `key_mapping.not_found`, `key_mapping.busy`, `key_manager.*`
 */
export const removeKeys = defineProvisioning({
  action: "key_mapping.remove",
  permission: "key_mapping:write",
  input: RemoveKeysInput,
  async intend(ctx, { id, forget }): Promise<Removal> {
    const subject = await lockOwnKeys(ctx, id);
    requireReleased(ctx.deps.clock, subject.mapping);
    if (!standsAtServer(subject.mapping)) return { kind: "here", subject, left: false };
    if (forget) {
      if (subject.mapping.state === "ACTIVE") {
        throw new AppError("key_mapping.busy", {
          message: "Try to remove the keys first; they can be forgotten if that fails.",
        });
      }
      return { kind: "here", subject, left: true };
    }
    return {
      kind: "at_server",
      work: await beginOperation(ctx, { operation: "delete", subject }, { state: "DELETING" }),
    };
  },
  call: async (ctx, removal): Promise<Answer> =>
    removal.kind === "at_server" ? performOperation(ctx, removal.work) : { kind: "deleted" },
  settle: async (ctx, removal, outcome): Promise<Settled<RemovalOutcome>> =>
    removal.kind === "at_server"
      ? toSettledRemoval(ctx, await settleOperation(ctx, removal.work, outcome))
      : removeHere(ctx, removal),
});

async function removeHere(
  ctx: MutationContext,
  { subject, left }: { subject: KeysSubject; left: boolean },
): Promise<Settled<RemovalOutcome>> {
  await deleteKeyMapping(ctx, subject.mapping.id);
  ctx.audit({
    subject: auditSubject(subject),
    before: auditedClient(subject.mapping),
    after: {
      removed: true,
      ...(left ? { leftAtKeyManager: subject.mapping.consumerKey ?? subject.mapping.requested.name } : {}),
    },
  });
  const registrationToken = subject.mapping.mode === "MAPPED" && openRegistrationToken(ctx, subject.mapping);
  return {
    view: { outcome: "removed", ...(registrationToken && { registrationToken: registrationToken.reveal() }) },
  };
}

/** Turns how a deletion ended into what the caller sees. */
export function toSettledRemoval(ctx: MutationContext, result: Result): Settled<RemovalOutcome> {
  switch (result.kind) {
    case "removed":
      return { view: { outcome: "removed" } };
    case "finishing":
      return {
        view: { outcome: "finishing", keys: toKeysView(ctx.deps.clock, result.subject), message: result.message },
      };
    case "refused":
      return { refused: result.error };
    case "overtaken":
    case "done":
      return { refused: new AppError("key_mapping.busy") };
  }
}
