import { expect, it, onTestFinished } from "vitest";
import { startOidcProvider } from "#e2e/servers/oidc-provider.ts";
import { connectors } from "#connectors/registry.ts";
import { createAuthorizationServer } from "#lib/authorization-server/server.ts";
import type { Database } from "#lib/data/database.ts";
import { listApis } from "#lib/features/apis/read.ts";
import { changeApiStatus } from "#lib/features/apis/change-status.ts";
import type { Context, Dependencies } from "#lib/features/context.ts";
import { listGatewayCredentials } from "#lib/features/gateway-credentials/list.ts";
import { readOneTimeLink } from "#lib/features/identity/one-time-links.ts";
import { listKeyManagers } from "#lib/features/key-managers/list.ts";
import { listInvitations } from "#lib/features/people/list.ts";
import { permissionsOf } from "#lib/features/permissions.ts";
import { findTenantBySlug } from "#lib/data/tenants.ts";
import { newId } from "#lib/foundation/ids.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { createOutbound } from "#lib/foundation/outbound.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";
import type { DemoMemory, Remembered } from "./memory.ts";
import { seedDemo } from "./seed.ts";

const outage = new Error("The process was killed here.");

/** A database that is gone after so many transactions, as it is for a process that was killed. */
function cutAfter(database: Database, transactions: number): Database {
  let left = transactions;
  const spend = <T>(work: () => Promise<T>): Promise<T> => (left-- > 0 ? work() : Promise.reject(outage));
  return {
    inTenant: (tenantId, work) => spend(() => database.inTenant(tenantId, work)),
    inInstallation: (work) => spend(() => database.inInstallation(work)),
    close: () => database.close(),
  };
}

async function demoWorld() {
  const server = await startOidcProvider({ tokens: "jwt" });
  onTestFinished(() => server.stop());
  const goOut = createOutbound({ allow: [server.address], log: silentLog });
  onTestFinished(() => goOut.close());
  let offsetMs = 0;
  const clock = { now: () => new Date(Date.now() + offsetMs) };
  const base = testDependencies({ clock });
  const own = createAuthorizationServer({
    ...base,
    connectorIds: connectors.filter(({ permanent }) => permanent).map(({ id }) => id),
  });
  const deps: Dependencies = {
    ...base,
    outbound: (url, init) => (own.owns(url) ? own.fetch(url, init) : goOut(url, init)),
  };
  let remembered: Remembered = { furnished: [] };
  const memory: DemoMemory = { read: () => remembered, write: (next) => void (remembered = next) };
  return { server, deps, memory, pass: (seconds: number) => void (offsetMs += seconds * 1000) };
}

async function visitor(deps: Dependencies, slug: string): Promise<Context> {
  const tenant = await deps.database.inInstallation((ctx) => findTenantBySlug(ctx, slug));
  if (!tenant) throw new Error(`There is no tenant ${slug}.`);
  const actor = { kind: "person", personId: newId(), name: "", email: "", isOperator: false } as const;
  const permissions = permissionsOf(["ADMINISTRATOR", "CREATOR"]);
  return { tenant, actor: actor as Context["actor"], permissions, requestId: newId(), deps };
}

const tokenOf = ({ url }: { url: string }) => url.split("/").at(-1) ?? "";

it("goes on after every interruption, makes everything once, and leaves alone what people changed", async () => {
  const { server, deps, memory, pass } = await demoWorld();
  const run = (some: Partial<Dependencies> = {}) => seedDemo({ ...deps, ...some }, { server, memory });

  let interruptions = 0;
  for (let transactions = 1; ; transactions += 1) {
    const ended = await run({ database: cutAfter(deps.database, transactions) }).catch((error: unknown) => error);
    if (!(ended instanceof Error)) break;
    interruptions += 1;
    // Long enough for nobody to hold an unfinished operation any more.
    pass(60);
  }
  expect(interruptions).toBeGreaterThan(10);

  const demo = await run();
  expect(new Set(demo.people.map(({ tenant }) => tenant)).size).toBe(2);
  const roles = demo.people.map(({ roles }) => roles).join(", ");
  for (const role of ["administrator", "creator", "developer"]) expect(roles).toContain(role);
  for (const person of demo.people) {
    expect(await readOneTimeLink(deps, tokenOf(person))).toMatchObject({ name: person.name });
  }
  expect(demo.issuers.map(({ issuer }) => issuer)).toContain(server.issuer);
  expect(demo.question).toMatch(/^curl -s .*\/gateway\/v1\/validate/);

  const admin = await visitor(deps, "harbour-foods");
  expect((await listKeyManagers(admin, {})).items).toHaveLength(2);
  expect((await listInvitations(admin, {})).items).toEqual([]);
  const apis = (await listApis(admin, {})).items;
  expect(apis.map(({ name, status }) => `${name} ${status}`).sort()).toEqual([
    "Catalogue PUBLISHED",
    "Orders PUBLISHED",
  ]);
  expect((await listGatewayCredentials(admin, {})).items.filter(({ revokedAt }) => !revokedAt)).not.toEqual([]);

  const [orders] = apis.filter(({ name }) => name === "Orders");
  await changeApiStatus(admin, { id: orders?.id ?? "", change: "unpublish" });
  const again = await run();
  expect((await listApis(admin, { search: "Orders" })).items).toMatchObject([{ status: "CREATED" }]);
  expect(again.people.map(({ name }) => name)).toEqual(demo.people.map(({ name }) => name));
  for (const person of demo.people) expect(await readOneTimeLink(deps, tokenOf(person))).toBeNull();
}, 120_000);
