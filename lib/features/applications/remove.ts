import { deleteApplication as dropApplication, type ApplicationRecord } from "#lib/data/applications.ts";
import { deleteKeyMapping, listKeyMappings, listTokenHolders, lockKeyMapping } from "#lib/data/key-mappings.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { beginOperation } from "../key-mappings/begin.ts";
import { requireReleased } from "../key-mappings/lease.ts";
import { performOperation, settleOperation, type Answer, type Work } from "../key-mappings/operation.ts";
import { keyTypeLabels } from "../key-mappings/contract.ts";
import { lockOwnKeys, standsAtServer } from "../key-mappings/subject.ts";
import { defineProvisioning, outcomeOf, type CallOutcome, type QueryContext, type Settled } from "../verb.ts";
import { ApplicationRef, type ApplicationDeletion } from "./contract.ts";
import { lockOwnApplication } from "./own.ts";

/**
 * Deletes an application, its subscriptions and its keys. Clients that the portal made are deleted at
 * their key managers first; while one of them cannot be, the application is kept and the answer says why.
 * Mapped clients are left alone; while the portal holds a registration access token of one, nothing is deleted.
 *
 * @throws {AppError} `application.not_found`, `key_mapping.busy`, `application.in_use` naming the keys to remove first
 */
export const deleteApplication = defineProvisioning({
  action: "application.delete",
  permission: "application:write",
  input: ApplicationRef,
  async intend(ctx, { id }): Promise<{ id: string; works: Work[] }> {
    const application = await lockOwnApplication(ctx, id);
    const refused = await refusalOverTokens(ctx, application);
    if (refused) throw refused;
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
    // Mapped while the key managers were asked.
    const refused = await refusalOverTokens(ctx, application);
    if (refused) return { refused };
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

/**
 * A server may have replaced the token that the owner of a mapped client gave (RFC 7592 §2), and then there is no other
 * copy. Removing the keys gives it back; deleting them in passing would lose it.
 *
 * @returns `application.in_use`; undefined where no token is held
 */
async function refusalOverTokens(ctx: QueryContext, { id, name }: ApplicationRecord): Promise<AppError | undefined> {
  const holders = await listTokenHolders(ctx, id);
  if (holders.length === 0) return undefined;
  const keys = holders.map(({ keyManagerName, keyType }) => `${keyTypeLabels[keyType]} at ${keyManagerName}`);
  return new AppError("application.in_use", {
    message:
      `${name} has mapped keys with a registration access token that may exist nowhere else: ${keys.join(", ")}. ` +
      `Remove these keys first: that gives the token back.`,
  });
}
