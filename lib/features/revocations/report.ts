import { findConnector } from "#connectors/registry.ts";
import { insertAuditEvent, insertAuditEventsOfCopies } from "#lib/data/audit.ts";
import type { InstallationContext } from "#lib/data/database.ts";
import { findTenantReporter, noteCredentialUse, type TenantReporter } from "#lib/data/gateway-credentials.ts";
import {
  findInstallationReporter,
  noteGlobalReporterUse,
  type InstallationReporter,
} from "#lib/data/global-reporters.ts";
import { insertRevocationsOfTenants } from "#lib/data/revocations.ts";
import { newId } from "#lib/foundation/ids.ts";
import type { Dependencies } from "../context.ts";
import { revocationName } from "./name.ts";
import { readReport, type Target } from "./read-report.ts";

type ReportDependencies = Pick<Dependencies, "database" | "clock">;

/** An authorization server that proved itself: a tenant's, or one of the installation. */
export type Reporter = { kind: "tenant"; of: TenantReporter } | { kind: "installation"; of: InstallationReporter };

const action = "revocation.report";

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
 * @returns how many entries the gateways now refuse
 * @throws {AppError} `input.invalid`
 */
export async function reportRevocations(
  { database, clock }: ReportDependencies,
  reporter: Reporter,
  report: Record<string, unknown>,
): Promise<number> {
  const now = clock.now();
  const targets = readReport(report, now);
  await database.inInstallation((tx) =>
    reporter.kind === "tenant" ? takeOver(tx, reporter.of, targets) : takeOverEverywhere(tx, reporter.of, targets),
  );
  await database.inInstallation((tx) =>
    reporter.kind === "tenant"
      ? noteCredentialUse(tx, new Map([[reporter.of.id, now]]))
      : noteGlobalReporterUse(tx, reporter.of.id, now),
  );
  return targets.length;
}

async function takeOver(
  tx: InstallationContext,
  { tenantId, name, keyManager }: TenantReporter,
  targets: readonly Target[],
): Promise<void> {
  const at = revocationName(keyManager.id, findConnector(keyManager.connectorId));
  const rows = targets.map((target) => ({ ...target, tenantId, keyManager: at }));
  await insertRevocationsOfTenants(tx, rows, name);
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

async function takeOverEverywhere(
  tx: InstallationContext,
  { id, displayName, copies }: InstallationReporter,
  targets: readonly Target[],
): Promise<void> {
  // A copy is never a tenant's own server.
  const rows = copies.flatMap((copy) =>
    targets.map((target) => ({ ...target, tenantId: copy.tenantId, keyManager: copy.id })),
  );
  await insertRevocationsOfTenants(tx, rows, displayName);
  const after = cutOffs(targets);
  if (!after) return;
  const source = { actorId: null, actorName: displayName, action, requestId: newId() };
  await insertAuditEventsOfCopies(tx, { id }, { ...source, subjectName: displayName, after });
}

/** What the audit tells; null where only single tokens were revoked. */
function cutOffs(targets: readonly Target[]) {
  const cut = targets.filter(({ issuedBefore }) => issuedBefore !== null);
  return cut.length === 0
    ? null
    : { revoked: cut.map(({ kind, value, issuedBefore }) => ({ kind, value, issuedBefore })) };
}
