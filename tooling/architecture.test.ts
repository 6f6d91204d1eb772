/**
 * The rules about the house, tested: each is broken once in a small house of its own, because a checker that
 * sees nothing is content with everything.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise, type ICruiseOptions, type ICruiseResult, type IConfiguration } from "dependency-cruiser";
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const config = createRequire(import.meta.url)("../dependency-cruiser.config.cjs") as {
  forbidden: NonNullable<IConfiguration["forbidden"]>;
  options: ICruiseOptions;
};

/** For each rule, an importing file and what it imports against the rule. */
const violations: Record<string, [from: string, to: string][]> = {
  "no-cycles": [["lib/protocol/a.ts", "lib/protocol/b.ts"]],
  resolvable: [["lib/protocol/a.ts", "lib/protocol/absent.ts"]],
  app: [
    ["app/page.tsx", "lib/data/a.ts"],
    ["app/page.tsx", "connectors/registry.ts"],
  ],
  "app-authorization-pages": [["app/(auth)/t/page.tsx", "lib/data/a.ts"]],
  "components-ui": [["components/ui/a.tsx", "components/apis/a.tsx"]],
  "components-form": [["components/form/a.ts", "lib/features/apis/create.ts"]],
  "components-schema-form": [["components/schema-form/a.tsx", "lib/connector-kit/contract.ts"]],
  "components-feature": [
    ["components/apis/a.tsx", "lib/features/apis/create.ts"],
    ["components/apis/a.tsx", "lib/web/action.ts"],
  ],
  "lib-web": [["lib/web/a.ts", "lib/data/a.ts"]],
  server: [["server.ts", "lib/data/a.ts"]],
  "front-door": [["lib/front-door/a.ts", "lib/features/apis/create.ts"]],
  "gateway-and-jobs": [["lib/gateway/a.ts", "lib/web/a.ts"]],
  runtime: [["lib/runtime.ts", "lib/web/a.ts"]],
  features: [
    ["lib/features/apis/create.ts", "lib/authorization-server/a.ts"],
    ["lib/features/apis/create.ts", "connectors/one/index.ts"],
  ],
  connectors: [
    ["connectors/one/index.ts", "connectors/two/index.ts"],
    ["connectors/one/index.ts", "lib/data/a.ts"],
  ],
  "connector-registry": [["connectors/registry.ts", "connectors/one/adapter.ts"]],
  "authorization-server": [["lib/authorization-server/a.ts", "lib/features/apis/create.ts"]],
  "token-validation": [["lib/token-validation/a.ts", "lib/data/a.ts"]],
  "connector-kit": [["lib/connector-kit/a.ts", "lib/data/a.ts"]],
  data: [["lib/data/a.ts", "lib/protocol/a.ts"]],
  protocol: [["lib/protocol/a.ts", "lib/connector-kit/a.ts"]],
  packages: [["packages/one/a.ts", "lib/foundation/a.ts"]],
  foundation: [["lib/foundation/a.ts", "lib/protocol/a.ts"]],
  "contracts-are-client-safe": [["lib/features/apis/contract.ts", "lib/features/apis/create.ts"]],
  "next-and-react": [
    ["lib/features/apis/create.ts", "next"],
    ["lib/gateway/a.ts", "react"],
  ],
  prisma: [
    ["lib/features/apis/create.ts", "@prisma/client"],
    ["lib/jobs/a.ts", "pg"],
  ],
  outbound: [
    ["connectors/one/index.ts", "undici"],
    ["lib/protocol/a.ts", "node:https"],
  ],
  "product-without-tooling": [["lib/jobs/a.ts", "tooling/a.ts"]],
  "no-development-dependencies": [["lib/protocol/a.ts", "only-for-development"]],
};

const house = mkdtempSync(join(tmpdir(), "latchkey-house-"));
afterAll(() => rmSync(house, { recursive: true, force: true }));

