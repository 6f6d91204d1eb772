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

  it("none for HEAD where its own differs only in case, whatever there is for GET", () => {
    const own = { method: "HEAD", path: "/Admin", scopes: ["admin"] };
    const guarded = new ResourceTable([own, { method: "GET", path: "/{id}", scopes: [] }]);
    expect(guarded.find("HEAD", "/Admin")).toBe(own);
    expect(guarded.find("HEAD", "/admin")).toBeNull();
  });

  it("is none for a method that no resource has", () => {
    expect(scopesFor("/orders", "PUT")).toBeUndefined();
    expect(scopesFor("/orders", "get")).toBeUndefined();
  });

  it.each([
    "/ADMIN/users",
    "/admin/USERS",
    "/Admin/Users/",
    // Letters that a backend may take for i and s.
    "/adm%C4%B1n/users",
    "/ADM%C4%B0N/users",
    "/admin/u%C5%BFers",
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

  describe("by the rules of the docs", () => {
    const rules = new ResourceTable(
      ["/a/b/c", "/a/{x}/d", "/files/*", "/files/{id}", "/files/list", "/s*r", "/{x}/tail/*", "/trail/", "/{id}"].map(
        (path) => ({ method: "GET", path, scopes: [path] }),
      ),
    );
    const found = (path: string) => rules.find("GET", path)?.path;

    it.each([
      // Templates: a literal, then a parameter, then the rest.
      ["/files/list", "/files/list"],
      ["/files/7", "/files/{id}"],
      ["/files/7/x", "/files/*"],
      ["/files/list/x", "/files/*"],
      ["/files/7/x/y/z", "/files/*"],
      // Wildcards: the bare prefix too; in the middle of a segment, a letter like any other.
      ["/files", "/files/*"],
      ["/files/", "/files/*"],
      ["/s*r", "/s*r"],
      ["/star", "/{id}"],
      ["/x/tail", "/{x}/tail/*"],
      ["/x/tail/1/2", "/{x}/tail/*"],
      // Going back from a literal that leads nowhere.
      ["/a/b/c", "/a/b/c"],
      ["/a/b/d", "/a/{x}/d"],
      ["/a/b", undefined],
      ["/a/b/e", undefined],
      // Case: letters count, and nothing laxer takes over.
      ["/A", "/{id}"],
      ["/FILES", undefined],
      ["/Files/7", undefined],
      ["/a/B/c", undefined],
      ["/a/B/d", "/a/{x}/d"],
      ["/files/LIST", undefined],
      // Slashes: one at the end does not count, in templates either.
      ["/trail", "/trail/"],
      ["/trail/", "/trail/"],
      ["/trail//", undefined],
      ["//trail", undefined],
      ["/", undefined],
      ["/files//7", undefined],
      ["/%2f", undefined],
      // A parameter is a whole segment, and never empty.
      ["/a//d", undefined],
      ["/a/%20/d", "/a/{x}/d"],
      ["/a/b%2Fc/d", undefined],
      ["/x%2e", "/{id}"],
      ["/%2e", undefined],
      ["/%2e%2e", undefined],
    ])("%s is %s", (path, expected) => expect(found(path)).toBe(expected));

    it("a template with a slash that is encoded, a dot segment or an empty one serves nothing", () => {
      for (const path of ["/a%2fb", "/a/../b", "/a//b", "/./a", "/%zz"]) {
        const lone = new ResourceTable([{ method: "GET", path, scopes: [] }]);
        for (const asked of [path, "/a/b", "/b", "/a", "/"]) expect(lone.find("GET", asked)).toBeNull();
      }
    });

    it("of two templates that spell the same paths, the first that asks for a scope", () => {
      const asking = (...scopes: string[]) =>
        new ResourceTable(
          ["/x/{a}", "/x/{b}/", "/%78/{c}"].map((path, at) => ({
            method: "GET",
            path,
            scopes: [scopes[at] ?? ""].filter(Boolean),
          })),
        ).find("GET", "/x/1")?.scopes;
      expect(asking("first", "second", "third")).toEqual(["first"]);
      expect(asking("", "second", "third")).toEqual(["second"]);
      expect(asking("first", "", "")).toEqual(["first"]);
      expect(asking("", "", "third")).toEqual(["third"]);
      expect(asking("", "", "")).toEqual([]);
    });

    it("a resource is found by every path that its template spells, whatever the values", () => {
      const value = fc.stringMatching(/^[A-Za-z0-9_~é ü-]{1,12}$/).filter((text) => text.trim() !== "");
      fc.assert(
        fc.property(value, value, (first, second) => {
          const path = `/a/${encodeURIComponent(first)}/d`;
          if (first.toLowerCase() !== "b") expect(found(path)).toBe("/a/{x}/d");
          expect(found(`/files/${encodeURIComponent(first)}/${encodeURIComponent(second)}`)).toBe("/files/*");
          expect(found(`${path}/`)).toBe(found(path));
          expect(found(`${path}?${encodeURIComponent(second)}=/`)).toBe(found(path));
        }),
        { numRuns: 1_000 },
      );
    });
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
