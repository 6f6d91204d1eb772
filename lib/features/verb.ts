/**
 * The wrappers that every operation goes through. What they do cannot be forgotten by a verb: the
 * permission check, parsing of the input, the transaction, and the audit row inside it.
 */
import type { z } from "zod";
import { insertAuditEvent } from "#lib/data/audit.ts";
import type { InstallationContext, TenantContext } from "#lib/data/database.ts";
import { AppError, isAppError } from "#lib/foundation/errors.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { actorId, type Actor, type Context, type InstallationCaller } from "./context.ts";
import { rolesGranting, type Permission } from "./permissions.ts";

/** What a change leaves in the audit: its subject, and the fields before and after, without secrets. */
export type AuditEntry = {
  subject: { type: string; id: string; name: string };
  before?: unknown;
  after?: unknown;
};

/** What a query runs with: the caller and the transaction. Pass it on to functions of lib/data. */
export type QueryContext = Context & TenantContext;
/** What a mutation runs with: it must call `audit` at least once. */
export type MutationContext = QueryContext & { audit(entry: AuditEntry): void };

type Input = z.ZodType;
type Raw<I extends Input> = z.input<I>;
type Parsed<I extends Input> = z.output<I>;

/** An operation as pages, actions and routes see it. Input is parsed inside: pass what came in. */
export type Verb<I extends Input, O> = ((ctx: Context, input: Raw<I>) => Promise<O>) & {
  readonly action: string;
  readonly permission: Permission;
  readonly input: I;
};

type Definition<I extends Input> = { action: string; permission: Permission; input: I };

/**
 * A read.
 *
 * @throws {AppError} `auth.forbidden`, `input.invalid`, and what `run` throws
 */
export function defineQuery<I extends Input, O>(
  definition: Definition<I> & { run(ctx: QueryContext, input: Parsed<I>): Promise<O> },
): Verb<I, O> {
  return describe(definition, async (ctx, raw) => {
    const input = admit(ctx, definition, raw);
    return ctx.deps.database.inTenant(ctx.tenant.id, (tx) => definition.run({ ...ctx, ...tx }, input));
  });
}

/**
 * A read that the tenant's transaction does not hold: a question to an authorization server, or to other tenants as
 * well. No transaction is open while `run` works: it opens short ones of its own.
 *
 * @throws {AppError} `auth.forbidden`, `input.invalid`, and what `run` throws
 */
export function defineInquiry<I extends Input, O>(
  definition: Definition<I> & { run(ctx: Context, input: Parsed<I>): Promise<O> },
): Verb<I, O> {
  return describe(definition, (ctx, raw) =>
    // Inside a promise, so that a refusal arrives as one too.
    Promise.resolve().then(() => definition.run(ctx, admit(ctx, definition, raw))),
  );
}

/**
 * A change in our own database: one transaction that holds the change and its audit rows.
 *
 * - `look` (no transaction): asks others, such as an authorization server, for what the change should store.
 *
 * @throws {AppError} `auth.forbidden`, `input.invalid`, and what `run` throws
 * @throws {Error} when `run` gave no audit entry, after rolling back
 */
export function defineMutation<I extends Input, O, Seen = undefined>(
  definition: Definition<I> &
    Looking<Context, I, Seen> & {
      run(ctx: MutationContext, input: Parsed<I>, seen: Seen): Promise<O>;
    },
): Verb<I, O> {
  return describe(definition, async (ctx, raw) => {
    const input = admit(ctx, definition, raw);
    const seen = await lookBefore(definition, ctx, input);
    return inAuditedTransaction(ctx, definition.action, (mutation) => definition.run(mutation, input, seen));
  });
}

/** The step before a transaction; a change that needs none leaves it out. */
type Looking<Caller, I extends Input, Seen> = { look?(caller: Caller, input: Parsed<I>): Promise<Seen> };

/** Without `look`, `Seen` is undefined by the definition's own type. */
async function lookBefore<Caller, I extends Input, Seen>(
  { look }: Looking<Caller, I, Seen>,
  caller: Caller,
  input: Parsed<I>,
): Promise<Seen> {
  return look ? look(caller, input) : (undefined as Seen);
}

/** How the call to a key manager ended. */
export type CallOutcome<T> = { ok: true; value: T } | { ok: false; error: unknown };

/**
 * A change at a key manager: its intent is stored before the vendor is called, and the outcome after, so
 * that a crash in between leaves something to resume or undo. No transaction is open during `call`.
 *
 * - `intend` (transaction): checks the rules and stores what is about to happen.
 * - `call` (no transaction): talks to the key manager.
 * - `settle` (transaction, audited): stores the outcome and returns the view; or a refusal, which is thrown
 *   after what it wrote has been committed. A refusal that wrote nothing needs no audit entry. It is tried
 *   again when the database fails, because the outcome of the call exists nowhere else.
 * - `finish` (no transaction): what may follow once nothing can be lost any more, such as a first token.
 *
 * Every step must be safe to repeat.
 */
