import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { deleteConfigChanges } from "#lib/data/config-changes.ts";
import { installationDb, tenantDb } from "#lib/data/database.ts";
import { keptDeliveries } from "#lib/data/webhooks.ts";
import type { OutboundInit } from "#lib/foundation/outbound-contract.ts";
import { OutboundError } from "#lib/foundation/outbound-error.ts";
import { gatewayTenant } from "#tooling/testing/gateway.ts";
import { testJobs } from "#tooling/testing/jobs.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import { wakeWebhooks } from "./deliver.ts";
import { createWebhook, deleteWebhook, getWebhook, listWebhooks, setWebhookEnabled, testWebhook } from "./verbs.ts";

const url = "https://hooks.example/latchkey";

type Received = { url: string; headers: Record<string, string>; body: string };

/** A tenant with a webhook, the server behind it, the background's jobs, and a clock of its own. */
async function world() {
  const time = { now: Date.now() };
  const server = {
    answer: 204 as number | OutboundError,
    received: [] as Received[],
    /** What happens once, while it is called. */
    meanwhile: undefined as (() => Promise<void>) | undefined,
  };
  const deps = testDependencies({
    clock: { now: () => new Date(time.now) },
    outbound: async (address: string, init: OutboundInit = {}) => {
      server.received.push({ url: address, headers: init.headers ?? {}, body: init.body ?? "" });
      const { meanwhile } = server;
      server.meanwhile = undefined;
      await meanwhile?.();
      if (typeof server.answer !== "number") throw server.answer;
      return new Response(null, { status: server.answer });
    },
  });
  const jobs = await testJobs(deps);
  const { administrator, tenantId, ids } = await gatewayTenant(deps);
  const webhook = await createWebhook(administrator, { name: "Inventory", url });
  deps.enqueued.splice(0);
  const rename = (name: string) =>
    deps.database.inTenant(tenantId, (tx) =>
      tenantDb(tx).plan.update({ where: { tenantId, id: ids.plan }, data: { name } }),
    );
  return {
    ...{ deps, time, server, jobs, administrator, tenantId, ids, webhook, rename },
    /** What the sweep of a week later does: the tenant's changes so far are on record no more. */
    sweep: () =>
      deps.database.inInstallation(async (ctx) => {
        await installationDb(ctx).configChange.updateMany({
          where: { tenantId },
          data: { occurredAt: new Date("2020-01-01T00:00:00Z") },
        });
        await deleteConfigChanges(ctx, new Date("2020-01-02T00:00:00Z"));
      }),
    /** What the background does within a minute; of other tenants' webhooks nothing. */
    async pass(milliseconds = 60_000) {
      time.now += milliseconds;
      await wakeWebhooks(deps);
      deps.enqueued.splice(0, deps.enqueued.length, ...deps.enqueued.filter((job) => job.tenantId === tenantId));
      await jobs.run();
    },
    seen: () => getWebhook(administrator, { id: webhook.id }),
  };
}

const typesOf = (received: readonly Received[]) =>
  received.map(({ body }) => (JSON.parse(body) as { type: string }).type);

