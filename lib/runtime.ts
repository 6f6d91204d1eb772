/**
 * The composition root: builds every singleton once and hands it on. It is the only place that knows how
 * the parts fit together.
 *
 * server.ts loads this file in plain Node and Next.js bundles another copy of it; the runtime itself is
 * kept on globalThis, so both find the same one.
 */
import { connectors } from "#connectors/registry.ts";
import { createAuthorizationServer, type AuthorizationServer } from "./authorization-server/server.ts";
import { openDatabase, type Database } from "./data/database.ts";
import { isDatabaseReady } from "./data/health.ts";
import { openJobStore } from "./data/jobs.ts";
import { createVault } from "./data/vault.ts";
import { systemClock } from "./foundation/clock.ts";
import { createDeriveSecret } from "./foundation/derived-secret.ts";
import { env, type Env } from "./foundation/env.ts";
import { createLog } from "./foundation/log.ts";
import type { OutboundFetch } from "./foundation/outbound-contract.ts";
import { createOutbound } from "./foundation/outbound.ts";
import type { Dependencies } from "./features/context.ts";
import { createSignInLimiter } from "./features/identity/sign-in-limiter.ts";
import { createAnswering } from "./features/key-managers/answering.ts";
import { createOpenedAdapters } from "./features/key-managers/opened.ts";
import { createProbeLimiter } from "./features/key-managers/probe-limiter.ts";
import { startJobs } from "./jobs/start.ts";
import { createExplainCall, createInspectToken } from "./runtime/validator-for-people.ts";
import { createSubjectTokenVerifier } from "./runtime/subject-tokens.ts";

export type Runtime = {
  env: Env;
  deps: Dependencies;
  /** The built-in authorization servers of all tenants. */
  authorizationServer: AuthorizationServer;
  /** True where the database answers. */
  isReady(): Promise<boolean>;
  /** Begins to run jobs and schedules in this process; `close` ends them. */
  startBackgroundWork(): Promise<void>;
  close(): Promise<void>;
};

const place = Symbol.for("latchkey.runtime");
type Holder = { [place]?: Runtime | undefined };

/** The runtime of this process, built on first use. */
export function runtime(): Runtime {
  const holder = globalThis as Holder;
  holder[place] ??= buildRuntime(env());
  return holder[place];
}

function buildRuntime(env: Env): Runtime {
  const [vaultKey] = env.LATCHKEY_VAULT_KEYS;
  if (!vaultKey) throw new Error("LATCHKEY_VAULT_KEYS is empty.");
  const database: Database = openDatabase({ url: env.DATABASE_URL });
  const base = {
    database,
    vault: createVault(env.LATCHKEY_VAULT_KEYS),
    clock: systemClock,
    log: createLog(env.LOG_LEVEL),
    derive: createDeriveSecret(vaultKey.key),
    origin: env.LATCHKEY_ORIGIN,
  };
  const goOut = createOutbound({ allow: env.LATCHKEY_OUTBOUND_ALLOW, log: base.log });
  // Our own issuers answer in this process; everything else leaves it through the guard.
  const outbound: OutboundFetch = (url, init) =>
    authorizationServer.owns(url) ? authorizationServer.fetch(url, init) : goOut(url, init);
  const authorizationServer = createAuthorizationServer({
    ...base,
    verifySubjectToken: createSubjectTokenVerifier({ ...base, outbound }),
    connectorIds: connectors.filter((connector) => connector.permanent).map(({ id }) => id),
  });
  const jobStore = openJobStore({ url: env.DATABASE_URL, log: base.log });
  const deps: Dependencies = {
    ...base,
    outbound,
    refuseAddress: goOut.refuseAddress,
    jobs: jobStore,
    signInLimiter: createSignInLimiter(database),
    probeLimiter: createProbeLimiter(database),
    openedAdapters: createOpenedAdapters(),
    answering: createAnswering(base.clock),
    explainCall: createExplainCall(() => deps),
    inspectToken: createInspectToken(() => deps),
  };
  return {
    env,
    deps,
    authorizationServer,
    isReady: () => isDatabaseReady(database),
    startBackgroundWork: () =>
      startJobs(jobStore, deps, [
        { name: "authorization_server.maintain", cron: "*/30 * * * *", run: () => authorizationServer.maintain() },
      ]),
    async close() {
      await jobStore.stop(10_000);
      await goOut.close();
      await database.close();
    },
  };
}
