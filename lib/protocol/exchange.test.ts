import { describe, expect, it } from "vitest";
import { retryAfter } from "./exchange.ts";

const now = new Date("2026-01-01T00:00:00Z");
const epoch = now.getTime() / 1000;

describe("how long a server asks to wait", () => {
  it.each<[Record<string, string>, number | undefined]>([
    [{ "retry-after": "7" }, 7],
    [{ "retry-after": "2.128" }, 3],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT" }, 9],
    [{ "x-ratelimit-reset": String(epoch + 12) }, 12],
    [{ "x-rate-limit-reset": String(epoch + 13) }, 13],
    [{ "x-ratelimit-reset": String(epoch + 9_999) }, 300],
    // What the standard says comes first.
    [{ "retry-after": "7", "x-ratelimit-reset": String(epoch + 12) }, 7],
    [{ "x-ratelimit-reset": String(epoch - 1) }, undefined],
    [{ "x-ratelimit-reset": "30" }, undefined],
    [{ "x-ratelimit-reset": "soon" }, undefined],
    [{ "retry-after": "-5" }, undefined],
    [{}, undefined],
  ])("%j", (headers, seconds) => {
    expect(retryAfter(new Headers(headers), now)).toBe(seconds);
  });
});
