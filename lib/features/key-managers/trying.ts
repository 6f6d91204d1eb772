/** Trying a connection: what a form holds, or what is stored. Nothing is written. */
import type { Connector, KeyManagerSettings, ProbeResult } from "#lib/connector-kit/contract.ts";
import type { KeyManagerValues } from "#lib/data/key-managers.ts";
import type { FieldProblem } from "#lib/foundation/errors.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import type { z } from "zod";
import { actorId, type InstallationCaller } from "../context.ts";
import { foreignHosts, isBlank, parseConnection, secretPaths } from "./connection.ts";
import type { ConnectionTestView, ProbePart, TestConnectionInput, UpdateKeyManagerInput } from "./contract.ts";
import { connectorOf, openAdapter, openStored, openStoredConnection, settingsOf } from "./open.ts";
import { probeAccess, probeServer, type ProbedServer } from "./probes.ts";
import { hostProblems, refuseProblems, requireConnector } from "./rules.ts";
import type { SealedRow } from "./secrets.ts";

/** A key manager as it is stored, and the row where its secrets are sealed. */
export type StoredKeyManager = {
  values: KeyManagerValues & { id: string; revision: number; updatedAt: Date };
  row: SealedRow;
};

/**
 * Tries what a form holds. Secrets that were left blank are taken from what is stored, under the same rule as when
 * saving: never for a new address.
 *
 * @throws {AppError} `input.invalid` with problems at their fields, `limit.exceeded`
 */
export async function tryForm(
  caller: InstallationCaller,
  input: z.output<typeof TestConnectionInput>,
  stored: StoredKeyManager | undefined,
): Promise<ConnectionTestView> {
  const { part, id: _id, connectorId, tokenTypes, connection: raw, confirmedHosts, ...general } = input;
  const connector = stored ? connectorOf(stored.values) : requireConnector(connectorId);
  await admit(caller, part);
  if (part === "server") {
    const { results } = await probeServer(caller.deps, { ...general, connector });
    return { part, results, problems: [] };
  }

  if (!tokenTypes.includes("DIRECT") && isBlank(connector, raw)) return { part, results: [noSignIn], problems: [] };
  const opened = stored && openStoredConnection(caller.deps, stored.row, stored.values);
  const connection = parseConnection(connector, raw, general, opened);
  const confirmed = stored ? [...foreignHosts(stored.values.issuer, stored.values.endpoints).keys()] : [];
  refuseProblems([
    ...hostProblems({ ...general, confirmedHosts }, confirmed),
    ...(connection.ok ? [] : connection.problems),
  ]);
  if (!connection.ok) throw new Error("A connection with problems was not refused.");
  const settings = settingsOf(general, connection.connection);
  const { plain, secrets } = connection.split;
  const results = await access(caller, { connector, settings, secrets });
  return { part, results, problems: refusedSecrets(results, secretPaths(connector, plain)) };
}

/**
 * Tries a key manager as it is stored.
 *
 * @param remember stores whether it is a simulator, where that is news
 *
 * @throws {AppError} `key_manager.misconfigured`, `limit.exceeded`
 */
export async function tryStored(
  caller: InstallationCaller,
  part: ProbePart,
  { values, row }: StoredKeyManager,
  remember: (simulated: boolean) => Promise<void>,
): Promise<ConnectionTestView> {
  await admit(caller, part);
  const connector = connectorOf(values);
  if (part === "server") {
    const server: ProbedServer = { ...values, connector };
    const { results, simulated } = await probeServer(caller.deps, server);
    if (simulated !== undefined && simulated !== values.simulated) await remember(simulated);
    return { part, results, problems: [] };
  }
  if (values.tokenType === "EXCHANGED" && isBlank(connector, values.connection)) {
    return { part, results: [noSignIn], problems: [] };
  }
  const { settings } = openStored(caller.deps, row, values);
  const { secrets } = openStoredConnection(caller.deps, row, values);
  return { part, results: await access(caller, { connector, settings, secrets }), problems: [] };
}

/**
 * Refuses secrets that the server does not accept, so that they never take the place of those that work. It is asked
 * where the key manager is enabled and a secret was entered; one that does not answer refuses nothing.
 *
 * @throws {AppError} `input.invalid` at the secret, `limit.exceeded`
 */
export async function refuseDeadSecrets(
  caller: InstallationCaller,
  input: z.output<typeof UpdateKeyManagerInput>,
  { values, row }: StoredKeyManager,
): Promise<void> {
  if (!values.enabled) return;
  const connector = connectorOf(values);
  const stored = openStoredConnection(caller.deps, row, values);
  const connection = parseConnection(connector, input.connection, input, stored);
  const isElsewhere = hostProblems(input, [...foreignHosts(values.issuer, values.endpoints).keys()]).length > 0;
  // What is wrong with the form itself is told when it is saved.
  if (!connection.ok || isElsewhere || connection.entered.length === 0) return;
  await admit(caller, "access");
  const settings = settingsOf(input, connection.connection);
  const { plain, secrets } = connection.split;
  const results = await access(caller, { connector, settings, secrets });
  refuseProblems(refusedSecrets(results, secretPaths(connector, plain)));
}

function admit({ deps, actor }: InstallationCaller, part: ProbePart): Promise<void> {
  return deps.probeLimiter.admit(part, actorId(actor) ?? actor.name);
}

const noSignIn: ProbeResult = {
  step: "sign_in",
  status: "skipped",
  summary: "Its tokens are only exchanged, so the portal does not sign in there.",
  durationMs: 0,
};

/**
 * Where the server answered and refused the sign-in, the secret that it was tried with is what to look at:
 * forms ask for it first.
 */
function refusedSecrets(results: readonly ProbeResult[], paths: readonly string[]): FieldProblem[] {
  const refused = results.find(({ step, status, detail }) => step === "sign_in" && status === "failed" && detail);
  const [path] = paths;
  if (!refused || path === undefined) return [];
  return [{ path, message: `The server did not accept this: ${refused.detail ?? refused.summary}.` }];
}

type Opened = { connector: Connector; settings: KeyManagerSettings; secrets: Readonly<Record<string, Secret>> };

function access(ctx: InstallationCaller, { connector, settings, secrets }: Opened) {
  return probeAccess(ctx.deps, openAdapter(ctx.deps, connector, settings), Object.values(secrets));
}
