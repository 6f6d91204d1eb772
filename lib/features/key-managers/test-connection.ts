import type { Connector, KeyManagerSettings, ProbeResult } from "#lib/connector-kit/contract.ts";
import { findKeyManager } from "#lib/data/key-managers.ts";
import { AppError, type FieldProblem } from "#lib/foundation/errors.ts";
import type { KeyManagerId } from "#lib/foundation/ids.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { actorId, type Context } from "../context.ts";
import { defineInquiry } from "../verb.ts";
import { foreignHosts, isBlank, parseConnection, secretPaths } from "./connection.ts";
import { TestConnectionInput, TestStoredConnectionInput, type ConnectionTestView, type ProbePart } from "./contract.ts";
import { connectorOf, openAdapter, openKeyManager, openStoredConnection, settingsOf } from "./open.ts";
import { probeAccess, probeServer, type ProbedServer } from "./probes.ts";
import { hostProblems, refuseProblems, requireConnector } from "./rules.ts";

/**
 * Tries the values of a form, saved or not, and writes nothing. With an id, secrets that were left blank
 * are taken from what is stored, under the same rule as when saving: never for a new address.
 *
 * @throws {AppError} `input.invalid` with problems at their fields, `key_manager.not_found`, `limit.exceeded`
 */
export const testConnection = defineInquiry({
  action: "key_manager.test",
  permission: "key_manager:write",
  input: TestConnectionInput,
  async run(ctx, input): Promise<ConnectionTestView> {
    const { part, id, connectorId, tokenTypes, connection: raw, confirmedHosts, ...general } = input;
    const record = id === undefined ? undefined : await readRecord(ctx, id as KeyManagerId);
    const connector = record ? connectorOf(record) : requireConnector(connectorId);
    await admit(ctx, part);
    if (part === "server") {
      return { part, results: await probeServer(ctx.deps, { ...general, connector }), problems: [] };
    }

    if (!tokenTypes.includes("DIRECT") && isBlank(connector, raw)) return { part, results: [noSignIn], problems: [] };
    const stored = record && openStoredConnection(ctx.deps, ctx.tenant.id, record);
    const connection = parseConnection(connector, raw, general, stored);
    const confirmed = record ? [...foreignHosts(record.issuer, record.endpoints).keys()] : [];
    refuseProblems([
      ...hostProblems({ ...general, confirmedHosts }, confirmed),
      ...(connection.ok ? [] : connection.problems),
    ]);
    if (!connection.ok) throw new Error("A connection with problems was not refused.");
    const settings = settingsOf(general, connection.connection);
    const { plain, secrets } = connection.split;
    const results = await access(ctx, { connector, settings, secrets });
    return { part, results, problems: refusedSecrets(results, secretPaths(connector, plain)) };
  },
});

/**
 * Tries a key manager as it is stored, and writes nothing.
 *
 * @throws {AppError} `key_manager.not_found`, `key_manager.misconfigured`, `limit.exceeded`
 */
export const testStoredConnection = defineInquiry({
  action: "key_manager.test_stored",
  permission: "key_manager:write",
  input: TestStoredConnectionInput,
  async run(ctx, { part, id }): Promise<ConnectionTestView> {
    await admit(ctx, part);
    const record = await readRecord(ctx, id as KeyManagerId);
    const connector = connectorOf(record);
    if (part === "server") {
      const server: ProbedServer = { ...record, connector };
      return { part, results: await probeServer(ctx.deps, server), problems: [] };
    }
    if (record.tokenType === "EXCHANGED" && isBlank(connector, record.connection)) {
      return { part, results: [noSignIn], problems: [] };
    }
    const { settings } = await openKeyManager(ctx, record.id);
    const { secrets } = openStoredConnection(ctx.deps, ctx.tenant.id, record);
    return { part, results: await access(ctx, { connector, settings, secrets }), problems: [] };
  },
});

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

function access(ctx: Context, { connector, settings, secrets }: Opened) {
  return probeAccess(ctx.deps, openAdapter(ctx.deps, connector, settings), Object.values(secrets));
}

function admit(ctx: Context, part: ProbePart): Promise<void> {
  return ctx.deps.probeLimiter.admit(part, actorId(ctx.actor) ?? ctx.tenant.id);
}

async function readRecord(ctx: Context, id: KeyManagerId) {
  const record = await ctx.deps.database.inTenant(ctx.tenant.id, (tx) => findKeyManager(tx, id));
  if (!record) throw new AppError("key_manager.not_found");
  return record;
}
