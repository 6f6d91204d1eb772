import { describe, expect, it } from "vitest";
import { tokenDigest } from "#lib/foundation/ids.ts";
import { valueProblem } from "./contract.ts";
import { issuedUntil, keptUntil } from "./moments.ts";
import { readPastedToken } from "./pasted-token.ts";

const jwt = (claims: unknown) =>
  ["{}", JSON.stringify(claims), "signature"].map((part) => Buffer.from(part).toString("base64url")).join(".");

describe("a pasted token", () => {
  it("is known by its id and its digest, and says who issued it and when it expires", () => {
    const token = jwt({ iss: "https://login.example", jti: "t-1", exp: 1_800_000_000.5 });
    expect(readPastedToken(token)).toEqual({
      isOpaque: false,
      marks: [
        { kind: "TOKEN_ID", value: "t-1" },
        { kind: "TOKEN_DIGEST", value: tokenDigest(token) },
      ],
      issuer: "https://login.example",
      expiresAt: new Date(1_800_000_001_000),
    });
  });

  it.each([
    ["an opaque token", true, "6be6cb01-fd7e-3fa8-bf42-1d6b2f9c0a3e"],
    ["a JWT whose claims are of other types", false, jwt({ iss: 1, jti: ["t-1"], exp: "soon" })],
    ["a JWT without claims", true, jwt(null)],
    ["three parts that are no JSON", true, "a.b.c"],
    ["an encrypted token", true, "a.b.c.d.e"],
    ["a moment that no calendar has", false, jwt({ exp: 1e300 })],
  ])("that is %s is known by its digest alone", (_case, isOpaque, token) => {
    expect(readPastedToken(token)).toEqual({
      isOpaque,
      marks: [{ kind: "TOKEN_DIGEST", value: tokenDigest(token) }],
      issuer: undefined,
      expiresAt: undefined,
    });
  });

  it.each(["", "Bearer abc", "two lines\nof it", "a".repeat(16_385)])("must be a token: %j is none", (value) => {
    const problem = valueProblem("TOKEN", value);
    expect(problem).not.toBeNull();
    if (value.length > 5) expect(problem).not.toContain(value.slice(0, 50));
  });

  it("may be any token that a header can carry", () => {
    expect(valueProblem("TOKEN", jwt({}))).toBeNull();
    expect(valueProblem("SUBJECT", "Ada Löwe|42")).toBeNull();
    expect(valueProblem("CONSUMER_KEY", "a\u0000b")).toContain("control");
  });
});

describe("the moments of a revocation", () => {
  it("cover what is issued in the very second, whose iat is its beginning", () => {
    expect(issuedUntil(new Date("2026-05-01T10:00:00.000Z"))).toEqual(new Date("2026-05-01T10:00:01.000Z"));
    expect(issuedUntil(new Date("2026-05-01T10:00:00.999Z"))).toEqual(new Date("2026-05-01T10:00:01.000Z"));
  });

  it("end after thirty days, or as many as somebody says", () => {
    const now = new Date("2026-05-01T10:00:00.000Z");
    expect(keptUntil(now)).toEqual(new Date("2026-05-31T10:00:00.000Z"));
    expect(keptUntil(now, 1)).toEqual(new Date("2026-05-02T10:00:00.000Z"));
  });
});
