import { describe, expect, it } from "vitest";
import { requireSameOrigin } from "./same-origin.ts";

const own = "https://latchkey.example";
const check = (headers: Record<string, string>) => () => requireSameOrigin(new Headers(headers), own);
const refused = expect.objectContaining({ code: "auth.origin" });

describe("a state change", () => {
  it.each([
    ["the portal's own page", { origin: own, "sec-fetch-site": "same-origin" }],
    ["an older browser, by its Origin alone", { origin: own }],
    ["a browser that left Origin away, but says where the request came from", { "sec-fetch-site": "same-origin" }],
  ])("is let through from %s", (_who, headers) => {
    expect(check(headers)).not.toThrow();
  });

  it.each([
    ["another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    [
      "another site that names our host as the request's own",
      { origin: "https://evil.example", host: "latchkey.example" },
    ],
    [
      "another site behind a proxy header of its choice",
      { origin: "https://evil.example", "x-forwarded-host": "evil.example", host: "evil.example" },
    ],
    ["another port of our host", { origin: `${own}:8443`, "sec-fetch-site": "same-site" }],
    ["our host without TLS", { origin: "http://latchkey.example" }],
    ["a sub-domain", { origin: "https://a.latchkey.example", "sec-fetch-site": "same-site" }],
    ["a host that begins like ours", { origin: `${own}.evil.example` }],
    ["a page without an origin", { origin: "null", "sec-fetch-site": "cross-site" }],
    ["our origin, where the browser knows better", { origin: own, "sec-fetch-site": "cross-site" }],
    ["a typed address", { "sec-fetch-site": "none" }],
    ["a program that sends neither header", {}],
  ])("is refused from %s", (_who, headers) => {
    expect(check(headers)).toThrow(refused);
  });
});
