/**
 * What tests of scopes start from: a tenant with a realm of Keycloak in memory, an API that accepts it, a clock that
 * moves, and the background's jobs, which run when they are told to.
 */
import { keycloakSimulator, type SimulatedKeycloak } from "#connectors/keycloak/simulator.ts";
import { tenantDb } from "#lib/data/database.ts";
import { changeApiStatus } from "#lib/features/apis/change-status.ts";
import type { ApiInput } from "#lib/features/apis/contract.ts";
import { createApi } from "#lib/features/apis/create.ts";
import { getApi } from "#lib/features/apis/read.ts";
import { updateApi } from "#lib/features/apis/update.ts";
import { createApplication } from "#lib/features/applications/create.ts";
import type { Context } from "#lib/features/context.ts";
import type { RegisterKeyManagerInput } from "#lib/features/key-managers/contract.ts";
import { registerKeyManager } from "#lib/features/key-managers/register.ts";
import { createPlan } from "#lib/features/plans/create.ts";
import { subscribe } from "#lib/features/subscriptions/subscribe.ts";
import { newId } from "#lib/foundation/ids.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { testJobs } from "./jobs.ts";
import { testDependencies, testTenant, type TestDependencies, type TestTenant } from "./tenant.ts";

export type ScopesWorld = {
  realm: SimulatedKeycloak;
  deps: TestDependencies;
  tenant: TestTenant;
  admin: Context;
  creator: Context;
  developer: Context;
  keyManagerId: string;
  /** An API that accepts the realm and has these scopes. */
  addApi(scopes: readonly string[], changes?: Partial<ApiInput>): Promise<string>;
  /** Gives an API other scopes, or other settings. */
  changeApi(id: string, scopes: readonly string[], changes?: Partial<ApiInput>): Promise<void>;
  /** An application of the developer, subscribed to an API. */
  addApplication(apiId: string): Promise<{ applicationId: string; subscriptionId: string }>;
  /** Runs every job that is due now, and those that come of it. */
  runJobs(): Promise<void>;
  /** Moves the clock forward. */
  pass(seconds: number): void;
  /** Stands between us and the realm until it is set back to undefined. */
  interfere(outbound: OutboundFetch | undefined): void;
  audit(subjectId: string): Promise<{ action: string; actorName: string; before: unknown; after: unknown }[]>;
};

/** What an administrator would send to connect the realm. */
export function realmRegistration(realm: SimulatedKeycloak): RegisterKeyManagerInput {
  const { issuer, endpoints, signingKeys } = realm.settings;
  return {
    name: `realm-${newId().slice(-8)}`,
    displayName: "Shop realm",
    connectorId: "keycloak",
    ...{ issuer, endpoints, signingKeys },
    grantTypes: ["client_credentials"],
    connection: realm.connectionInput,
  };
}

/** @param changes to the key manager's registration; @param realm an existing one, for tenants that share it */
export async function scopesWorld(
  changes: Partial<RegisterKeyManagerInput> = {},
  // Each at an address of its own: tenants with the same issuer share what stands there.
  realm: SimulatedKeycloak = keycloakSimulator({ base: `https://keycloak-${newId()}.test` }),
): Promise<ScopesWorld> {
  let offsetMs = 0;
  let between: OutboundFetch | undefined;
  const deps = testDependencies({
    outbound: (url, init) => (between ?? realm.fetch)(url, init),
    clock: { now: () => new Date(Date.now() + offsetMs) },
  });
  const tenant = await testTenant(deps);
  const [admin, creator, developer] = [
    await tenant.caller("ADMINISTRATOR"),
    await tenant.caller("CREATOR"),
    await tenant.caller("DEVELOPER"),
  ];
  const { id: keyManagerId } = await registerKeyManager(admin, { ...realmRegistration(realm), ...changes });
  const plan = await createPlan(creator, { name: "Any", requestsPerMinute: null });
  const jobs = await testJobs(deps);

  const apiInput = (scopes: readonly string[], more: Partial<ApiInput>): ApiInput => {
    const name = `Api ${newId()}`;
    return {
      ...{ name, version: "1", context: `/${newId()}`, planIds: [plan.id] },
      scopes: scopes.map((scope) => ({ name: scope, description: `May ${scope}` })),
      resources: [{ verb: "GET", path: "/*", scopes: [...scopes] }],
      ...{ acceptAllKeyManagers: false, keyManagerIds: [keyManagerId] },
      ...more,
    };
  };

  return {
    ...{ realm, deps, tenant, admin, creator, developer, keyManagerId },
    async addApi(scopes, more = {}) {
      const { id } = await createApi(creator, apiInput(scopes, more));
      await changeApiStatus(creator, { id, change: "publish" });
      return id;
    },
    async changeApi(id, scopes, more = {}) {
      const { name, version, context, revision } = await getApi(creator, { id });
      await updateApi(creator, { id, revision, ...apiInput(scopes, { name, version, context, ...more }) });
    },
    async addApplication(apiId) {
      const { id: applicationId } = await createApplication(developer, { name: `App ${newId()}` });
      const { id: subscriptionId } = await subscribe(developer, { applicationId, apiId, planId: plan.id });
      return { applicationId, subscriptionId };
    },
    runJobs: () => jobs.run(),
    pass(seconds) {
      offsetMs += seconds * 1_000;
    },
    interfere(outbound) {
      between = outbound;
    },
    audit: (subjectId) =>
      deps.database.inTenant(tenant.id, (tx) =>
        tenantDb(tx).auditEvent.findMany({
          where: { subjectId },
          orderBy: { id: "asc" },
          select: { action: true, actorName: true, before: true, after: true },
        }),
      ),
  };
}
