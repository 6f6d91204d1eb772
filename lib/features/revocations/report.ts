import { findConnector } from "#connectors/registry.ts";
import { insertAuditEvent, insertAuditEventsOfCopies } from "#lib/data/audit.ts";
import type { InstallationContext } from "#lib/data/database.ts";
import { findTenantReporter, noteCredentialUse, type TenantReporter } from "#lib/data/gateway-credentials.ts";
import {
  findInstallationReporter,
  noteGlobalReporterUse,
  type InstallationReporter,
} from "#lib/data/global-reporters.ts";
import { insertRevocationsAt } from "#lib/data/revocations.ts";
import { newId } from "#lib/foundation/ids.ts";
import type { Dependencies } from "../context.ts";
import { revocationName } from "./name.ts";
import { readReport, type Target } from "./read-report.ts";

type ReportDependencies = Pick<Dependencies, "database" | "clock">;

/** An authorization server that proved itself: a tenant's, or one of the installation. */
export type Reporter = { kind: "tenant"; of: TenantReporter } | { kind: "installation"; of: InstallationReporter };

const action = "revocation.report";

/** What is written in one transaction at most, in all of some tenants. */
const rowsAtOnce = 3_000;
/** Authorization servers wait for an answer, and so do proxies in between. */
const answeredWithinMs = 20_000;

/** Which authorization server has the credential with this digest; null where none has. */
export function recogniseReporter({ database }: ReportDependencies, digest: string): Promise<Reporter | null> {
  return database.inInstallation(async (tx): Promise<Reporter | null> => {
    const ofTenant = await findTenantReporter(tx, digest);
    if (ofTenant) return { kind: "tenant", of: ofTenant };
    const ofInstallation = await findInstallationReporter(tx, digest);
    return ofInstallation && { kind: "installation", of: ofInstallation };
  });
}

/**
 * Takes over what an authorization server says that it revoked: of its own tokens, in the tenant of its credential, or
 * in every tenant that a global one serves. It may say so twice. Cut-offs of consumer keys and subjects leave an audit
 * row; single tokens are told by the list.
 *
 * @param report parsed JSON
 * @returns how many entries the gateways now refuse; null where that is so in some of the tenants only, because to do it in
 *   all takes too long: the same report again passes over those, and goes on with the rest
 * @throws {AppError} `input.invalid`
 */
export async function reportRevocations(
  { database, clock }: ReportDependencies,
  reporter: Reporter,
  report: Record<string, unknown>,
): Promise<number | null> {
  const now = clock.now();
  const targets = readReport(report, now);
  let isDone = true;
  if (reporter.kind === "tenant") await database.inInstallation((tx) => takeOver(tx, reporter.of, targets));
  else {
    const until = now.getTime() + answeredWithinMs;
    isDone = await takeOverEverywhere({ database, clock }, reporter.of, { targets, until });
  }
  await database.inInstallation((tx) =>
    reporter.kind === "tenant"
      ? noteCredentialUse(tx, new Map([[reporter.of.id, now]]))
      : noteGlobalReporterUse(tx, reporter.of.id, now),
  );
  return isDone ? targets.length : null;
}

async function takeOver(
  tx: InstallationContext,
  { tenantId, name, keyManager }: TenantReporter,
  targets: readonly Target[],
): Promise<void> {
  const at = revocationName(keyManager.id, findConnector(keyManager.connectorId));
  await insertRevocationsAt(tx, [{ tenantId, keyManager: at }], { revoked: targets, revokedBy: name });
  const after = cutOffs(targets);
  if (!after) return;
  await insertAuditEvent(
    { ...tx, tenantId },
    {
      ...{ actorId: null, actorName: name, action, requestId: newId(), after },
      ...{ subjectType: "key_manager", subjectId: keyManager.id, subjectName: keyManager.displayName },
    },
  );
}

/**
 * Some tenants in one transaction after the other: all of them would be too much for one.
 *
 * @param work.until when to stop, in milliseconds since 1970; something is done in any case
 * @returns false where tenants are left
 */
async function takeOverEverywhere(
  { database, clock }: ReportDependencies,
  { id, displayName, copies }: InstallationReporter,
  { targets, until }: { targets: readonly Target[]; until: number },
): Promise<boolean> {
  const after = cutOffs(targets);
  const source = { actorId: null, actorName: displayName, action, requestId: newId() };
  const copiesAtOnce = Math.max(1, Math.floor(rowsAtOnce / Math.max(1, targets.length)));
  for (let from = 0; from < copies.length; from += copiesAtOnce) {
    if (from > 0 && clock.now().getTime() > until) return false;
    const some = copies.slice(from, from + copiesAtOnce);
    const tenantIds = some.map(({ tenantId }) => tenantId);
    // A copy is never a tenant's own server.
    const at = some.map((copy) => ({ tenantId: copy.tenantId, keyManager: copy.id }));
    await database.inInstallation(async (tx) => {
      await insertRevocationsAt(tx, at, { revoked: targets, revokedBy: displayName });
      if (after) await insertAuditEventsOfCopies(tx, { id, tenantIds }, { ...source, subjectName: displayName, after });
    });
  }
  return true;
}

/** What the audit tells; null where only single tokens were revoked. */
function cutOffs(targets: readonly Target[]) {
  const cut = targets.filter(({ issuedBefore }) => issuedBefore !== null);
  return cut.length === 0
    ? null
    : { revoked: cut.map(({ kind, value, issuedBefore }) => ({ kind, value, issuedBefore })) };
}
