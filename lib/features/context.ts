import type { Database, TenantContext } from "#lib/data/database.ts";
import type { Vault } from "#lib/data/vault.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import type { DeriveSecret } from "#lib/foundation/derived-secret.ts";
import type { PersonId, TenantId } from "#lib/foundation/ids.ts";
import type { Log } from "#lib/foundation/log.ts";
import type { OutboundFetch, RefuseAddress } from "#lib/foundation/outbound-contract.ts";
import type { ExplainCall } from "./explanations/contract.ts";
import type { InspectToken } from "./revocations/contract.ts";
import type { SignInLimiter } from "./identity/sign-in-limiter.ts";
import type { Answering } from "./key-managers/answering.ts";
import type { OpenedAdapters } from "./key-managers/opened.ts";
import type { ProbeLimiter } from "./key-managers/probe-limiter.ts";
import type { Permission } from "./permissions.ts";

/** Who acts: a signed-in person, or the installation itself (jobs, set-up). */
export type Actor =
  | { kind: "person"; personId: PersonId; name: string; email: string; isOperator: boolean }
  | { kind: "system"; name: string };

/** A piece of background work. It carries ids, never payloads or secrets: the worker reads the state afresh. */
export type Job = {
  kind: string;
  tenantId: TenantId;
  subjectId: string;
  /** Not before this many seconds from now. */
  delaySeconds?: number;
};

export type JobQueue = {
  /** Enqueues in the caller's transaction: if that rolls back, there is no job. */
  enqueue(tx: TenantContext, job: Job): Promise<void>;
};

/** The singletons that verbs work with; lib/runtime.ts builds them once. */
export type Dependencies = {
  database: Database;
  vault: Vault;
  clock: Clock;
  log: Log;
  outbound: OutboundFetch;
  refuseAddress: RefuseAddress;
  jobs: JobQueue;
  signInLimiter: SignInLimiter;
  probeLimiter: ProbeLimiter;
  openedAdapters: OpenedAdapters;
  answering: Answering;
  explainCall: ExplainCall;
  inspectToken: InspectToken;
  /** Secrets that are derived instead of stored, such as those between the portal and its own authorization server. */
  derive: DeriveSecret;
  /** Scheme, host and port under which people and gateways reach this installation. */
  origin: string;
};

/** A caller inside one tenant. Pages and routes get it from lib/web, jobs build their own. */
export type Context = {
  readonly tenant: { readonly id: TenantId; readonly slug: string; readonly name: string };
  readonly actor: Actor;
  readonly permissions: ReadonlySet<Permission>;
  readonly requestId: string;
  readonly deps: Dependencies;
};

/** A caller outside any tenant: an operator, somebody signing in, or the installation itself. */
export type InstallationCaller = {
  readonly actor: Actor;
  readonly requestId: string;
  readonly deps: Dependencies;
};

/** The person's id, or null for the installation itself. */
export function actorId(actor: Actor): PersonId | null {
  return actor.kind === "person" ? actor.personId : null;
}
