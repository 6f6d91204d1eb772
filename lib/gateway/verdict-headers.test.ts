import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refuse, refusals, refuseScope, type Allowed, type Reason } from "#lib/token-validation/verdict.ts";
import { bearerToken, hasTokenInQuery } from "./bearer.ts";
import { challengeOf } from "./challenge.ts";
import { headersOfAllowed, headersOfRefused, headerText } from "./verdict-headers.ts";

describe("texts in headers", () => {
  it("are plain where they can be, and give the text back in any case", () => {
    expect(headerText("Shop & Co")).toBe("Shop & Co");
    expect(headerText("Läden")).toBe("L%C3%A4den");
    expect(headerText("100%")).toBe("100%25");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const header = headerText(text);
        expect(header).toMatch(/^[\x20-\x7e]*$/);
        expect(header).toBe(header.trim());
        expect(decodeURIComponent(header)).toBe(text.toWellFormed());
      }),
    );
  });

  it("cannot begin another header", () => {
    for (const text of ["a\r\nX-Latchkey-Subject: root", "a\nb", "\0", "\ud800"]) {
      expect(headerText(text)).not.toMatch(/[\r\n\0]/);
    }
  });
});

describe("what a backend is told", () => {
  const verdict: Allowed = {
    allowed: true,
    api: { id: "a", name: "Orders", context: "/orders", version: "1" },
    keyManager: { id: "k", name: "Keys" },
    consumerKey: null,
    keyType: null,
    application: null,
    subscription: null,
    plan: null,
    subject: null,
    scopes: [],
    claims: {},
    expiresAt: null,
    backendToken: null,
  };

  it("leaves out what a call does not have, so that a gateway takes away what the caller sent", () => {
    expect(Object.keys(headersOfAllowed(verdict).all)).toEqual([
      "X-Latchkey-Api-Id",
      "X-Latchkey-Api-Name",
      "X-Latchkey-Api-Version",
      "X-Latchkey-Key-Manager",
    ]);
  });

  it("is written once for a token, and anew where it says something else", () => {
    const first = headersOfAllowed(verdict);
    expect(headersOfAllowed({ ...verdict })).toBe(first);
    const withToken = { ...verdict, backendToken: { header: "X-JWT-Assertion", token: "a.b.c" } };
    expect(headersOfAllowed(withToken).all).toMatchObject({ "X-JWT-Assertion": "a.b.c" });
    expect(headersOfAllowed({ ...withToken, backendToken: { header: "X-JWT", token: "a.b.c" } }).all).toMatchObject({
      "X-JWT": "a.b.c",
    });
    expect(headersOfAllowed({ ...verdict, subject: "alice" }).all).toMatchObject({ "X-Latchkey-Subject": "alice" });
  });

  it("keeps scopes apart, even one with a space in it", () => {
    expect(headersOfAllowed({ ...verdict, scopes: ["read", "a b"] }).all["X-Latchkey-Scopes"]).toBe("read a%20b");
  });
});

describe("the challenge", () => {
  it.each(Object.keys(refusals) as Reason[])("%s: RFC 6750", (reason) => {
    const challenge = challengeOf(refuse(reason));
    const { status } = refusals[reason];
    if (reason === "dpop_required") expect(challenge).toMatch(/^DPoP realm="latchkey", error="invalid_token"/);
    else if (reason === "token_in_query")
      expect(challenge).toMatch(/^Bearer realm="latchkey", error="invalid_request"/);
    else if (status === 401) expect(challenge).toMatch(/^Bearer realm="latchkey"/);
    else if (reason !== "scope_missing") expect(challenge).toBeNull();
    expect(challenge?.includes("error=") ?? false).toBe(challenge !== null && reason !== "token_missing");
  });

  it("comes in the scheme of the token, with the algorithms of proofs (RFC 9449 §7.1)", () => {
    const asked = (reason: Reason) => challengeOf({ ...refuse(reason), scheme: "DPoP" });
    for (const reason of Object.keys(refusals) as Reason[]) {
      const challenge = asked(reason);
      if (challenge === null || reason === "token_missing") continue;
      expect(challenge).toMatch(/^DPoP realm="latchkey", error="[a-z_]+", .*, algs="RS256 [A-Za-z0-9 ]+ES256 [^"]+"/);
      expect(challenge.includes('error="invalid_dpop_proof"')).toBe(reason.startsWith("dpop_proof_"));
    }
    expect(challengeOf({ ...refuseScope(["a"]), scheme: "DPoP" })).toMatch(/^DPoP .*, scope="a"$/);
  });

  it("names the scopes of which one is needed, unless they do not fit into it", () => {
    expect(challengeOf(refuseScope(["a", "b"]))).toContain('error="insufficient_scope"');
    expect(challengeOf(refuseScope(["a", "b"]))).toContain('scope="a b"');
    expect(challengeOf(refuseScope(['a"b']))).not.toContain("scope=");
    expect(headersOfRefused(refuseScope(["a"]))["X-Latchkey-Status"]).toBe("403");
  });
});

describe("the caller's token", () => {
  it.each([
    ["Bearer abc", "abc"],
    ["bearer abc", "abc"],
    ["BEARER  abc ", "abc"],
    ["Bearer", undefined],
    ["Bearer ", undefined],
    ["Bearer a b", undefined],
    ["Basic abc", undefined],
    ["abc", undefined],
    ["Bearer abc, Bearer def", undefined],
    [undefined, undefined],
  ])("in %j", (header, token) => expect(bearerToken(header) || undefined).toBe(token));

  it("is recognised in a query string, however it is written", () => {
    for (const query of [
      "access_token=x",
      "a=1&access_token=x",
      "access%5Ftoken=x",
      "access_token",
      "a=1&access_token=",
    ]) {
      expect(hasTokenInQuery(`/orders?${query}`)).toBe(true);
    }
    for (const query of ["token=x", "a=access_token", "my_access_token=x", ""]) {
      expect(hasTokenInQuery(`/orders?${query}`)).toBe(false);
    }
    expect(hasTokenInQuery("/access_token=x")).toBe(false);
  });
});
