/** Brings the scopes at a key manager to what the tenant's APIs need there. */
import type { ScopeManagement } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { findKeyManager, type KeyManagerRecord } from "#lib/data/key-managers.ts";
import {
  deleteScopeMirror,
  handOverScope,
  listDueScopeMirrors,
  listSharedScopes,
  lockScopeMirrors,
  markWantedScopes,
  updateScopeMirror,
  type ScopeMirrorChange,
  type ScopeMirrorRecord,
} from "#lib/data/scope-mirrors.ts";
import { isAppError } from "#lib/foundation/errors.ts";
import { newId, type KeyManagerId, type TenantId } from "#lib/foundation/ids.ts";
import type { Context, Dependencies } from "../context.ts";
import { auditSubject } from "../key-managers/audit.ts";
import { toAppError } from "../key-managers/connector-errors.ts";
import { openKeyManager } from "../key-managers/open.ts";
import { changedNothing } from "../key-mappings/certainty.ts";
import { systemContext } from "../system.ts";
import { outcomeOf, settleAudited, type CallOutcome, type MutationContext } from "../verb.ts";
import { planMirror, retryDelaySeconds, type MirrorStep } from "./plan.ts";
import { mirrorJob, requestMirroring, scopeHolders } from "./request.ts";

/** How many scopes one run works at, and for how long it goes on beginning calls. */
const stepsAtOnce = 25;
const runMs = 45_000;
/** Nobody else works at a scope for so long: the calls that were begun may take their deadlines. */
const leaseMs = 100_000;
/** For what another tenant is just taking away. */
const waitForOthersSeconds = 30;

/** What came of a step. One for which there was no time is `postponed`; one that another tenant's must precede, `awaited`. */
type StepEnd = "made" | "changed" | "left" | "ours" | "removed" | "forgotten" | "handed_over" | "postponed" | "awaited";
type Ended = { step: MirrorStep; outcome: CallOutcome<StepEnd> };

/**
 * Makes, changes and removes scopes at one key manager until they are what the tenant's APIs need. Safe to repeat,
 * and to run twice at once: a scope is worked at by one run. What fails is noted with the server's words and tried
 * again ever later; it never takes anything from the API.
 */
export async function reconcileScopes(deps: Dependencies, tenantId: TenantId, id: string): Promise<void> {
  const keyManagerId = id as KeyManagerId;
  const ctx = await systemContext(deps, tenantId);
  if (!ctx) return;
  const keyManager = await deps.database.inTenant(tenantId, async (tx) => {
    await markWantedScopes(tx, { connectorIds: scopeHolders(), now: deps.clock.now() });
    return findKeyManager(tx, keyManagerId);
  });
  if (!keyManager?.enabled || keyManager.tokenType === "EXCHANGED") return;

  const opened = await outcomeOf(openScopes(ctx, keyManager));
  const attemptId = newId();
  const claimed = await claim(ctx, keyManager, { attemptId, there: opened.ok ? opened.value.there : null });
  if (claimed.length === 0) return;
  const deadline = Date.now() + runMs;
  const work = async (step: MirrorStep): Promise<StepEnd> => {
    if (!opened.ok) throw opened.error;
    return Date.now() > deadline ? "postponed" : perform(ctx, keyManager, { step, scopes: opened.value.scopes });
  };
  const ended: Ended[] = [];
  for (const step of claimed) ended.push({ step, outcome: await outcomeOf(work(step)) });
  await settleAudited(ctx, "scope_mirror.reconcile", (mutation) => settle(mutation, keyManager, { attemptId, ended }));
}

async function openScopes(ctx: Context, { id, displayName }: KeyManagerRecord) {
  try {
    const { scopes } = (await openKeyManager(ctx, id)).adapter;
    if (!scopes) throw new Error(`${displayName} holds no scopes although its connector says so.`);
    return { scopes, there: new Set((await scopes.list()).map(({ name }) => name)) };
  } catch (error) {
    throw toAppError(error, displayName);
  }
}

