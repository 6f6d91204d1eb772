/** What integration tests start from: a database, a fresh tenant, and callers with chosen roles. */
import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { installationDb, openDatabase, type Database } from "#lib/data/database.ts";
import type { VerifySubjectToken } from "#lib/authorization-server/token-exchange.ts";
import { createVault } from "#lib/data/vault.ts";
import type { Context, Dependencies, Job } from "#lib/features/context.ts";
import { createSignInLimiter } from "#lib/features/identity/sign-in-limiter.ts";
import { createAnswering } from "#lib/features/key-managers/answering.ts";
import { createOpenedAdapters } from "#lib/features/key-managers/opened.ts";
import { createProbeLimiter } from "#lib/features/key-managers/probe-limiter.ts";
import { permissionsOf, type Role } from "#lib/features/permissions.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { createDeriveSecret } from "#lib/foundation/derived-secret.ts";
import { newId, randomToken, type PersonId, type TenantId } from "#lib/foundation/ids.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { createExplainCall, createInspectToken } from "#lib/runtime/validator-for-people.ts";
import { createSubjectTokenVerifier } from "#lib/runtime/subject-tokens.ts";

let shared: Database | undefined;

/** The run's database; one pool for each test file. */
export function testDatabase(): Database {
  shared ??= openDatabase({ url: new Secret(inject("databaseUrl")), poolSize: 4 });
  return shared;
}

export type TestDependencies = Dependencies & { enqueued: Job[]; verifySubjectToken: VerifySubjectToken };

/** Real database and vault; jobs are noted instead of run; going out of the process fails unless replaced. */
export function testDependencies(overrides: Partial<Dependencies> = {}): TestDependencies {
  const enqueued: Job[] = [];
  const key = new Secret(randomBytes(32).toString("base64url"));
  const dependencies: Dependencies & { enqueued: Job[] } = {
    // Benchmarks bring their own and run outside the test runner, where there is no shared one.
    database: overrides.database ?? testDatabase(),
    vault: createVault([{ id: "test", key }]),
    signInLimiter: createSignInLimiter(overrides.database ?? testDatabase()),
    probeLimiter: createProbeLimiter(overrides.database ?? testDatabase()),
    openedAdapters: createOpenedAdapters(),
    answering: createAnswering(overrides.clock ?? systemClock),
    derive: createDeriveSecret(key),
    clock: systemClock,
    log: silentLog,
    outbound: (url) => Promise.reject(new Error(`A test reached out to ${url}.`)),
    refuseAddress: async () => null,
    jobs: { enqueue: async (_tx, job) => void enqueued.push(job) },
    origin: "http://latchkey.test",
    enqueued,
    explainCall: createExplainCall(() => dependencies),
    inspectToken: createInspectToken(() => dependencies),
    ...overrides,
  };
  return { ...dependencies, verifySubjectToken: createSubjectTokenVerifier(dependencies) };
}

export type TestTenant = {
  id: TenantId;
  slug: string;
  /** A caller of this tenant with these roles: a new person each time. */
  caller(...roles: Role[]): Promise<Context>;
};

const madeHere = new Set<TenantId>();
/** Whether this process made the tenant: others run their tests on the same database at the same time. */
export const isOwnTenant = (id: TenantId): boolean => madeHere.has(id);

/** A new tenant of its own, so that suites never disturb each other. */
export async function testTenant(deps: Dependencies = testDependencies()): Promise<TestTenant> {
  const id = newId<TenantId>();
  madeHere.add(id);
  const slug = `t-${randomToken(6)
    .replace(/[^A-Za-z0-9]/g, "")
    .toLowerCase()}`;
  const name = `Tenant ${slug}`;
  await deps.database.inInstallation((ctx) => installationDb(ctx).tenant.create({ data: { id, slug, name } }));
  return {
    id,
    slug,
    async caller(...roles) {
      const personId = newId<PersonId>();
      const person = { id: personId, email: `${personId}@example.com`, name: `Person ${personId.slice(-6)}` };
      await deps.database.inInstallation(async (ctx) => {
        await installationDb(ctx).person.create({ data: person });
        await installationDb(ctx).membership.create({ data: { id: newId(), tenantId: id, personId, roles } });
      });
      return {
        tenant: { id, slug, name },
        actor: { kind: "person", personId, name: person.name, email: person.email, isOperator: false },
        permissions: permissionsOf(roles),
        requestId: newId(),
        deps,
      };
    },
  };
}
