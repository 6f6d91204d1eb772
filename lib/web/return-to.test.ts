import { describe, expect, it } from "vitest";
import { safeReturnTo } from "./return-to.ts";

describe("the path to go back to after sign-in", () => {
  it.each([
    "/",
    "/developer/applications",
    "/admin/people?role=CREATOR&q=a%20b",
    "/t/acme/sign-in/abc",
    "/sign-in-later",
    "/a//b",
  ])("is %s, which is ours", (path) => {
    expect(safeReturnTo(path)).toBe(path);
  });

  it.each([
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    " /admin",
    "/ad min",
    "/.//evil.example",
    "/a/..//evil.example",
    "javascript:alert(1)",
    "data:text/html,hi",
    "admin",
    "",
    "/sign-in",
    "/sign-in?returnTo=/sign-in",
    "/api/auth/signin",
    `/${"a".repeat(2001)}`,
    undefined,
    null,
    42,
    ["/admin"],
  ])("is not %j", (path) => {
    expect(safeReturnTo(path)).toBe("/");
    expect(safeReturnTo(path, "/account")).toBe("/account");
  });
});
