/** The credential with which a global key manager reports what it revokes. */
import {
  deleteGlobalReporter,
  findGlobalReporter,
  replaceGlobalReporter,
  type GlobalReporterRecord,
} from "#lib/data/global-reporters.ts";
import { randomToken, tokenDigest } from "#lib/foundation/ids.ts";
import { KeyManagerRef } from "../key-managers/contract.ts";
import { defineOperatorInquiry, defineOperatorVerb } from "../verb.ts";
import { auditHere } from "./audit.ts";
import type { GlobalReporterView, NewGlobalReporterView } from "./contract.ts";
import { requireGlobalKeyManager } from "./require.ts";

/** The same as that of a tenant's key manager: either lets a server report, and nothing else. */
const marker = "lkr_";
const shownCharacters = 6;

/**
 * The credential of a global key manager, without the credential.
 *
 * @returns null where it has none
 * @throws {AppError} `auth.forbidden` unless an operator asks; `key_manager.not_found`
 */
export const readGlobalReporter = defineOperatorInquiry({
  action: "global_key_manager.read_reporter",
  input: KeyManagerRef,
  async run({ deps }, { id }): Promise<GlobalReporterView | null> {
    const record = await deps.database.inInstallation(async (tx) => {
      const keyManager = await requireGlobalKeyManager(tx, id);
      return findGlobalReporter(tx, keyManager.id);
    });
    return record && toView(record);
  },
});

/**
 * Gives a global key manager a credential with which it reports what it revokes, in every tenant that it serves. One
 * that it had ends at once. The view that is returned is the one chance to see it.
 *
 * @throws {AppError} `auth.forbidden` unless an operator asks; `key_manager.not_found`
 */
export const makeGlobalReporter = defineOperatorVerb({
  action: "global_key_manager.make_reporter",
  input: KeyManagerRef,
  async run(ctx, { id }): Promise<NewGlobalReporterView> {
    const keyManager = await requireGlobalKeyManager(ctx, id);
    const credential = `${marker}${randomToken()}`;
    const record = await replaceGlobalReporter(ctx, keyManager.id, {
      prefix: credential.slice(0, marker.length + shownCharacters),
      tokenHash: tokenDigest(credential),
      createdAt: ctx.deps.clock.now(),
    });
    await auditHere(ctx, { keyManager, after: { prefix: record.prefix } });
    return { ...toView(record), credential };
  },
});

/**
 * Takes the credential away: at once nothing can be reported with it. What was reported stays revoked. Safe to repeat.
 *
 * @throws {AppError} `auth.forbidden` unless an operator asks; `key_manager.not_found`
 */
export const removeGlobalReporter = defineOperatorVerb({
  action: "global_key_manager.remove_reporter",
  input: KeyManagerRef,
  async run(ctx, { id }): Promise<{ id: string }> {
    const keyManager = await requireGlobalKeyManager(ctx, id);
    const before = await findGlobalReporter(ctx, keyManager.id);
    if (before && (await deleteGlobalReporter(ctx, keyManager.id))) {
      await auditHere(ctx, { keyManager, before: { prefix: before.prefix } });
    }
    return { id };
  },
});

function toView({ prefix, createdAt, lastUsedAt }: GlobalReporterRecord): GlobalReporterView {
  return { prefix, createdAt: createdAt.toISOString(), lastUsedAt: lastUsedAt?.toISOString() ?? null };
}
