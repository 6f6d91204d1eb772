/**
 * A new vendor is a new folder below connectors/ and its entry in connectors/registry.ts. That holds as long as no other
 * file names vendors: what names one has to be changed for the next, or treats one unlike the others.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { connectors } from "#connectors/registry.ts";
import { root } from "./bootstrap/checkout.mjs";
import { writtenFiles } from "./testing/written-files.ts";

const registry = "connectors/registry.ts";
const ids = connectors.map(({ id }) => id);
const folders = readdirSync(join(root, "connectors"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** Words of the product that happen to be a connector's id, each with what it means there. */
const otherMeanings = [
  ["app/_portal/areas.ts", "oidc", "a word by which people look for the page of identity providers"],
  ["app/gallery/gallery.tsx", "built-in", "the name of a key manager in a sample"],
  ["app/gallery/samples.ts", "built-in", "the name of a key manager in a sample"],
] as const;

/** Pages that list every vendor, each with what keeps the list up. */
const keptLists = [
  [
    "docs/connectors/README.md",
    "npm run docs writes it, and connectors/registry.test.ts holds it against the registry",
  ],
] as const;

/** A test, a tool or a page may pick vendors as its example. One that names more has a list that somebody must keep up. */
const mostExamples = 3;

/** Who may import from vendors' folders: the registry, and what only tests and simulations load. */
const mayEnter = /^(connectors\/registry\.ts$|tooling\/(testing|simulate)\/|e2e\/)|\.test\.tsx?$/;

const isProduct = (path: string) =>
  !/\.test\.tsx?$/.test(path) &&
  (/^(app|components|connectors|lib|prisma)\//.test(path) || /^[^/]+$/.test(path)) &&
  !path.endsWith(".md");

/** This test aside. */
const files = writtenFiles().filter(({ path }) => path !== "tooling/one-folder.test.ts");

describe("a vendor is one folder and its entry in the registry", () => {
  it("is held against everything that there is", () => {
    expect(files.filter(({ path }) => isProduct(path)).length).toBeGreaterThan(300);
    for (const path of ["README.md", "Dockerfile", "package.json", "e2e/kinds.spec.ts", registry]) {
      expect(files.map((file) => file.path)).toContain(path);
    }
  });

  it("so no file of the product names a vendor beside its folder and the registry", () => {
    const naming = files
      .filter(({ path }) => isProduct(path) && path !== registry)
      .flatMap(({ path, text }) =>
        vendorsNamed(path, text)
          .filter((id) => !otherMeanings.some(([where, word]) => where === path && word === id))
          .map((id) => `${path} names ${id}: let connectors declare what differs, and ask every one of them`),
      );
    expect(naming).toEqual([]);
  });

  it("so no test, tool or page has a list of vendors to be kept up", () => {
    const listing = files
      .filter(({ path }) => !isProduct(path) && !keptLists.some(([where]) => where === path))
      .map(({ path, text }) => ({ path, named: vendorsNamed(path, text) }))
      .filter(({ named }) => named.length > mostExamples)
      .map(({ path, named }) => `${path} names ${named.join(", ")}: derive the list from ${registry}`);
    expect(listing).toEqual([]);
  });

  it("and every exception is needed still", () => {
    const textOf = (path: string) => files.find((file) => file.path === path)?.text ?? "";
    const needless = [
      ...otherMeanings.filter(([path, word]) => !vendorsNamed(path, textOf(path)).includes(word)),
      ...keptLists.filter(([path]) => vendorsNamed(path, textOf(path)).length <= mostExamples),
    ];
    expect(needless.map(([path]) => `${path} needs no exception any more: remove it here`)).toEqual([]);
  });

  it("so a vendor's folder is entered from the registry alone, and from tests", () => {
    const reaching = files.flatMap(({ path, text }) =>
      foldersEntered(path, text)
        .filter((folder) => !path.startsWith(`${folder}/`) && !mayEnter.test(path))
        .map((folder) => `${path} imports from ${folder}: take the connector from ${registry}`),
    );
    expect(reaching).toEqual([]);
  });

  it("and the registry has one import for each folder, and one connector", () => {
    const text = readFileSync(join(root, registry), "utf8");
    const wanted = folders.map((folder) => `connectors/${folder}`).sort();
    expect(foldersEntered(registry, text).sort()).toEqual(wanted);
    expect(ids.toSorted()).toEqual(folders.toSorted());
  });
});

describe("the checks above", () => {
  it.each([
    ['if (record.connectorId === "one") return;', ["one"]],
    ["case 'one':", ["one"]],
    ["COPY connectors/one/guide.md .", ["one"]],
    ['import { one } from "#connectors/one/index.ts";', ["one"]],
    ['const all = ["one", "two"];', ["one", "two"]],
    ["// One answers 200 here; so does one-two.", []],
    ['check.addIssue({ code: "one", message });', []],
    ['"connectors/oneself/index.ts"', []],
  ])("see in %j the vendors %j", (text, named) => {
    expect(vendorsNamed("lib/a.ts", text, ["one", "two"])).toEqual(named);
  });

  it("leave a vendor its own words", () => {
    const words = 'const id = "one", kinds = ["one", "two"];';
    expect(vendorsNamed("connectors/one/index.ts", words, ["one", "two"])).toEqual([]);
    expect(vendorsNamed("connectors/one/index.ts", 'if (connectorId === "two") return;', ["one", "two"])).toEqual([
      "two",
    ]);
  });

  it("see an import from a vendor's folder, however it is written", () => {
    for (const specifier of ["#connectors/one/wire.ts", "../../connectors/one/wire.ts"]) {
      for (const code of [`import { a } from "${specifier}";`, `export * from "${specifier}";`]) {
        expect(foldersEntered("lib/features/a.ts", code)).toEqual(["connectors/one"]);
      }
      expect(foldersEntered("lib/features/a.ts", `await import("${specifier}")`)).toEqual(["connectors/one"]);
    }
    expect(foldersEntered("lib/features/a.ts", 'import { b } from "#connectors/registry.ts";')).toEqual([]);
  });
});

/**
 * Vendors whose id stands there as a literal, or whose folder as a path. `code: "…"` is a word of zod's; and within a
 * vendor's folder words are that vendor's, unless they are said of a connector.
 */
function vendorsNamed(path: string, text: string, known: readonly string[] = ids): string[] {
  const [, own] = /^connectors\/([^/]+)\//.exec(path) ?? [];
  const before = own === undefined ? "(?<!code: )" : "([Cc]onnector(Id)?|[Vv]endor)\\b[^\\n]{0,40}";
  return known.filter(
    (id) => id !== own && new RegExp(`${before}["'\`]${id}["'\`]|connectors/${id}(?![\\w-])`).test(text),
  );
}

/** Folders of vendors that a file imports from, once for each import. */
function foldersEntered(path: string, text: string): string[] {
  if (!/\.(tsx?|mjs|cjs|js)$/.test(path)) return [];
  const specifiers = text.matchAll(/\b(?:from|import)\s*\(?\s*["'`]([^"'`]+)["'`]/g);
  return [...specifiers].flatMap(([, specifier = ""]) => {
    const target = specifier.startsWith("#") ? specifier.slice(1) : join(dirname(path), specifier);
    const folder = /^(connectors\/[^/]+)\//.exec(target)?.[1];
    return folder === undefined ? [] : [folder];
  });
}
