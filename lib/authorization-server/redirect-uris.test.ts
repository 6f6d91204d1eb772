import { describe, expect, it } from "vitest";
import { redirectUriProblem } from "./redirect-uris.ts";

describe("redirect URIs", () => {
  it.each([
    ["https://app.example/callback", false],
    ["https://app.example:8443/callback?from=us", false],
    ["http://localhost:3000/callback", false],
    ["http://127.0.0.1/callback", true],
    ["http://[::1]:7777/callback", true],
    ["com.example.app:/callback", true],
  ])("%s is fine (native: %s)", (uri, native) => {
    expect(redirectUriProblem(uri, native)).toBeNull();
  });

  it.each([
    ["http://app.example/callback", "https"],
    ["https://app.example/callback#part", "fragment"],
    ["https://app.example/#", "fragment"],
    ["https://*.example/callback", "wildcard"],
    ["https://app.example/*", "wildcard"],
    ["https://user:secret@app.example/", "user name"],
    ["javascript:alert(1)", "https"],
    ["data:text/html,x", "https"],
    ["com.example.app:/callback", "https"],
    ["/callback", "complete address"],
    ["https://app.example/a b", "complete address"],
    ["https:\\\\app.example\\", "complete address"],
    ["https://app.example/\u0000", "complete address"],
    ["http://localhost.evil.example/", "https"],
    ["http://2130706433.evil.example/", "https"],
  ])("%s is refused, saying why (%s)", (uri, words) => {
    expect(redirectUriProblem(uri, false)).toContain(words);
  });

  it.each(["myapp:/callback", "javascript:x", "file:///etc/passwd", "blob:https://a.example/x"])(
    "an installed application cannot use %s either",
    (uri) => {
      expect(redirectUriProblem(uri, true)).toEqual(expect.any(String));
    },
  );

  it.each([undefined, null, 7, {}, "x".repeat(2001)])("%s is no address", (uri) => {
    expect(redirectUriProblem(uri, false)).toEqual(expect.any(String));
  });
});