/**
 * Takes the next steps, so that nobody else works at them. A scope that is about to be made counts as made here from
 * this moment: should this process die, the next run knows whose it is.
 *
 * @param there names of the scopes at the key manager; null where it could not be asked
 */
async function claim(
  { deps, tenant }: Context,
  { id }: KeyManagerRecord,
  { attemptId, there }: { attemptId: string; there: ReadonlySet<string> | null },
): Promise<MirrorStep[]> {
  return deps.database.inTenant(tenant.id, async (tx) => {
    const now = deps.clock.now();
    const rows = await lockScopeMirrors(tx, id);
    // Where nothing is known of the key manager, only what waits can be said to have failed.
    const plan = there ? planMirror(rows, there, now) : planMirror(rows.filter(isWaiting), new Set(), now);
    const steps = plan.slice(0, stepsAtOnce);
    const leaseUntil = new Date(now.getTime() + leaseMs);
    for (const { kind, row } of steps) {
      const claims = there !== null && kind === "save" ? { madeHere: true } : {};
      // Should this process die, the next try is due when nobody can be at work any more.
      await updateScopeMirror(tx, { id: row.id }, { attemptId, leaseUntil, nextTryAt: leaseUntil, ...claims });
    }
    return steps;
  });
}

const isWaiting = ({ nextTryAt }: ScopeMirrorRecord) => nextTryAt !== null;

type Performance = { step: MirrorStep; scopes: ScopeManagement };

async function perform(ctx: Context, keyManager: KeyManagerRecord, { step, scopes }: Performance): Promise<StepEnd> {
  const { name, description } = step.row;
  switch (step.kind) {
    case "save":
      await scopes.save({ name, description });
      return step.claims ? "made" : "changed";
    case "leave":
      return judgeOther(ctx, keyManager, step.row);
    case "remove":
      return remove(ctx, keyManager, { step, scopes });
    case "forget":
      return "forgotten";
  }
}

/** Whose a scope is that this row did not make: one of the same server's other tenants made it, or somebody else. */
async function judgeOther({ deps }: Context, { issuer }: KeyManagerRecord, row: ScopeMirrorRecord): Promise<StepEnd> {
  const others = await deps.database.inInstallation((tx) =>
    listSharedScopes(tx, { issuer, name: row.name, exceptId: row.id }),
  );
  const makers = others.filter(({ madeHere }) => madeHere);
  if (makers.some(({ unwanted }) => unwanted)) return "awaited";
  return makers.length > 0 ? "ours" : "left";
}

/** Where another tenant needs the scope at the same server, it stays and is that tenant's from now on. */
async function remove(
  { deps }: Context,
  { issuer }: KeyManagerRecord,
  { step: { row }, scopes }: Performance,
): Promise<StepEnd> {
  const handedOver = await deps.database.inInstallation(async (tx) => {
    for (const other of await listSharedScopes(tx, { issuer, name: row.name, exceptId: row.id })) {
      if (!other.unwanted && (await handOverScope(tx, { from: row.id, to: other.id, now: deps.clock.now() })))
        return true;
    }
    return false;
  });
  if (handedOver) return "handed_over";
  try {
    await scopes.remove(row.name);
    return "removed";
  } catch (error) {
    // The server says that it is not ours any more: what somebody else has taken over stays.
    if (isConnectorError(error) && error.kind === "conflict") return "forgotten";
    throw error;
  }
}

