import { updateKeyMapping } from "#lib/data/key-mappings.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { defineProvisioning, type Settled } from "../verb.ts";
import { beginOperation } from "./begin.ts";
import { ResumeKeysInput, type KeyOperation, type ResumeOutcome } from "./contract.ts";
import { toSettled, withoutSecret } from "./generate.ts";
import { lookAfterSeconds, requireReleased, takeOver } from "./lease.ts";
import { performOperation, reconcileJob, settleOperation, type Work } from "./operation.ts";
import { claimChosen } from "./preset.ts";
import { lockOwnKeys } from "./subject.ts";

/** Operations at whose end there is a secret that its owner has not seen. */
const makesSecret: readonly KeyOperation[] = ["register", "rotate", "add_secret"];

/**
 * Finishes what did not come to an end: goes on with an interrupted operation, or tries a refused one
 * again as it was asked for. Where a key manager cannot be searched, a second client may come into being
 * only after the person has said so.
 *
 * @throws {AppError} `key_mapping.not_found`, `key_mapping.busy`, `key_mapping.not_active` where nothing is
 *   left to finish, `key_mapping.claimed` where somebody else has the chosen consumer key by now, `key_manager.*`
 */
export const resumeKeys = defineProvisioning({
  action: "key_mapping.resume",
  permission: "key_mapping:write",
  input: ResumeKeysInput,
  async intend(ctx, { id, acceptDuplicate }): Promise<Work> {
    const subject = await lockOwnKeys(ctx, id);
    const { mapping } = subject;
    requireReleased(ctx.deps.clock, mapping);
    if (mapping.state === "FAILED") {
      await claimChosen(ctx, mapping, subject.keyManager);
      return beginOperation(ctx, { operation: "register", subject }, { state: "PENDING" });
    }
    if (!mapping.intent) {
      throw new AppError("key_mapping.not_active", { message: "Nothing is left to finish here." });
    }
    const intent = takeOver(ctx.deps.clock, mapping.intent);
    await ctx.deps.jobs.enqueue(ctx, reconcileJob(ctx, mapping.id, lookAfterSeconds));
    return {
      ...subject,
      mapping: await updateKeyMapping(ctx, mapping.id, { intent }),
      intent,
      again: true,
      acceptDuplicate,
    };
  },
  call: performOperation,
  async settle(ctx, work, outcome): Promise<Settled<ResumeOutcome>> {
    const result = await settleOperation(ctx, work, outcome);
    if (result.kind === "removed") return { view: { outcome: "removed" } };
    const settled = toSettled(ctx, result);
    return makesSecret.includes(work.intent.operation) ? settled : withoutSecret(settled);
  },
});
