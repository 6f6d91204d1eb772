import { describe, expect, it } from "vitest";
import { decodeToken } from "./decode.ts";

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("a pasted token", () => {
  it("shows header and claims, letters beyond ASCII too", () => {
    const text = decodeToken(`Bearer ${part({ alg: "ES256" })}.${part({ sub: "Käthe 東" })}.signature`);
    expect(text).toContain('"alg": "ES256"');
    expect(text).toContain('"sub": "Käthe 東"');
  });

  it("shows date and time beside its times, and beside nothing else", () => {
    const claims = { exp: 1767229200, iat: 1767229140.5, nbf: "soon", auth: { exp: 1 }, sub: '\n  "exp": 7' };
    const text = decodeToken(`${part({ alg: "ES256" })}.${part(claims)}.signature`);
    expect(text).toContain('"exp": 1767229200, // 1 Jan 2026, 01:00:00 UTC\n');
    expect(text).toContain('"iat": 1767229140.5, // 1 Jan 2026, 00:59:00 UTC\n');
    expect(text?.match(/UTC/g)).toHaveLength(2);
    expect(decodeToken(`${part({})}.${part({ exp: 1e300 })}.x`)).toContain('"exp": 1e+300\n');
  });

  it.each(["", "opaque", "a.b.c", `${part({})}.${part("text")}.x`, `${part({})}.${part({})}`, `${part({})}.%%%.x`])(
    "shows nothing of %j",
    (text) => expect(decodeToken(text)).toBeNull(),
  );
});
