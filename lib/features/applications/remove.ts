import { deleteApplication as dropApplication } from "#lib/data/applications.ts";
import { deleteKeyMapping, listKeyMappings, lockKeyMapping } from "#lib/data/key-mappings.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { beginOperation } from "../key-mappings/begin.ts";
import { requireReleased } from "../key-mappings/lease.ts";
import { performOperation, settleOperation, type Answer, type Work } from "../key-mappings/operation.ts";
import { lockOwnKeys, standsAtServer } from "../key-mappings/subject.ts";
import { defineProvisioning, outcomeOf, type CallOutcome, type Settled } from "../verb.ts";
import { ApplicationRef, type ApplicationDeletion } from "./contract.ts";
import { lockOwnApplication } from "./own.ts";

/**
 * Deletes an application, its subscriptions and its keys. Clients that the portal made are deleted at
 * their key managers first; while one of them cannot be, the application is kept and the answer says why.
 * Mapped clients are left alone.
 *
 * @throws {AppError} `application.not_found`, `key_mapping.busy`
 */
export const deleteApplication = defineProvisioning({
  action: "application.delete",
  permission: "application:write",
  input: ApplicationRef,
  async intend(ctx, { id }): Promise<{ id: string; works: Work[] }> {
    const application = await lockOwnApplication(ctx, id);
    const works: Work[] = [];
    for (const { id: keysId } of await listKeyMappings(ctx, application.id)) {
      const subject = await lockOwnKeys(ctx, keysId);
      requireReleased(ctx.deps.clock, subject.mapping);
      if (!standsAtServer(subject.mapping)) continue;
      works.push(await beginOperation(ctx, { operation: "delete", subject }, { state: "DELETING" }));
    }
    return { id: application.id, works };
  },
  call: (ctx, { works }): Promise<CallOutcome<Answer>[]> =>
    Promise.all(works.map((work) => outcomeOf(performOperation(ctx, work)))),
  async settle(ctx, { id, works }, outcomes): Promise<Settled<ApplicationDeletion>> {
    if (!outcomes.ok) throw outcomes.error;
    const application = await lockOwnApplication(ctx, id);
    const remaining: { keyManagerName: string; reason: string }[] = [];
    for (const [index, work] of works.entries()) {
      const outcome = outcomes.value[index];
      if (!outcome) throw new Error("A deletion has no outcome.");
      const result = await settleOperation(ctx, work, outcome);
      const keyManagerName = work.keyManager.displayName;
      if (result.kind === "refused") remaining.push({ keyManagerName, reason: result.error.message });
      if (result.kind === "finishing") remaining.push({ keyManagerName, reason: result.message });
    }
    if (remaining.length > 0) {
      const message = "The application is kept until its clients are deleted at every key manager. Try again later.";
      return { view: { deleted: false, message, remaining } };
    }
    for (const { id: keysId } of await listKeyMappings(ctx, application.id)) {
      const mapping = await lockKeyMapping(ctx, keysId);
      // Keys that somebody made meanwhile stand at a key manager: they are not dropped in passing.
      if (mapping && standsAtServer(mapping)) throw new AppError("key_mapping.busy");
      if (mapping) await deleteKeyMapping(ctx, mapping.id);
    }
    await dropApplication(ctx, application.id);
    ctx.audit({
      subject: { type: "application", id: application.id, name: application.name },
      before: { name: application.name, description: application.description },
      after: { removed: true, clientsDeleted: works.length },
    });
    return { view: { deleted: true } };
  },
});