export function defineProvisioning<I extends Input, Intent, Answer, O>(
  definition: Definition<I> & {
    intend(ctx: QueryContext, input: Parsed<I>): Promise<Intent>;
    call(ctx: Context, intent: Intent): Promise<Answer>;
    settle(ctx: MutationContext, intent: Intent, outcome: CallOutcome<Answer>): Promise<Settled<O>>;
    finish?(ctx: Context, view: O, outcome: { intent: Intent; answer: CallOutcome<Answer> }): Promise<O>;
  },
): Verb<I, O> {
  return describe(definition, async (ctx, raw) => {
    const input = admit(ctx, definition, raw);
    const { database } = ctx.deps;
    const intent = await database.inTenant(ctx.tenant.id, (tx) => definition.intend({ ...ctx, ...tx }, input));
    const answer = await outcomeOf(definition.call(ctx, intent));
    const settled = await settleAudited(ctx, definition.action, (mutation) =>
      definition.settle(mutation, intent, answer),
    );
    if ("refused" in settled) throw settled.refused;
    return definition.finish ? definition.finish(ctx, settled.view, { intent, answer }) : settled.view;
  });
}

/** What `settle` returns: a view, or a refusal that is thrown after its transaction has committed. */
export type Settled<O> = { view: O } | { refused: AppError };

/** Waits for a call to a key manager, and takes a failure as an outcome. */
export function outcomeOf<T>(call: Promise<T>): Promise<CallOutcome<T>> {
  return call.then(
    (value): CallOutcome<T> => ({ ok: true, value }),
    (error: unknown): CallOutcome<T> => ({ ok: false, error }),
  );
}

const settleDelaysMs = [200, 1_000, 3_000];

/**
 * Stores how a call ended, in a transaction with its audit rows. Tried again while the database fails:
 * until it is stored, the outcome is in memory only. Unlike a mutation it may end without an audit entry,
 * because a call that got nowhere may leave nothing to tell.
 */
