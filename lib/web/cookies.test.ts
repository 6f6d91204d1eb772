import { describe, expect, it } from "vitest";
import { cookieName, cookieOptions, type CookieKind } from "./cookies.ts";

const kinds: CookieKind[] = ["session", "csrf", "callback", "pkce", "state", "nonce", "intent", "device", "tenant"];

describe("cookies", () => {
  it.each(kinds)("pin %s to this very host and path where the portal is served over TLS", (kind) => {
    expect(cookieName(kind, "https://latchkey.example")).toBe(`__Host-latchkey.${kind}`);
    // RFC 6265bis §4.1.3.2: without Secure, or with another path, a browser refuses the prefix.
    expect(cookieOptions("https://latchkey.example")).toEqual({
      httpOnly: true,
      sameSite: "lax",
      path: "/",
      secure: true,
    });
  });

  it.each(kinds)("can be used for %s on a developer's own machine without TLS", (kind) => {
    expect(cookieName(kind, "http://localhost:3000")).toBe(`latchkey.${kind}`);
    expect(cookieOptions("http://localhost:3000").secure).toBe(false);
  });

  it("never name a domain, and end when they are told to", () => {
    expect(cookieOptions("https://latchkey.example", 60)).toMatchObject({ maxAge: 60 });
    expect(cookieOptions("https://latchkey.example")).not.toHaveProperty("domain");
  });
});