async function settle(
  ctx: MutationContext,
  keyManager: KeyManagerRecord,
  { attemptId, ended }: { attemptId: string; ended: readonly Ended[] },
): Promise<void> {
  const told: Record<"made" | "changed" | "removed" | "failed", string[]> = {
    ...{ made: [], changed: [], removed: [], failed: [] },
  };
  const problems = new Set<string>();
  for (const { step, outcome } of ended) {
    const { row } = step;
    if (outcome.ok) {
      await settleEnd(ctx, { row, attemptId, end: outcome.value });
      const { value } = outcome;
      if (value === "made" || value === "changed" || value === "removed") told[value].push(row.name);
    } else {
      const problem = await settleFailure(ctx, keyManager, { step, attemptId, error: outcome.error });
      // Repeated failures are told on the page; in the history they would only be noise.
      if (row.attempts === 0) {
        told.failed.push(row.name);
        problems.add(problem);
      }
    }
  }
  const after = Object.fromEntries(Object.entries(told).filter(([, names]) => names.length > 0));
  if (Object.keys(after).length > 0) {
    ctx.audit({
      subject: auditSubject(keyManager),
      after: problems.size > 0 ? { ...after, problem: [...problems].join(" ") } : after,
    });
  }
  await requestMirroring(ctx);
}

const free = { attemptId: null, leaseUntil: null };
const settled = { ...free, nextTryAt: null, attempts: 0, problem: null };

async function settleEnd(
  ctx: MutationContext,
  { row, attemptId, end }: { row: ScopeMirrorRecord; attemptId: string; end: StepEnd },
): Promise<void> {
  const held = { id: row.id, attemptId };
  // Where somebody changed what is wanted in between, the next run sees to that, and may begin at once.
  const letGo = () => updateScopeMirror(ctx, { id: row.id }, { leaseUntil: null, nextTryAt: ctx.deps.clock.now() });
  const store = async (change: ScopeMirrorChange) => {
    if (!(await updateScopeMirror(ctx, held, change))) await letGo();
  };
  switch (end) {
    case "made":
    case "changed":
    case "ours":
      return store({ ...settled, state: "MIRRORED" });
    case "left":
      return store({ ...settled, state: "FOUND" });
    case "removed":
    case "forgotten":
      if (!(await deleteScopeMirror(ctx, held))) await letGo();
      return;
    case "handed_over":
      return;
    case "postponed":
      return store({ ...free, nextTryAt: ctx.deps.clock.now() });
    case "awaited":
      return store({ ...free, nextTryAt: later(ctx, waitForOthersSeconds) });
  }
}

async function settleFailure(
  ctx: MutationContext,
  { displayName }: KeyManagerRecord,
  { step, attemptId, error }: { step: MirrorStep; attemptId: string; error: unknown },
): Promise<string> {
  const { row } = step;
  const { message, retryAfterSeconds } = describe(ctx, error, displayName);
  // Nothing of ours stands there after a refusal; after a silence it may.
  const unclaimed = step.kind === "save" && step.claims && changedNothing(error) ? { madeHere: false } : {};
  await updateScopeMirror(
    ctx,
    { id: row.id, attemptId },
    {
      ...free,
      ...unclaimed,
      state: "FAILED",
      problem: message,
      attempts: row.attempts + 1,
      nextTryAt: later(ctx, retryDelaySeconds(row.attempts, retryAfterSeconds)),
    },
  );
  return message;
}

function describe(
  ctx: Context,
  error: unknown,
  name: string,
): { message: string; retryAfterSeconds?: number | undefined } {
  if (isConnectorError(error) || isAppError(error)) return toAppError(error, name);
  ctx.deps.log.error({ error }, "a scope could not be mirrored");
  return { message: `Something went wrong on our side while we talked to ${name}.` };
}

function later({ deps }: Context, seconds: number): Date {
  return new Date(deps.clock.now().getTime() + seconds * 1_000);
}

/** What has been due for so long has lost its job. */
const forgottenAfterMs = 2 * 60_000;
const atOnce = 200;

/** Enqueues a look at every key manager at which something has been due for minutes. @returns how many */
export async function reconcileForgottenScopes(deps: Dependencies): Promise<number> {
  const before = new Date(deps.clock.now().getTime() - forgottenAfterMs);
  const due = await deps.database.inInstallation((tx) => listDueScopeMirrors(tx, { before, limit: atOnce }));
  for (const { tenantId, keyManagerId } of due) {
    await deps.database.inTenant(tenantId, (tx) => deps.jobs.enqueue(tx, mirrorJob(tenantId, keyManagerId)));
  }
  return due.length;
}
