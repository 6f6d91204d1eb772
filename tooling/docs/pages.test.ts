/** What pages say about this tree is true: links, files, commands and settings that they name exist. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { envSchema } from "#lib/foundation/env.ts";
import { root } from "../bootstrap/checkout.mjs";
import { writtenFiles, type WrittenFile } from "../testing/written-files.ts";

const files = writtenFiles();
const pages = files.filter(({ path }) => path.endsWith(".md"));
const { scripts, dependencies, devDependencies } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
) as Record<"scripts" | "dependencies" | "devDependencies", Record<string, string>>;

/** Everything in a text that a pattern's first group takes. */
const taken = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = ""]) => found);
const exists = (path: string) => existsSync(join(root, path));

/** What is wrong with a page's links to files and headings. */
function deadLinks({ path, text }: WrittenFile): string[] {
  return taken(text, /\]\(([^)\s]+)\)/g)
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : normalize(join(dirname(path), file));
      return !exists(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
    })
    .map((link) => `${path} links to ${link}, which is not there`);
}

/** Anchors of a page: those that are written, and those that GitHub makes of headings. */
function anchorsOf(path: string): string[] {
  if (!path.endsWith(".md") || !statSync(join(root, path)).isFile()) return [];
  const text = readFileSync(join(root, path), "utf8");
  const headings = taken(text, /^#{1,6} (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return [...taken(text, /<a id="([^"]+)"/g), ...headings];
}

/** Commands that a page names and that nobody can run. */
function unknownCommands({ path, text }: WrittenFile): string[] {
  const run = taken(text, /\bnpm run ([\w:-]+)/g).filter((name) => !scripts[name]);
  const known = [...taken(text, /\bnpm (start|test)\b/g)].filter((name) => !scripts[name]);
  const tools = taken(text, /\bnpx ([\w@/-]+)/g).filter((name) => !dependencies[name] && !devDependencies[name]);
  return [...run, ...known, ...tools].map((name) => `${path} names the command ${name}, which package.json lacks`);
}

/** Paths in code spans that begin with a folder of ours. `<…>`, `{…}` and `*` stand for something. */
function absentFiles({ path, text }: WrittenFile): string[] {
  return taken(text, /`((?:app|components|connectors|docs|e2e|lib|packages|prisma|tooling)\/[^`\s<{*]*)`/g)
    .filter((file) => !exists(file))
    .map((file) => `${path} names ${file}, which is not there`);
}

/** Files that commands of a page are given. */
function absentArguments({ path, text }: WrittenFile): string[] {
  return taken(text, /^npm run conformance -- (.+)$/gm)
    .flatMap((words) => words.split(" "))
    .filter((file) => /^docs\//.test(file) && !exists(file))
    .map((file) => `${path} gives ${file} to a command, which is not there`);
}

/** Values that configurations of gateways are filled in with: their first lines explain them. */
function explainedValues(): string[] {
  return files
    .filter(({ path }) => /^docs\/gateways\/[^/]+\/[^/]+$/.test(path))
    .flatMap(({ text }) => taken(text.split("\n\n")[0] ?? "", /\b(LATCHKEY_[A-Z_]+)\b/g));
}

describe("pages", () => {
  it("are all read", () => {
    const paths = pages.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["README.md", "docs/architecture.md", "docs/connectors/your-own.md"]));
    expect(paths.filter((path) => path.startsWith("connectors/")).length).toBeGreaterThan(10);
  });

  it("link to what exists", () => expect(pages.flatMap(deadLinks)).toEqual([]));

  it("name commands that can be run", () => expect(pages.flatMap(unknownCommands)).toEqual([]));

  it("name files that exist", () => {
    expect([...pages.flatMap(absentFiles), ...pages.flatMap(absentArguments)]).toEqual([]);
  });

  it("name settings that are read", () => {
    const known = [...Object.keys(envSchema.shape), ...explainedValues()];
    const unknown = pages.flatMap(({ path, text }) =>
      taken(text, /\b(LATCHKEY_[A-Z_]+)\b/g)
        .filter((name) => !known.includes(name))
        .map((name) => `${path} names the setting ${name}, which lib/foundation/env.ts does not read`),
    );
    expect(unknown).toEqual([]);
  });

  it("exist where code points to them", () => {
    const absent = files
      .filter(({ path }) => path !== "tooling/docs/pages.test.ts")
      .flatMap(({ path, text }) =>
        taken(text, /(?<![\w./-])(docs\/[\w/-]+\.md)\b/g)
          .filter((page) => !exists(page))
          .map((page) => `${path} points to ${page}, which is not there`),
      );
    expect(absent).toEqual([]);
  });
});

describe("the checks above", () => {
  const on = (text: string): WrittenFile => ({ path: "docs/gateways/README.md", text });

  it("see a dead link, to a file or to a heading", () => {
    const good = "[a](nginx/latchkey.conf) [b](../architecture.md#starting) [c](#codes) [d](https://a.example/b)";
    expect(deadLinks(on(good))).toEqual([]);
    for (const dead of ["nowhere.md", "../architecture.md#nowhere", "#nowhere", "nginx/latchkey.conf#a"]) {
      expect(deadLinks(on(`[a](${dead})`))).toHaveLength(1);
    }
  });

  it("see a command, a tool and a file that are not there", () => {
    expect(unknownCommands(on("`npm run docs`, `npm start`, `npx knip`"))).toEqual([]);
    expect(unknownCommands(on("`npm run nothing`, `npx nothing`"))).toHaveLength(2);
    expect(absentFiles(on("`lib/gateway`, `lib/nothing.ts`, `connectors/<vendor>`"))).toHaveLength(1);
    expect(absentArguments(on("npm run conformance -- docs/nothing.yaml ./a.ts"))).toHaveLength(1);
  });
});
