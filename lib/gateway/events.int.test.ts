import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deleteConfigChanges } from "#lib/data/config-changes.ts";
import { installationDb, tenantDb, type TenantContext } from "#lib/data/database.ts";
import { insertRevocations } from "#lib/data/revocations.ts";
import { createGatewayCredential } from "#lib/features/gateway-credentials/create.ts";
import { revokeGatewayCredential } from "#lib/features/gateway-credentials/revoke.ts";
import { gatewayTenant, serveValidationPlane } from "#tooling/testing/gateway.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";
import { consumerKey } from "#tooling/testing/validation.ts";

let plane: Awaited<ReturnType<typeof serveValidationPlane>>;
const deps = testDependencies();

beforeAll(async () => {
  plane = await serveValidationPlane(deps);
});
afterAll(() => plane.stop());

type Block = { id: string; event: string; data: Record<string, unknown> };

/** A reader of a stream, as a gateway would be. */
async function listen(credential: string, lastEventId?: string, at = plane) {
  const stop = new AbortController();
  const response = await fetch(`http://${at.address}/gateway/v1/events`, {
    headers: { "X-Latchkey-Gateway": credential, ...(lastEventId !== undefined && { "Last-Event-ID": lastEventId }) },
    signal: stop.signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const seen: Block[] = [];
  const state = { hasEnded: false, text: "" };
  const reading = (async () => {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of response.body ?? []) {
      const text = decoder.decode(chunk, { stream: true });
      state.text += text;
      const blocks = (rest + text).split("\n\n");
      rest = blocks.pop() ?? "";
      seen.push(...blocks.flatMap(readBlock));
    }
    state.hasEnded = true;
  })().catch(() => (state.hasEnded = true));
  const until = async (fits: () => boolean) => {
    const deadline = Date.now() + 5_000;
    while (!fits() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fits()).toBe(true);
  };
  return {
    seen,
    state,
    until,
    /** Waits for so many events, and gives them. */
    async take(count: number) {
      await until(() => seen.length >= count);
      return seen.splice(0, count);
    },
    async stop() {
      stop.abort();
      await reading;
    },
  };
}

function readBlock(block: string): Block[] {
  const fields = new Map(
    block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
  );
  const data = fields.get("data");
  if (data === undefined) return [];
  return [
    { id: fields.get("id") ?? "", event: fields.get("event") ?? "", data: JSON.parse(data) as Record<string, unknown> },
  ];
}

async function world() {
  const tenant = await gatewayTenant(deps);
  const change = (work: (ctx: TenantContext) => Promise<unknown>) => deps.database.inTenant(tenant.tenantId, work);
  const rename = (name: string) =>
    change((tx) =>
      tenantDb(tx).plan.update({ where: { tenantId: tenant.tenantId, id: tenant.ids.plan }, data: { name } }),
    );
  /** What the sweep of a week later does: of the tenant's changes so far, or of one version's alone. */
  const sweep = (version?: string) =>
    deps.database.inInstallation(async (ctx) => {
      await installationDb(ctx).configChange.updateMany({
        where: { tenantId: tenant.tenantId, ...(version !== undefined && { version: BigInt(version) }) },
        data: { occurredAt: new Date("2020-01-01T00:00:00Z") },
      });
      await deleteConfigChanges(ctx, new Date("2020-01-02T00:00:00Z"));
    });
  return { ...tenant, change, rename, sweep };
}

describe("a stream of events", () => {
  it("begins now, and tells what changes from then on, in order, each of its own kind", async () => {
    const { credential, ids, tenantId, change, rename } = await world();
    const stream = await listen(credential);
    const [ready] = await stream.take(1);
    expect(ready).toMatchObject({ event: "ready", id: expect.stringMatching(/^\d+$/) });
    const where = { tenantId };
    await rename("Silver");
    await change(async (tx) => {
      const db = tenantDb(tx);
      await db.api.update({ where: { ...where, id: ids.api }, data: { name: "Orders II" } });
      await db.subscription.update({ where: { ...where, id: ids.subscription }, data: { state: "BLOCKED" } });
      await db.subscription.delete({ where: { ...where, id: ids.subscription } });
      await db.keyMapping.delete({ where: { ...where, id: ids.keyMapping } });
      await db.application.delete({ where: { ...where, id: ids.application } });
      await db.keyManager.update({ where: { ...where, id: ids.keyManager }, data: { enabled: false } });
    });
    const events = await stream.take(7);
    const at = expect.any(String) as unknown;
    expect(events.map(({ event, data }) => ({ event, ...data }))).toEqual([
      { event: "plan", operation: "changed", id: ids.plan, at },
      { event: "api", operation: "changed", id: ids.api, at },
      { event: "subscription", operation: "changed", id: ids.subscription, applicationId: ids.application, at },
      { event: "subscription", operation: "deleted", id: ids.subscription, applicationId: ids.application, at },
      {
        event: "key_mapping",
        operation: "deleted",
        id: ids.keyMapping,
        applicationId: ids.application,
        consumerKey,
        at,
      },
      { event: "application", operation: "deleted", id: ids.application, at },
      { event: "key_manager", operation: "changed", id: ids.keyManager, at },
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(7);
    await stream.stop();
  });

  it("tells what is revoked, and never a token", async () => {
    const { credential, ids, change } = await world();
    const stream = await listen(credential);
    await stream.take(1);
    const expiresAt = new Date(Date.now() + 60_000);
    const issuedBefore = new Date(Date.now() - 1_000);
    await change((tx) =>
      insertRevocations(tx, [
        { keyManager: ids.keyManager, kind: "SUBJECT", value: "ada", issuedBefore, expiresAt },
        { keyManager: "", kind: "TOKEN_ID", value: "t-1", issuedBefore: null, expiresAt },
      ]),
    );
    const told = (await stream.take(2)).map(({ event, data }) => ({ event, ...data }));
    expect(told).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          ...{ event: "revocation", operation: "created", keyManagerId: ids.keyManager, kind: "SUBJECT", value: "ada" },
          ...{ issuedBefore: issuedBefore.toISOString(), expiresAt: expiresAt.toISOString() },
        }),
        expect.objectContaining({ keyManagerId: null, kind: "TOKEN_ID", value: "t-1", issuedBefore: null }),
      ]),
    );
    await stream.stop();
  });

  it("goes on from the event that its reader saw last, within a change of several things too", async () => {
    const { credential, change, tenantId, ids, rename } = await world();
    const first = await listen(credential);
    const [ready] = await first.take(1);
    await first.stop();
    await change(async (tx) => {
      for (const name of ["One", "Two", "Three"]) {
        await tenantDb(tx).plan.update({ where: { tenantId, id: ids.plan }, data: { name } });
      }
    });
    await rename("Four");
    const second = await listen(credential, ready?.id);
    const events = await second.take(4);
    await second.stop();
    for (const [index, { id }] of events.slice(0, -1).entries()) {
      const stream = await listen(credential, id);
      const rest = events.slice(index + 1);
      expect(await stream.take(rest.length)).toEqual(rest);
      await stream.stop();
    }
    const last = await listen(credential, events.at(-1)?.id);
    await rename("Five");
    expect(await last.take(1)).toMatchObject([{ event: "plan" }]);
    expect(last.seen).toEqual([]);
    await last.stop();
  });

  it.each(["1-1", "999999999", "rubbish", "", "1-2-3", "9".repeat(30)])(
    "says to start anew where %j is not on record, and goes on from now",
    async (lastEventId) => {
      const { credential, rename, ids } = await world();
      const stream = await listen(credential, lastEventId);
      expect(await stream.take(1)).toMatchObject([{ event: "reset", id: expect.stringMatching(/^\d+$/) }]);
      await rename("Silver");
      expect(await stream.take(1)).toMatchObject([{ event: "plan", data: { id: ids.plan } }]);
      await stream.stop();
    },
  );

  it("says so as well where changes were swept since, in whole or in part", async () => {
    const { credential, change, rename, sweep, tenantId, ids } = await world();
    const first = await listen(credential);
    const [ready] = await first.take(1);
    await change(async (tx) => {
      for (const name of ["One", "Two"]) {
        await tenantDb(tx).plan.update({ where: { tenantId, id: ids.plan }, data: { name } });
      }
    });
    const [inside] = await first.take(2);
    await sweep();
    await rename("Three");
    await first.take(1);
    await first.stop();
    for (const lastEventId of [ready?.id, inside?.id]) {
      const stream = await listen(credential, lastEventId);
      expect(await stream.take(1)).toMatchObject([{ event: "reset" }]);
      await stream.stop();
    }
  });

  it("goes on without a gap after what its reader saw last was swept, where nothing else was", async () => {
    const { credential, change, rename, sweep, ids } = await world();
    const first = await listen(credential);
    await first.take(1);
    await rename("One");
    const [seen] = await first.take(1);
    await sweep();
    const expiresAt = new Date(Date.now() + 60_000);
    await change((tx) =>
      insertRevocations(tx, [
        { keyManager: ids.keyManager, kind: "TOKEN_ID", value: "t-1", issuedBefore: null, expiresAt },
      ]),
    );
    const second = await listen(credential, seen?.id);
    for (const stream of [first, second]) {
      expect(await stream.take(1)).toMatchObject([{ event: "revocation", data: { value: "t-1" } }]);
      await stream.stop();
    }
  });

  it("says to start anew where the last of the changes was swept before those ahead of it", async () => {
    const { credential, rename, sweep } = await world();
    const first = await listen(credential);
    const [ready] = await first.take(1);
    await rename("One");
    await rename("Two");
    const [, last] = await first.take(2);
    await first.stop();
    await sweep(last?.id);
    const stream = await listen(credential, ready?.id);
    expect(await stream.take(1)).toMatchObject([{ event: "reset", id: last?.id }]);
    await stream.stop();
  });

  it("is of the tenant of its credential alone", async () => {
    const [here, there] = [await world(), await world()];
    const stream = await listen(here.credential);
    await stream.take(1);
    await there.rename("Theirs");
    await here.rename("Ours");
    expect(await stream.take(1)).toMatchObject([{ event: "plan", data: { id: here.ids.plan } }]);
    expect(stream.seen).toEqual([]);
    expect(stream.state.text).not.toContain(there.ids.plan);
    await stream.stop();
  });

  it("ends when its credential is revoked, and opens for no other credential", async () => {
    const { administrator, credential, ids } = await world();
    const { credential: reporting } = await createGatewayCredential(administrator, {
      name: "Reports",
      reports: ids.keyManager,
    });
    const stream = await listen(credential);
    await stream.take(1);
    await revokeGatewayCredential(administrator, { id: ids.credential });
    await stream.until(() => stream.state.hasEnded);
    for (const wrong of [credential, reporting, "lkg_short", ""]) {
      const response = await fetch(`http://${plane.address}/gateway/v1/events`, {
        headers: { Authorization: `Bearer ${wrong}` },
      });
      expect(response.status).toBe(401);
    }
    const response = await fetch(`http://${plane.address}/gateway/v1/events`, { method: "POST" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET"]);
  });

  it("ends with its process, which waits for no reader", async () => {
    const { credential } = await world();
    const other = await serveValidationPlane(deps);
    const stream = await listen(credential, undefined, other);
    await stream.take(1);
    other.endStreams();
    await stream.until(() => stream.state.hasEnded);
    const late = await fetch(`http://${other.address}/gateway/v1/events`, {
      headers: { "X-Latchkey-Gateway": credential },
    });
    expect(late.status).toBe(503);
    await other.stop();
  });
});
