import { beforeEach, describe, expect, it } from "vitest";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { OutboundError, type OutboundErrorKind } from "#lib/foundation/outbound-error.ts";
import { createAnswering, type Answering } from "./answering.ts";

const url = "https://id.example/.well-known/openid-configuration";
const start = Date.UTC(2026, 0, 1);

let now: Date;
let answering: Answering;
let asked: string[];

beforeEach(() => {
  [now, asked] = [new Date(start), []];
  answering = createAnswering({ now: () => now });
});

/** A way out that notes what it is asked. */
function noting(answer: () => Promise<Response>): OutboundFetch {
  return (address) => {
    asked.push(address);
    return answer();
  };
}

const answeringWith = (status: number, body: string | null = "{}") =>
  noting(() => Promise.resolve(new Response(body, { status })));
const failingWith = (kind: OutboundErrorKind) => noting(() => Promise.reject(new OutboundError(kind)));

function later(seconds: number): void {
  now = new Date(now.getTime() + seconds * 1000);
}

describe("whether a server answers", () => {
  it.each([
    ["sends what was asked for", answeringWith(200)],
    ["has nothing there", answeringWith(404, "no")],
    ["wants to know who asks", answeringWith(401)],
    ["asks for fewer calls", answeringWith(429)],
    ["sends something else", answeringWith(200, "<html>")],
    ["leads elsewhere", failingWith("redirect")],
    ["says too much", failingWith("too_large")],
  ])("it does where it %s", async (_what, outbound) => {
    expect(await answering.failureAt(outbound, url)).toBeNull();
  });

  it.each([
    ["cannot be reached", failingWith("unreachable"), "unreachable"],
    ["has a certificate that is not trusted", failingWith("untrusted"), "unreachable"],
    ["takes too long", failingWith("timeout"), "unreachable"],
    ["may not be called", failingWith("address_refused"), "misconfigured"],
    ["fails itself", answeringWith(503), "unreachable"],
  ])("it does not where it %s", async (_what, outbound, kind) => {
    expect(await answering.failureAt(outbound, url)).toMatchObject({ kind });
  });

  it("waits for a few seconds only", async () => {
    let deadlineMs: number | undefined;
    await answering.failureAt((_url, init) => {
      deadlineMs = init?.deadlineMs;
      return Promise.reject(new OutboundError("timeout"));
    }, url);
    expect(deadlineMs).toBeLessThanOrEqual(3_000);
  });

  it("repeats nothing of what a failing server writes", async () => {
    const body = JSON.stringify({ error: "server_error", error_description: "10.0.0.7:8443 refused" });
    const failure = await answering.failureAt(answeringWith(502, body), url);
    expect(JSON.stringify({ ...failure, message: failure?.message })).not.toContain("10.0.0.7");
  });
});

describe("what was found out", () => {
  it("counts for everybody who asks in the same seconds", async () => {
    const outbound = answeringWith(200);
    await Promise.all([answering.failureAt(outbound, url), answering.failureAt(outbound, url)]);
    later(4);
    await answering.failureAt(outbound, url);
    expect(asked).toEqual([url]);
    later(2);
    await answering.failureAt(outbound, url);
    expect(asked).toEqual([url, url]);
  });

  it("counts for a shorter time where the server failed", async () => {
    expect(await answering.failureAt(failingWith("unreachable"), url)).not.toBeNull();
    later(2);
    expect(await answering.failureAt(answeringWith(200), url)).not.toBeNull();
    later(2);
    expect(await answering.failureAt(answeringWith(200), url)).toBeNull();
  });

  it("is waited for by those who ask meanwhile, and not counted from before its end", async () => {
    let release: (response: Response) => void = () => undefined;
    const slow = noting(() => new Promise((resolve) => (release = resolve)));
    const first = answering.failureAt(slow, url);
    later(60);
    const second = answering.failureAt(slow, url);
    release(new Response("{}"));
    expect(await Promise.all([first, second])).toEqual([null, null]);
    later(4);
    await answering.failureAt(slow, url);
    expect(asked).toEqual([url]);
  });

  it("is of one address alone", async () => {
    await answering.failureAt(failingWith("unreachable"), url);
    expect(await answering.failureAt(answeringWith(200), "https://other.example/jwks")).toBeNull();
  });

  it("is nothing after a bug, which everybody hears of", async () => {
    const broken = noting(() => Promise.reject(new TypeError("a bug")));
    await expect(answering.failureAt(broken, url)).rejects.toThrow("a bug");
    expect(await answering.failureAt(answeringWith(200), url)).toBeNull();
  });
});
