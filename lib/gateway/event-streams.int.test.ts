import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { EventPage } from "#lib/features/events/event-page.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { defaultEventLimits, EventStreams, type EventLimits } from "./event-streams.ts";

const opened: { server: Server; streams: EventStreams }[] = [];
afterEach(() => {
  for (const { server, streams } of opened.splice(0)) {
    streams.close();
    server.closeAllConnections();
    server.close();
  }
});

/** Streams of one tenant for each address, whose record the test writes. */
async function world(limits: Partial<EventLimits> = {}) {
  const made = { version: 1n, isDown: false, isAdmitted: true, reads: 0, weight: 1 };
  const streams = new EventStreams({
    log: silentLog,
    limits: { ...defaultEventLimits, checkEveryMs: 20, ...limits },
    read(_tenant, after): Promise<EventPage> {
      made.reads++;
      if (made.isDown) return Promise.reject(new Error("down"));
      const { version } = made;
      if (after.version >= version) return Promise.resolve({ version, changes: [], events: [], hasMore: false });
      const next = { version: after.version + 1n, id: 1n };
      const data = { filler: "x".repeat(made.weight) };
      const events = [{ id: `${String(next.version)}-1`, type: "plan" as const, data }];
      return Promise.resolve({ version, changes: [{ position: next }], events, hasMore: next.version < version });
    },
    versions: (ids) =>
      made.isDown ? Promise.reject(new Error("down")) : Promise.resolve(new Map(ids.map((id) => [id, made.version]))),
  });
  const server = createServer((req, res) => {
    const listener = { tenantId: (req.url ?? "") as TenantId, isAdmitted: () => Promise.resolve(made.isAdmitted) };
    void streams.open(req, res, listener);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.push({ server, streams });
  const address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return { made, streams, open: (tenant = "/a") => fetch(address + tenant) };
}

/** Reads until a text has come. */
async function readUntil(response: Response, text: string): Promise<string> {
  let read = "";
  for await (const chunk of response.body ?? []) {
    read += Buffer.from(chunk as Uint8Array).toString();
    if (read.includes(text)) return read;
  }
  return read;
}

describe("streams of events", () => {
  it("are so many and no more, of one tenant and altogether; who leaves makes room", async () => {
    const { open } = await world({ streams: 3, streamsOfTenant: 2 });
    const first = await open();
    expect([(await open()).status, (await open()).status]).toEqual([200, 429]);
    expect([(await open("/b")).status, (await open("/b")).status]).toEqual([200, 503]);
    await first.body?.cancel();
    await expect.poll(async () => (await open()).status).toBe(200);
  });

  it("tell what changed without an announcement, and at once with one", async () => {
    const { made, open } = await world();
    const found = await open();
    made.version = 3n;
    expect(await readUntil(found, "id: 3-1")).toContain("id: 2-1");
    const late = await world({ checkEveryMs: 1_000_000 });
    const heard = await late.open();
    late.made.version = 2n;
    late.streams.hear("/b" as TenantId, 2n);
    late.streams.hear("/a" as TenantId, 2n);
    expect(await readUntil(heard, "id: 2-1")).toContain("event: plan");
  });

  it("show that they are alive, with the id from which a reader goes on", async () => {
    const { open } = await world({ heartbeatMs: 30 });
    expect(await readUntil(await open(), "still here")).toMatch(/event: ready[^]*: still here\nid: 1\n\n/);
  });

  it("outlive a database that is away, and go on behind it", async () => {
    const { made, open } = await world();
    const stream = await open();
    made.isDown = true;
    made.version = 2n;
    await new Promise((resolve) => setTimeout(resolve, 100));
    made.isDown = false;
    expect(await readUntil(stream, "id: 2-1")).toContain("id: 2-1");
  });

  it("end when their credential does, though nothing changes", async () => {
    const { made, open } = await world();
    const stream = await open();
    made.isAdmitted = false;
    expect(await stream.text()).toContain("event: ready");
  });

  it("give up a reader that takes nothing", async () => {
    const { made, open } = await world({ stalledMs: 50 });
    const stream = await open();
    made.weight = 8 * 1024 * 1024;
    made.version = 9n;
    await new Promise((resolve) => setTimeout(resolve, 500));
    await expect(stream.text()).rejects.toThrow();
    const { reads } = made;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(made.reads).toBe(reads);
  });
});
