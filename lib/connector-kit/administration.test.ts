import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { OutboundInit } from "#lib/foundation/outbound-contract.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { openAdministration, throughReplicationLag, type AdministrationSession } from "./administration.ts";
import { ConnectorError, isConnectorError } from "./errors.ts";

const doing = "Reading the client";

/** An API that accepts the sessions it is told to; time stands still until it is moved. */
function world({ lifetimeMs }: { lifetimeMs?: number } = {}) {
  const state = { now: 1_000_000, signIns: 0, accepted: new Set<string>(), calls: [] as string[] };
  const administration = openAdministration(
    {
      base: "https://vendor.test/api",
      apiName: "the vendor",
      secrets: [new Secret("admin-secret")],
      signIn(): Promise<AdministrationSession> {
        state.signIns += 1;
        const token = `session-${String(state.signIns)}`;
        state.accepted.add(token);
        return Promise.resolve({
          headers: { authorization: token },
          ...(lifetimeMs !== undefined && { expiresAt: state.now + lifetimeMs }),
        });
      },
    },
    {
      clock: { now: () => new Date(state.now) },
      fetch: (url: string, init: OutboundInit = {}) => {
        state.calls.push(`${init.method ?? "GET"} ${url}`);
        const isAccepted = state.accepted.has(init.headers?.["authorization"] ?? "");
        return Promise.resolve(Response.json({ id: "1" }, { status: isAccepted ? 200 : 401 }));
      },
    },
  );
  const read = (path = "/clients/1") =>
    administration.read({ method: "GET", path, doing }, z.object({ id: z.string() }));
  return { state, administration, read };
}

describe("an administration session", () => {
  it("is shared by calls at the same time, and made when the first one needs it", async () => {
    const { state, read } = world();
    expect(state.signIns).toBe(0);
    await Promise.all([read(), read(), read()]);
    expect(state.signIns).toBe(1);
  });

  it("is renewed before it ends, once for everybody", async () => {
    const { state, read } = world({ lifetimeMs: 60_000 });
    await read();
    state.now += 55_000;
    await Promise.all([read(), read()]);
    expect(state.signIns).toBe(2);
  });

  it("is renewed once where the server no longer takes it", async () => {
    const { state, read } = world();
    await read();
    state.accepted.clear();
    await read();
    expect(state.signIns).toBe(2);
  });

  it("authorises calls outside of the API too, and is renewed once for them", async () => {
    const { state, administration, read } = world();
    const seen: string[] = [];
    const call = ({ headers }: AdministrationSession) => {
      const token = headers["authorization"] ?? "";
      seen.push(token);
      if (!state.accepted.has(token)) throw new ConnectorError("credentials_refused", "no");
      return Promise.resolve("told");
    };
    await read();
    state.accepted.clear();
    expect(await administration.withSession(call)).toBe("told");
    expect(seen).toEqual(["session-1", "session-2"]);
    const refused = () => Promise.reject(new ConnectorError("rejected", "no"));
    await expect(administration.withSession(refused)).rejects.toThrow("no");
    expect(state.signIns).toBe(2);
  });

  it("that is refused from its beginning is not tried again and again", async () => {
    const { state, administration } = world();
    state.accepted.add = () => state.accepted;
    const answer = await administration.send({ method: "GET", path: "/clients", doing });
    expect(answer.status).toBe(401);
    expect(state).toMatchObject({ signIns: 1, calls: { length: 1 } });
  });

  it("never goes to another origin, wherever the server sends us for its next page", async () => {
    const { state, read } = world();
    expect(await read("https://vendor.test/api/clients?after=2")).toEqual({ id: "1" });
    await expect(read("https://evil.test/api/clients?after=2")).rejects.toThrow(/another origin/);
    expect(state.calls).toHaveLength(1);
  });

  it("reads nothing half: an answer of another shape is no answer", async () => {
    const { administration } = world();
    const request = { method: "GET", path: "/clients/1", doing } as const;
    const error: unknown = await administration
      .read(request, z.object({ name: z.string() }))
      .catch((thrown: unknown) => thrown);
    expect(isConnectorError(error) && error.kind).toBe("bad_response");
  });
});

describe("replication lag", () => {
  const absent = () => new ConnectorError("not_found", "not yet");
  const isLag = (error: unknown) => isConnectorError(error) && error.kind === "not_found";

  it("is waited for, and nothing else is", async () => {
    let calls = 0;
    const late = () => {
      calls += 1;
      return calls < 3 ? Promise.reject(absent()) : Promise.resolve("there");
    };
    expect(await throughReplicationLag(late, { isLag, budgetMs: 1_000, firstWaitMs: 1 })).toBe("there");
    const refused = () => {
      calls += 1;
      return Promise.reject(new ConnectorError("rejected", "no"));
    };
    calls = 0;
    await expect(throughReplicationLag(refused, { isLag, budgetMs: 1_000, firstWaitMs: 1 })).rejects.toThrow("no");
    expect(calls).toBe(1);
  });

  it("ends with the last failure when the time is over", async () => {
    const never = () => Promise.reject(absent());
    await expect(throughReplicationLag(never, { isLag, budgetMs: 20, firstWaitMs: 5 })).rejects.toThrow("not yet");
  });
});