describe("a webhook", () => {
  it("is told what changes from then on, each event once and in order, signed", async () => {
    const { time, server, webhook, ids, rename, pass, seen } = await world();
    await pass();
    expect(server.received).toEqual([]);
    await rename("Silver");
    await rename("Bronze");
    await pass();
    await pass();
    expect(typesOf(server.received)).toEqual(["plan", "plan"]);
    const [first] = server.received;
    const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = first?.headers ?? {};
    expect(first?.url).toBe(url);
    expect(JSON.parse(first?.body ?? "")).toMatchObject({ type: "plan", data: { operation: "changed", id: ids.plan } });
    const key = Buffer.from(webhook.secret.replace("whsec_", ""), "base64");
    const expected = createHmac("sha256", key).update(`${id}.${timestamp}.${first?.body}`).digest("base64");
    expect(signature).toBe(`v1,${expected}`);
    expect(Math.abs(Number(timestamp) * 1_000 - time.now)).toBeLessThan(120_000);
    const { deliveries, failingSince } = await seen();
    expect(failingSince).toBeNull();
    expect(deliveries).toMatchObject([
      { type: "plan", delivered: true, status: 204, problem: null },
      { eventId: id, delivered: true },
    ]);
  });

  it("gets what it did not take again, with the same id, ever later, and what follows only then", async () => {
    const { server, rename, pass, seen, jobs } = await world();
    server.answer = 503;
    await rename("Silver");
    await rename("Bronze");
    await pass();
    expect(server.received).toHaveLength(1);
    expect(jobs.waiting).toMatchObject([{ delaySeconds: 5 }]);
    await pass(1_000);
    expect(server.received).toHaveLength(1);
    server.answer = new OutboundError("timeout");
    await pass(5_000);
    expect(jobs.waiting).toMatchObject([{ delaySeconds: 10 }]);
    expect(await seen()).toMatchObject({
      enabled: true,
      failingSince: expect.any(String) as unknown,
      deliveries: [
        { delivered: false, status: null, problem: "The server took too long to answer." },
        { delivered: false, status: 503, problem: "It answered with the status 503." },
      ],
    });
    server.answer = 200;
    await pass();
    expect(server.received).toHaveLength(4);
    const told = server.received.map(({ headers }) => headers["webhook-id"]);
    expect(new Set(told.slice(0, 3)).size).toBe(1);
    expect(told[3]).not.toBe(told[2]);
    expect((await seen()).failingSince).toBeNull();
  });

  it("is disabled, with words and an audit row, after three days without a delivery", async () => {
    const { deps, tenantId, server, rename, pass, seen } = await world();
    server.answer = 500;
    await rename("Silver");
    await pass();
    await pass(3 * 24 * 60 * 60_000 - 120_000);
    expect(await seen()).toMatchObject({ enabled: true });
    await pass(3 * 60 * 60_000);
    expect(await seen()).toMatchObject({ enabled: false, problem: "Nothing was delivered for three days." });
    const audit = await deps.database.inTenant(tenantId, (tx) =>
      tenantDb(tx).auditEvent.findMany({ where: { action: "webhook.give_up" } }),
    );
    expect(audit).toMatchObject([{ subjectName: "Inventory", actorName: "Latchkey" }]);
    const before = server.received.length;
    await pass();
    expect(server.received).toHaveLength(before);
  });

  it("is disabled at once where its address is gone; enabled again, it is told what changes from then on", async () => {
    const { administrator, webhook, server, rename, pass, seen } = await world();
    server.answer = 410;
    await rename("Silver");
    await pass();
    expect(await seen()).toMatchObject({ enabled: false, problem: expect.stringContaining("410") as unknown });
    server.answer = 204;
    server.received.splice(0);
    await setWebhookEnabled(administrator, { id: webhook.id, enabled: true });
    await pass();
    expect(server.received).toEqual([]);
    await rename("Bronze");
    await pass();
    expect(typesOf(server.received)).toEqual(["plan"]);
    expect(await seen()).toMatchObject({ enabled: true, problem: null });
  });

  it("is told what changes after a quiet week, though what it was told last was swept", async () => {
    const { server, rename, sweep, pass } = await world();
    await rename("Silver");
    await pass();
    await sweep();
    await rename("Bronze");
    await pass();
    expect(typesOf(server.received)).toEqual(["plan", "plan"]);
  });

  it("is told to read everything anew where what it missed is no longer on record", async () => {
    const { server, rename, sweep, pass } = await world();
    await rename("Silver");
    await sweep();
    await rename("Bronze");
    await pass();
    expect(typesOf(server.received)).toEqual(["reset"]);
    await rename("Gold");
    await pass();
    expect(typesOf(server.received)).toEqual(["reset", "plan"]);
  });

  it("hears in the next run, not a minute later, of what changes while it is told", async () => {
    const { deps, tenantId, server, rename, pass } = await world();
    await rename("Silver");
    server.meanwhile = async () => {
      await rename("Bronze");
      // Whoever is to wake it now finds it busy.
      await wakeWebhooks(deps, [tenantId]);
    };
    await pass();
    expect(server.received).toHaveLength(2);
  });

  it("that is enabled anew while it is called begins anew, whatever comes of the call", async () => {
    const { administrator, webhook, server, rename, pass, seen } = await world();
    server.answer = 500;
    await rename("Silver");
    server.meanwhile = async () => {
      for (const enabled of [false, true]) await setWebhookEnabled(administrator, { id: webhook.id, enabled });
    };
    await pass();
    expect(await seen()).toMatchObject({ enabled: true, failingSince: null });
    server.answer = 204;
    await rename("Bronze");
    await pass();
    const ids = server.received.map(({ headers }) => headers["webhook-id"]);
    expect(ids).toHaveLength(2);
    expect(ids[1]).not.toBe(ids[0]);
  });

  it("keeps its latest deliveries alone, however much it is told", async () => {
    const { server, rename, pass, seen } = await world();
    for (let index = 0; index < keptDeliveries + 5; index++) await rename(`Plan ${String(index)}`);
    await pass();
    expect(server.received).toHaveLength(keptDeliveries + 5);
    const { deliveries } = await seen();
    expect(deliveries).toHaveLength(keptDeliveries);
    expect(deliveries[0]?.eventId).toBe(server.received.at(-1)?.headers["webhook-id"]);
  });
});