function write(path: string, text: string): void {
  const file = join(house, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Builds a house that holds one import, and names the rules that complain. */
async function complaintsAbout(from: string, to: string): Promise<{ rules: string[]; modules: number }> {
  rmSync(house, { recursive: true, force: true });
  const packages = ["next", "react", "@prisma/client", "pg", "undici"];
  write(
    "package.json",
    JSON.stringify({
      name: "house",
      type: "module",
      dependencies: Object.fromEntries(packages.map((name) => [name, "1.0.0"])),
      devDependencies: { "only-for-development": "1.0.0" },
    }),
  );
  for (const name of [...packages, "only-for-development"]) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: "1.0.0", main: "index.js" }));
    write(`node_modules/${name}/index.js`, "module.exports = {};");
  }
  write("tsconfig.json", "{}");
  const isOurs = /\.tsx?$/.test(to);
  const specifier = isOurs ? `./${relative(dirname(from), to)}`.replace("./../", "../") : to;
  write(from, `import { value } from ${JSON.stringify(specifier)};\nexport const used = value;\n`);
  if (isOurs && !to.includes("absent")) {
    const back = `./${relative(dirname(to), from)}`.replace("./../", "../");
    const needsBack = from === "lib/protocol/a.ts" && to === "lib/protocol/b.ts";
    write(
      to,
      `${needsBack ? `import { used } from "${back}";\nexport const again = () => used;\n` : ""}export const value = 1;\n`,
    );
  }
  const { tsConfig: _, ...options } = config.options;
  const { output } = await cruise(["."], {
    ...options,
    baseDir: house,
    validate: true,
    ruleSet: { forbidden: config.forbidden },
  });
  const { summary } = output as ICruiseResult;
  return { rules: summary.violations.map(({ rule }) => rule.name), modules: summary.totalCruised };
}

describe("import directions", () => {
  it("have a violation here for every rule", () => {
    expect(Object.keys(violations).sort()).toEqual(config.forbidden.map(({ name }) => name ?? "").sort());
  });

  const cases = Object.entries(violations).flatMap(([rule, pairs]) => pairs.map(([from, to]) => ({ rule, from, to })));
  it.each(cases)("$rule: $from may not import $to", async ({ rule, from, to }) => {
    expect((await complaintsAbout(from, to)).rules).toContain(rule);
  });

  it("are content with an import that the table allows, and saw both files", async () => {
    expect(await complaintsAbout("lib/features/apis/create.ts", "lib/data/apis.ts")).toEqual({ rules: [], modules: 2 });
  });
});

describe("lint rules", () => {
  // Rules that look at types would have the whole program loaded for a line of code each.
  const eslint = new ESLint({ cwd: root, overrideConfig: tseslint.configs.disableTypeChecked });
  const cases = [
    {
      rule: "no-restricted-globals",
      path: "lib/features/verb.ts",
      code: "export const reach = () => fetch('https://a.example');",
    },
    {
      rule: "no-restricted-properties",
      path: "lib/features/verb.ts",
      code: "export const setting = process.env['PORT'];",
    },
    { rule: "no-restricted-imports", path: "lib/features/verb.ts", code: 'import "next/headers";' },
    { rule: "no-restricted-imports", path: "lib/web/action.ts", code: 'import "@prisma/client";' },
    { rule: "no-restricted-imports", path: "lib/features/verb.ts", code: 'import "undici";' },
    {
      rule: "no-restricted-syntax",
      path: "lib/features/verb.ts",
      code: "declare class AppError {}\nexport const known = (error: unknown) => error instanceof AppError;",
    },
    {
      rule: "@typescript-eslint/no-explicit-any",
      path: "lib/features/verb.ts",
      code: "export const anything = (value: any): unknown => value;",
    },
    {
      rule: "@typescript-eslint/no-non-null-assertion",
      path: "lib/features/verb.ts",
      code: "export const sure = (value: string | null): string => value!;",
    },
  ];
  it.each(cases)(
    "$rule holds in $path",
    async ({ rule, path, code }) => {
      const [result] = await eslint.lintText(`${code}\n`, { filePath: join(root, path) });
      expect(result?.messages.map(({ ruleId }) => ruleId)).toContain(rule);
    },
    60_000,
  );

  it.each(["@typescript-eslint/no-floating-promises", "@typescript-eslint/no-deprecated"])(
    "%s, which looks at types, is switched on",
    async (rule) => {
      const { rules } = (await new ESLint({ cwd: root }).calculateConfigForFile("lib/features/verb.ts")) as {
        rules: Record<string, [severity: number]>;
      };
      expect(rules[rule]?.[0]).toBe(2);
    },
  );
});

describe("source text", () => {
  let files: { path: string; text: string }[];
  beforeAll(() => {
    files = ["app", "components", "connectors", "lib"].flatMap((folder) => sourcesBelow(join(root, folder)));
  });

  it("is really read", () => {
    expect(files.length).toBeGreaterThan(100);
  });

  it("holds no suppression without a reason", () => {
    const bare = /eslint-disable(-next-line|-line)?(?![^\n]* -- .{10})|@ts-(ignore|nocheck)/;
    expect(bare.test("// eslint-disable-next-line no-console")).toBe(true);
    expect(files.filter(({ text }) => bare.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

function sourcesBelow(folder: string): { path: string; text: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes("lib/data/generated"))
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, "utf8") }));
}
