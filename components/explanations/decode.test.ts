import { describe, expect, it } from "vitest";
import { decodeToken } from "./decode.ts";

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("a pasted token", () => {
  it("shows header and claims, letters beyond ASCII too", () => {
    const text = decodeToken(`Bearer ${part({ alg: "ES256" })}.${part({ sub: "Käthe 東" })}.signature`);
    expect(text).toContain('"alg": "ES256"');
    expect(text).toContain('"sub": "Käthe 東"');
  });

  it.each(["", "opaque", "a.b.c", `${part({})}.${part("text")}.x`, `${part({})}.${part({})}`, `${part({})}.%%%.x`])(
    "shows nothing of %j",
    (text) => expect(decodeToken(text)).toBeNull(),
  );
});