describe("administrators", () => {
  it("see a secret once; what is stored, listed and audited does not contain it", async () => {
    const { deps, administrator, tenantId, webhook } = await world();
    expect(webhook.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const stored = await deps.database.inTenant(tenantId, async (tx) => ({
      rows: await tenantDb(tx).webhook.findMany(),
      audit: await tenantDb(tx).auditEvent.findMany({ where: { subjectId: webhook.id } }),
    }));
    const shown = [await listWebhooks(administrator, {}), await getWebhook(administrator, { id: webhook.id })];
    const text = JSON.stringify([stored, shown], (_key, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    );
    expect(text).toContain("Inventory");
    expect(text).not.toContain(webhook.secret.slice(6));
  });

  it("send a test, and see at once what came of it", async () => {
    const { administrator, webhook, server, seen } = await world();
    server.answer = new OutboundError("unreachable");
    expect(await testWebhook(administrator, { id: webhook.id })).toMatchObject({
      delivered: false,
      problem: "The server could not be reached.",
    });
    server.answer = 200;
    expect(await testWebhook(administrator, { id: webhook.id })).toMatchObject({ delivered: true, status: 200 });
    expect(typesOf(server.received)).toEqual(["test", "test"]);
    expect((await seen()).deliveries.map(({ delivered }) => delivered)).toEqual([true, false]);
  });

  it("name each but once, with an address that can be called safely", async () => {
    const { administrator, deps } = await world();
    await expect(createWebhook(administrator, { name: "Inventory", url })).rejects.toMatchObject({
      code: "webhook.conflict",
      fields: [{ path: "name" }],
    });
    for (const bad of [
      "",
      "http://hooks.example",
      "https://",
      "https://u:p@hooks.example",
      "https://a.example/#x",
      "ftp://x",
    ]) {
      await expect(createWebhook(administrator, { name: "Other", url: bad })).rejects.toMatchObject({
        fields: expect.arrayContaining([expect.objectContaining({ path: "url" })]) as unknown,
      });
    }
    const refuseAddress = async () => "This address may not be called from here.";
    const guarded = { ...administrator, deps: { ...deps, refuseAddress } };
    await expect(createWebhook(guarded, { name: "Other", url: "https://10.0.0.5/hook" })).rejects.toMatchObject({
      fields: [{ path: "url", message: await refuseAddress() }],
    });
    expect(await listWebhooks(administrator, {})).toHaveLength(1);
  });

  it("delete one with what it was told; another tenant's does not exist, and nobody else may", async () => {
    const { administrator, webhook, deps } = await world();
    const stranger = await (await testTenant(deps)).caller("ADMINISTRATOR");
    const { id } = webhook;
    for (const verb of [getWebhook, testWebhook, deleteWebhook]) {
      await expect(verb(stranger, { id })).rejects.toMatchObject({ code: "webhook.not_found" });
    }
    await expect(setWebhookEnabled(stranger, { id, enabled: false })).rejects.toMatchObject({
      code: "webhook.not_found",
    });
    expect(await listWebhooks(stranger, {})).toEqual([]);
    const developer = await (await testTenant(deps)).caller("DEVELOPER", "CREATOR");
    await expect(listWebhooks(developer, {})).rejects.toMatchObject({ code: "auth.forbidden" });
    await expect(createWebhook(developer, { name: "Other", url })).rejects.toMatchObject({ code: "auth.forbidden" });
    expect(await deleteWebhook(administrator, { id })).toEqual({ name: "Inventory" });
    expect(await listWebhooks(administrator, {})).toEqual([]);
  });
});
