import { findConnector } from "#connectors/registry.ts";
import type { KeyManagerRecord } from "#lib/data/key-managers.ts";
import { findScopeMirrors, type ScopeMirrorRecord } from "#lib/data/scope-mirrors.ts";
import { AppError, fieldError } from "#lib/foundation/errors.ts";
import { mirrorJob } from "../scope-mirrors/request.ts";
import { unsupported } from "../key-managers/unsupported.ts";
import { defineProvisioning, type QueryContext, type Settled } from "../verb.ts";
import { beginOperation, requireManaged } from "./begin.ts";
import { ChooseScopesInput, type KeysOutcome } from "./contract.ts";
import { toSettled } from "./generate.ts";
import { performOperation, settleOperation, type Work } from "./operation.ts";
import { requireUsableKeyManager } from "./rules.ts";
import { lockOwnKeys } from "./subject.ts";
import { requireSubscribedScopes } from "./token-request.ts";

/**
 * Chooses which scopes the tokens that a client gets for itself (client credentials) may carry: these and no others,
 * among the scopes of APIs that the application is subscribed to. The key manager is told; it holds to that as far as
 * its connector says so.
 *
 * @throws {AppError} `key_mapping.not_found`, `key_mapping.busy`, `key_mapping.not_active`, `input.invalid` at scopes
 *   for one of another API or one that is not at the key manager yet, `key_manager.*`
 */
export const chooseScopes = defineProvisioning({
  action: "key_mapping.choose_scopes",
  permission: "key_mapping:write",
  input: ChooseScopesInput,
  async intend(ctx, { id, scopes }): Promise<Work> {
    const subject = await lockOwnKeys(ctx, id);
    requireManaged(subject);
    const { record, connector } = await requireUsableKeyManager(ctx, subject.keyManager.id);
    if (!connector.capabilities.includes("scopes")) {
      throw unsupported(record, "scopes");
    }
    if (!record.applicationScopes) {
      throw new AppError("key_manager.not_allowed", {
        message: `Application scopes are off at ${record.displayName}. An administrator can turn them on in its settings.`,
      });
    }
    const { grantTypes } = subject.mapping.registered ?? subject.mapping.requested;
    if (!grantTypes.includes("client_credentials")) {
      throw new AppError("key_mapping.not_active", {
        message: "These keys get no tokens of their own. Add the grant type client credentials first.",
      });
    }
    await requireSubscribedScopes(ctx, subject, scopes);
    await requireMirrored(ctx, record, scopes);
    return beginOperation(ctx, { operation: "grant", subject, grant: { chosen: scopes, granted: scopes } });
  },
  call: performOperation,
  async settle(ctx, work, outcome): Promise<Settled<KeysOutcome>> {
    const result = await settleOperation(ctx, work, outcome);
    // A scope may have vanished there: whoever mirrors scopes looks again.
    if (result.kind === "refused") await ctx.deps.jobs.enqueue(ctx, mirrorJob(ctx.tenant.id, work.keyManager.id));
    const settled = toSettled(ctx, result);
    return "view" in settled && settled.view.outcome === "done"
      ? { view: { ...settled.view, consumerSecret: null } }
      : settled;
  },
});

/**
 * Refuses scopes of which we know that the key manager does not have them yet, or that they are not ours to grant.
 *
 * @throws {AppError} `input.invalid` at scopes, saying why for each
 */
async function requireMirrored(ctx: QueryContext, keyManager: KeyManagerRecord, names: string[]): Promise<void> {
  const grantsEach = findConnector(keyManager.connectorId)?.scopeGrants !== "any_client";
  const rows = await findScopeMirrors(ctx, { keyManagerIds: [keyManager.id], names });
  const problems = rows.flatMap((row) => problemOf(row, keyManager.displayName, grantsEach));
  if (problems.length > 0) throw fieldError("scopes", problems.join(" "));
}

function problemOf({ name, state, problem }: ScopeMirrorRecord, where: string, grantsEach: boolean): string[] {
  switch (state) {
    case "MIRRORED":
      return [];
    case "FOUND":
      // What was not made from here could be granted, but never taken back.
      return grantsEach
        ? [`${name} was made at ${where} by somebody else: its administrator lets clients have it there.`]
        : [];
    case "WAITING":
      return [`${name} is on its way to ${where}. Try again in a moment.`];
    case "FAILED":
      return [`${name} is not at ${where} yet. ${problem ?? ""} It is tried again in the background.`];
  }
}