export async function settleAudited<T>(
  ctx: Context,
  action: string,
  settle: (mutation: MutationContext) => Promise<T>,
): Promise<T> {
  for (const [attempt, delayMs] of settleDelaysMs.entries()) {
    try {
      return await auditedTransaction({ ctx, action, auditRequired: false }, settle);
    } catch (error) {
      if (isAppError(error)) throw error;
      ctx.deps.log.error({ error, action, attempt }, "the outcome of a call to a key manager could not be stored yet");
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
  return auditedTransaction({ ctx, action, auditRequired: false }, settle);
}

/** Runs audited work as somebody, for jobs and set-up that are no verb. */
export function inAuditedTransaction<T>(
  ctx: Context,
  action: string,
  work: (mutation: MutationContext) => Promise<T>,
): Promise<T> {
  return auditedTransaction({ ctx, action, auditRequired: true }, work);
}

async function auditedTransaction<T>(
  { ctx, action, auditRequired }: { ctx: Context; action: string; auditRequired: boolean },
  work: (mutation: MutationContext) => Promise<T>,
): Promise<T> {
  return ctx.deps.database.inTenant(ctx.tenant.id, async (tx) => {
    const entries: AuditEntry[] = [];
    const result = await work({ ...ctx, ...tx, audit: (entry) => void entries.push(entry) });
    if (auditRequired && entries.length === 0) {
      throw new Error(`${action} changed something without an audit entry.`);
    }
    for (const entry of entries) await writeAudit(tx, ctx, action, entry);
    return result;
  });
}

async function writeAudit(tx: TenantContext, caller: InstallationCaller, action: string, entry: AuditEntry) {
  await insertAuditEvent(tx, {
    ...auditSource(caller, action),
    subjectType: entry.subject.type,
    subjectId: entry.subject.id,
    subjectName: entry.subject.name,
    before: entry.before,
    after: entry.after,
  });
}

/** Who did what, as an audit row tells it. */
export function auditSource({ actor, requestId }: InstallationCaller, action: string) {
  return { actorId: actorId(actor), actorName: actor.name, action, requestId };
}

/** An operation of the installation itself, open to operators only. */
export type OperatorVerb<I extends Input, O> = ((caller: InstallationCaller, input: Raw<I>) => Promise<O>) & {
  readonly action: string;
  readonly input: I;
};

/** Work outside any single tenant, that writes its audit rows into the histories of those whom it concerns. */
type AuditedInstallation = InstallationContext & { auditIn(tenantId: TenantId, entry: AuditEntry): Promise<void> };

/**
 * What an operator's change runs with. Its audit row stands in the tenant that the change concerns, or under
 * `installationHistory` where it concerns the installation itself.
 */
export type OperatorContext = InstallationCaller & AuditedInstallation;

/**
 * What work between tenants runs with. No tenant's filter and no row-level security stands behind it, so each
 * function of lib/data that it calls must be told the tenants; those that take a tenant's context do not accept it.
 */
export type CrossTenantContext = Context & AuditedInstallation;

/**
 * An operation that concerns the caller's tenant and another one. It must look at both sides itself.
 *
 * @throws {AppError} `auth.forbidden`, `input.invalid`, and what `run` throws
 */
export function defineCrossTenantVerb<I extends Input, O>(
  definition: Definition<I> & { run(ctx: CrossTenantContext, input: Parsed<I>): Promise<O> },
): Verb<I, O> {
  return describe(definition, async (ctx, raw) => {
    const input = admit(ctx, definition, raw);
    // Another tenant's history tells which tenant acted; who it was there is that tenant's business.
    const stranger: Actor = { kind: "system", name: `Somebody of ${ctx.tenant.name}` };
    const auditedAs = (tenantId: TenantId) => (tenantId === ctx.tenant.id ? ctx.actor : stranger);
    return inAuditedInstallation(ctx, { action: definition.action, auditedAs }, (tx) =>
      definition.run({ ...ctx, ...tx }, input),
    );
  });
}

function inAuditedInstallation<T>(
  caller: InstallationCaller,
  { action, auditedAs = () => caller.actor }: { action: string; auditedAs?: (tenantId: TenantId) => Actor },
  work: (tx: AuditedInstallation) => Promise<T>,
): Promise<T> {
  return caller.deps.database.inInstallation((tx) =>
    work({
      ...tx,
      // The installation's transaction sees every tenant; the row names the one it belongs to.
      auditIn: (tenantId, entry) =>
        writeAudit({ ...tx, tenantId }, { ...caller, actor: auditedAs(tenantId) }, action, entry),
    }),
  );
}

/**
 * A read or change of the installation, for operators. `look` works as in `defineMutation`.
 *
 * @throws {AppError} `auth.forbidden` for anybody else, `input.invalid`, and what `run` throws
 */
export function defineOperatorVerb<I extends Input, O, Seen = undefined>(
  definition: {
    action: string;
    input: I;
    run(ctx: OperatorContext, input: Parsed<I>, seen: Seen): Promise<O>;
  } & Looking<InstallationCaller, I, Seen>,
): OperatorVerb<I, O> {
  const verb = async (caller: InstallationCaller, raw: Raw<I>): Promise<O> => {
    requireOperatorActor(caller);
    const input = parseInput(definition.input, raw);
    const seen = await lookBefore(definition, caller, input);
    return inAuditedInstallation(caller, { action: definition.action }, (tx) =>
      definition.run({ ...caller, ...tx }, input, seen),
    );
  };
  return Object.assign(verb, { action: definition.action, input: definition.input });
}

/**
 * A question of an operator to an authorization server that changes nothing here. No transaction is open while
 * `run` works: it opens short ones of its own.
 *
 * @throws {AppError} `auth.forbidden` for anybody else, `input.invalid`, and what `run` throws
 */
export function defineOperatorInquiry<I extends Input, O>(definition: {
  action: string;
  input: I;
  run(caller: InstallationCaller, input: Parsed<I>): Promise<O>;
}): OperatorVerb<I, O> {
  const verb = async (caller: InstallationCaller, raw: Raw<I>): Promise<O> => {
    requireOperatorActor(caller);
    return definition.run(caller, parseInput(definition.input, raw));
  };
  return Object.assign(verb, { action: definition.action, input: definition.input });
}

/** @throws {AppError} `auth.forbidden` for a person who is no operator */
export function requireOperatorActor({ actor }: InstallationCaller): void {
  if (actor.kind === "system" || actor.isOperator) return;
  throw new AppError("auth.forbidden", { message: "Only an operator of this installation may do this." });
}

function describe<I extends Input, O>(
  { action, permission, input }: Definition<I>,
  run: (ctx: Context, raw: Raw<I>) => Promise<O>,
): Verb<I, O> {
  return Object.assign(run, { action, permission, input });
}

function admit<I extends Input>(ctx: Context, definition: Definition<I>, raw: Raw<I>): Parsed<I> {
  requirePermission(ctx, definition.permission);
  return parseInput(definition.input, raw);
}

/** @throws {AppError} `auth.forbidden`, naming the roles that may */
export function requirePermission(ctx: Context, permission: Permission): void {
  if (ctx.permissions.has(permission)) return;
  const who = rolesGranting(permission)
    .map((role) => role.toLowerCase())
    .join(" or ");
  throw new AppError("auth.forbidden", { message: `Only a person with the role ${who} may do this.` });
}

/** @throws {AppError} `input.invalid`, with every problem at its field */
export function parseInput<I extends Input>(schema: I, raw: unknown): Parsed<I> {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  throw new AppError("input.invalid", { fields });
}
