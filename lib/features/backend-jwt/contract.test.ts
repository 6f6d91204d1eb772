import { describe, expect, it } from "vitest";
import { BackendJwtInput, defaultBackendJwt } from "./contract.ts";

describe("what may be chosen", () => {
  const problemsOf = (input: object) =>
    BackendJwtInput.safeParse({ ...defaultBackendJwt, ...input }).error?.issues.map(({ path, message }) => [
      path[0],
      message,
    ]);

  it.each(["X-JWT-Assertion", "Assertion", "x-caller2"])("takes the header %s", (header) => {
    expect(problemsOf({ header })).toBeUndefined();
  });

  it.each([
    "Authorization",
    "host",
    "Cookie",
    "Content-Length",
    "X-Latchkey-Subject",
    "X-Accel-Redirect",
    "X-Forwarded-For",
    "Transfer-Encoding",
  ])("refuses the header %s, which means something else on the way", (header) => {
    expect(problemsOf({ header })).toEqual([["header", expect.stringContaining("X-JWT-Assertion")]]);
  });

  it.each(["", "X JWT", "X-JWT:", "X-JWT\r\nHost", "X_JWT", "1-JWT", "Ü"])("refuses the header %j", (header) => {
    expect(problemsOf({ header })).toEqual([["header", expect.stringContaining("letters, digits and hyphens")]]);
  });

  it("refuses lives too short or too long, and to leave out what a check needs", () => {
    const said = expect.any(String) as unknown;
    for (const ttlSeconds of [59, 3_601, 90.5]) expect(problemsOf({ ttlSeconds })).toEqual([["ttlSeconds", said]]);
    for (const name of ["iss", "aud", "iat", "exp", "a b"]) {
      expect(problemsOf({ omittedClaims: [name] })).toEqual([["omittedClaims", said]]);
    }
    expect(problemsOf({ algorithm: "none" })).toEqual([["algorithm", said]]);
  });
});
