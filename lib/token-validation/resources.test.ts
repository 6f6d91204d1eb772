import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ResourceTable } from "./resources.ts";

const open = { method: "GET", path: "/*", scopes: [] };
const table = new ResourceTable([
  open,
  { method: "GET", path: "/orders", scopes: ["read"] },
  { method: "POST", path: "/orders", scopes: ["write"] },
  { method: "GET", path: "/orders/{id}", scopes: ["read"] },
  { method: "GET", path: "/orders/latest", scopes: ["latest"] },
  { method: "GET", path: "/orders/{id}/lines/*", scopes: ["lines"] },
  { method: "GET", path: "/admin/users", scopes: ["admin"] },
  { method: "HEAD", path: "/admin/users", scopes: ["head"] },
  { method: "DELETE", path: "/a;b/c", scopes: ["matrix"] },
  { method: "GET", path: "/caf%C3%A9", scopes: ["cafe"] },
]);

/** Scopes of what was found: undefined for nothing, [] for the open resource. */
const scopesFor = (path: string, method = "GET") => table.find(method, path)?.scopes;

describe("which resource a request is about", () => {
  it.each([
    ["/orders", ["read"]],
    ["/orders/", ["read"]],
    ["/orders?limit=1", ["read"]],
    ["/orders#x", ["read"]],
    ["/%6frders", ["read"]],
    ["/orders/7", ["read"]],
    ["/orders/latest", ["latest"]],
    ["/orders/7/lines", ["lines"]],
    ["/orders/7/lines/1/2", ["lines"]],
    ["/orders/7/other", []],
    ["/caf%C3%A9", ["cafe"]],
    ["/caf%c3%a9", ["cafe"]],
    ["/", []],
    ["", []],
  ])("%s", (path, scopes) => expect(scopesFor(path)).toEqual(scopes));

  it("GET's for HEAD, unless HEAD has one of its own", () => {
    expect(scopesFor("/orders", "HEAD")).toEqual(["read"]);
    expect(scopesFor("/admin/users", "HEAD")).toEqual(["head"]);
  });

  it("is none for a method that no resource has", () => {
    expect(scopesFor("/orders", "PUT")).toBeUndefined();
    expect(scopesFor("/orders", "get")).toBeUndefined();
  });

  it.each([
    "/ADMIN/users",
    "/admin/USERS",
    "/Admin/Users/",
    "//admin/users",
    "/admin//users",
    "/admin/./users",
    "/x/../admin/users",
    "/x/%2e%2e/admin/users",
    "/x/..;/admin/users",
    "/admin%2fusers",
    "/admin%2Fusers",
    "/admin%5cusers",
    "/admin\\users",
    "/admin%252fusers",
    "/admin/users;x=1",
    "/admin;x=1/users",
    "/admin/users%3bx=1",
    "/admin/users%00",
    "/admin/users%0a",
    "/admin/users%",
    "/admin/users%zz",
    "/admin/users%ff",
    "admin/users",
  ])("is none, or the guarded one, never the open one: %s", (path) => {
    expect([undefined, ["admin"]]).toContainEqual(scopesFor(path));
  });

  it("takes a semicolon only where a literal has it", () => {
    expect(scopesFor("/a;b/c", "DELETE")).toEqual(["matrix"]);
    expect(scopesFor("/a;c/c", "DELETE")).toBeUndefined();
  });

  it("never answers with less than the guarded resource for any spelling of its path", () => {
    const spelling = (character: string) =>
      fc.constantFrom(
        character,
        character.toUpperCase(),
        `%${character.charCodeAt(0).toString(16)}`,
        `%25${character.charCodeAt(0).toString(16)}`,
      );
    const separator = fc.constantFrom("/", "//", "/./", "%2f", "/;/", "/x/../", "\\");
    const word = (text: string) => fc.tuple(...Array.from(text, spelling)).map((letters) => letters.join(""));
    const path = fc
      .tuple(separator, word("admin"), separator, word("users"), fc.constantFrom("", "/", "?a", ";a", "/."))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(path, (spelled) => {
        const scopes = scopesFor(spelled);
        // A doubly encoded letter is a different word to us, and refused.
        return scopes === undefined || scopes.includes("admin");
      }),
      { numRuns: 5_000 },
    );
  });

  it("takes no time to speak of for hostile templates and paths", () => {
    const hostile = new ResourceTable(
      Array.from({ length: 1_000 }, (_, at) => ({
        method: "GET",
        path: `/${Array.from({ length: 9 }, (_, bit) => ((at >> bit) & 1 ? "{p}" : "a")).join("/")}/x${at}`,
        scopes: [],
      })),
    );
    const times = Array.from({ length: 5 }, () => {
      const startedAt = performance.now();
      expect(hostile.find("GET", `/${"a/".repeat(9)}nowhere`)).toBeNull();
      expect(hostile.find("GET", `/${"a/".repeat(4_000)}`)).toBeNull();
      return performance.now() - startedAt;
    });
    // The best of a few: a busy machine is not what is measured.
    expect(Math.min(...times)).toBeLessThan(50);
  });
});
