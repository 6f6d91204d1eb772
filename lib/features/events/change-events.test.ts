import { describe, expect, it } from "vitest";
import type { FeedChange } from "#lib/data/change-feed.ts";
import type { ListedRevocation } from "#lib/data/revocations.ts";
import { eventsOf, readPosition, toBlock, writePosition } from "./change-events.ts";

const change = (changes: Partial<FeedChange>): FeedChange => ({
  ...{ position: { version: 7n, id: 42n }, subject: "plan", operation: "update", subjectId: "row-1" },
  ...{ applicationId: null, consumerKey: null, occurredAt: new Date("2026-05-01T10:00:00Z") },
  ...changes,
});

describe("events", () => {
  it("tell what happened to what, and when", () => {
    expect(eventsOf([change({ operation: "insert" })], new Map())).toEqual([
      { id: "7-42", type: "plan", data: { operation: "created", id: "row-1", at: "2026-05-01T10:00:00.000Z" } },
    ]);
  });

  it.each(["gateway_credential", "signing_key", "backend_jwt", "api_resource", "api_key_manager", "something_new"])(
    "tell nothing of %s, which concerns gateways alone or is told already",
    (subject) => {
      expect(eventsOf([change({ subject })], new Map())).toEqual([]);
    },
  );

  it("leave out a revocation that was swept, because its tokens have expired", () => {
    const revocation = { id: "r-1", keyManager: "km", kind: "TOKEN_ID", value: "t", issuedBefore: null } as const;
    const kept = { ...revocation, expiresAt: new Date("2026-06-01T00:00:00Z") } as unknown as ListedRevocation;
    const changes = ["r-1", "r-2"].map((subjectId) => change({ subject: "revocation", subjectId }));
    expect(eventsOf(changes, new Map([["r-1", kept]]))).toMatchObject([{ data: { id: "r-1", value: "t" } }]);
  });

  it("are blocks of one line of data each, whatever a name holds", () => {
    const block = toBlock({ id: "7-42", type: "plan", data: { name: "a\nb\r\nid: 9" } });
    expect(block.split("\n")).toEqual(["id: 7-42", "event: plan", 'data: {"name":"a\\nb\\r\\nid: 9"}', "", ""]);
  });
});

describe("a point in the record", () => {
  it.each(["0", "17", "17-402", "999999999999999999"])("is read from an id as it was written: %s", (id) => {
    const position = readPosition(id);
    expect(position && writePosition(position)).toBe(id);
  });

  it.each(["", "-1", "1-", "-", "1-2-3", " 1", "1e3", "0x1", "1\n", "1000000000000000000"])("is none: %j", (id) => {
    expect(readPosition(id)).toBeNull();
  });
});
