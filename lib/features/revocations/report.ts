import { findConnector } from "#connectors/registry.ts";
import { insertAuditEvent } from "#lib/data/audit.ts";
import { findReporter, noteCredentialUse, type Reporter } from "#lib/data/gateway-credentials.ts";
import { insertRevocations } from "#lib/data/revocations.ts";
import { newId, tokenDigest } from "#lib/foundation/ids.ts";
import type { Dependencies } from "../context.ts";
import { revocationName } from "./name.ts";
import { readReport } from "./read-report.ts";

type ReportDependencies = Pick<Dependencies, "database" | "clock">;

/** Which authorization server has this credential; null where none has. */
export function recogniseReporter({ database }: ReportDependencies, credential: string): Promise<Reporter | null> {
  return database.inInstallation((tx) => findReporter(tx, tokenDigest(credential)));
}

/**
 * Takes over what an authorization server says that it revoked: of its own tokens, in the tenant of its credential. It
 * may say so twice. Cut-offs of consumer keys and subjects leave an audit row; single tokens are told by the list.
 *
 * @param report parsed JSON
 * @returns how many entries the gateways now refuse
 * @throws {AppError} `input.invalid`
 */
export async function reportRevocations(
  { database, clock }: ReportDependencies,
  { id, tenantId, name, keyManager }: Reporter,
  report: Record<string, unknown>,
): Promise<number> {
  const now = clock.now();
  const targets = readReport(report, now);
  const keyManagerName = revocationName(keyManager.id, findConnector(keyManager.connectorId));
  await database.inTenant(tenantId, async (tx) => {
    await insertRevocations(
      tx,
      targets.map((target) => ({ ...target, keyManager: keyManagerName })),
      name,
    );
    const cutOff = targets.filter(({ issuedBefore }) => issuedBefore !== null);
    if (cutOff.length === 0) return;
    await insertAuditEvent(tx, {
      ...{ actorId: null, actorName: name, action: "revocation.report", requestId: newId() },
      ...{ subjectType: "key_manager", subjectId: keyManager.id, subjectName: keyManager.displayName },
      after: { revoked: cutOff.map(({ kind, value, issuedBefore }) => ({ kind, value, issuedBefore })) },
    });
  });
  await database.inInstallation((tx) => noteCredentialUse(tx, new Map([[id, now]])));
  return targets.length;
}
