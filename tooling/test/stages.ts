import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { keycloakUnavailable } from "#e2e/servers/keycloak.ts";
import { findNginx } from "#e2e/servers/nginx.ts";
import { openamUnavailable } from "#e2e/servers/openam.ts";
import { generateClient, root } from "../bootstrap/checkout.mjs";
import { systemBinaries } from "../database/postgres-binaries.ts";
import { schemaDiff } from "../database/schema-diff.ts";
import { startTemporary } from "../database/temporary.ts";
import { hasVendorSpecs } from "../testing/vendor-spec.ts";
import { lintContainerFiles } from "./container-files.ts";
import { leftOutOf } from "./left-out.ts";
import { tryMigrations } from "./migrations.ts";
import type { Stage, StageTools } from "./stage.ts";

const tool = (name: string) => join(root, "node_modules/.bin", name);

/** In this order; two run side by side where neither wants the machine to itself. */
export const stages: readonly Stage[] = [
  {
    name: "install",
    async run({ run, say }) {
      say(`Installing took ${process.env["LATCHKEY_INSTALL_MS"] ?? "?"} ms.`);
      // A lock that lacks another platform's packages installs here and fails elsewhere.
      await run("npm", ["ci", "--dry-run", "--ignore-scripts", "--no-audit", "--no-fund"]);
    },
  },
  {
    name: "generate",
    async run({ run }) {
      await generateClient();
      await run(tool("next"), ["typegen"], { NEXT_TELEMETRY_DISABLED: "1" });
    },
  },
  { name: "types", needs: ["generate"], run: ({ run }) => run(tool("tsc"), ["--noEmit"]) },
  { name: "format", run: ({ run }) => run(tool("prettier"), ["--check", "."]) },
  { name: "lint", needs: ["generate"], run: ({ run }) => run(tool("eslint"), [".", "--max-warnings", "0"]) },
  { name: "boundaries", needs: ["generate"], run: ({ run }) => run(tool("depcruise"), boundariesArguments()) },
  {
    name: "dead code",
    needs: ["generate"],
    // Else it counts lefthook as unused wherever its hooks are not installed, as in a clone that was only started.
    run: ({ run }) => run(tool("knip"), [], { CI: "1" }),
  },
  { name: "unit", needs: ["generate"], run: (tools) => tests(tools, "unit") },
  {
    name: "vendor contracts",
    needs: ["generate"],
    async run(tools) {
      if (!hasVendorSpecs()) tools.skip("the vendors' descriptions of their APIs do not lie beside this checkout");
      await tests(tools, "contracts");
    },
  },
  {
    name: "schema drift",
    async run({ say }) {
      const difference = await schemaDiff();
      say(difference);
      if (difference !== "") throw new Error("the migrations do not lead to prisma/schema.prisma");
    },
  },
  { name: "migrations", run: ({ say }) => withDatabase({}, (url) => tryMigrations(url, say)) },
  { name: "container files", run: lintContainerFiles },
  {
    name: "embedded database",
    needs: ["generate"],
    run: (tools) => tests(tools, "supervisor"),
  },
  {
    name: "integration on PostgreSQL 18",
    needs: ["generate"],
    alone: true,
    run: (tools) => withDatabase({}, (url) => integration(tools, url)),
  },
  {
    name: "integration on PostgreSQL 15",
    needs: ["generate"],
    alone: true,
    run(tools) {
      const folder = debianPostgres();
      if (!folder)
        return tools.skip("there is no PostgreSQL 15 in /usr/lib/postgresql (Debian: apt-get install postgresql-15)");
      return withDatabase({ binaries: systemBinaries(folder) }, (url) => integration(tools, url));
    },
  },
  {
    name: "live servers",
    needs: ["generate"],
    alone: true,
    async run(tools) {
      await tests(tools, "live");
      const reason = keycloakUnavailable() ?? openamUnavailable();
      if (reason) tools.skip(`${reason} (Debian: apt-get install default-jre-headless maven)`);
    },
  },
  {
    name: "build",
    needs: ["generate"],
    alone: true,
    run: ({ run }) => run(process.execPath, ["tooling/test/build.ts"]),
  },
  {
    name: "end to end",
    needs: ["build"],
    alone: true,
    async run({ run, say, skip }) {
      const browser = await findBrowser({ run, say });
      if (!browser)
        return skip(
          "there is no Chromium: set CHROMIUM_PATH, or install it (Debian: apt-get install chromium-headless-shell)",
        );
      const reason =
        keycloakUnavailable() ?? (findNginx() ? null : "nginx was not found (Debian: apt-get install nginx)");
      await run(tool("playwright"), ["test"], { CHROMIUM_PATH: browser, ...(reason && { E2E_WITHOUT_STORY: "1" }) });
      if (reason) skip(`the whole job was left out: ${reason}`);
    },
  },
  {
    name: "bench smoke",
    needs: ["build"],
    alone: true,
    run: ({ run }) => run(process.execPath, ["tooling/bench/main.ts", "--smoke"]),
  },
];

/** What dependency-cruiser looks at; the same for `npm run boundaries`. */
function boundariesArguments(): string[] {
  return [
    "--config",
    "dependency-cruiser.config.cjs",
    "app",
    "components",
    "connectors",
    "lib",
    "packages",
    "tooling",
    "e2e",
    "server.ts",
    "proxy.ts",
  ];
}

async function withDatabase(
  options: Parameters<typeof startTemporary>[0],
  work: (url: string) => Promise<void>,
): Promise<void> {
  const database = await startTemporary({ ...options, mayCreateDatabases: true });
  try {
    await work(database.url.reveal());
  } finally {
    await database.stop();
  }
}

function integration(tools: StageTools, url: string): Promise<void> {
  return tests(tools, "integration", { LATCHKEY_TEST_SERVER: url });
}

/** Runs one of Vitest's projects; tests that did not run here are named on the stage's line. */
async function tests(
  { run, remark }: StageTools,
  project: string,
  environment: Record<string, string> = {},
): Promise<void> {
  const leftOut = leftOutOf(await run(tool("vitest"), ["run", "--project", project], environment));
  if (leftOut !== undefined) remark(leftOut);
}

function debianPostgres(): string | undefined {
  const folder = "/usr/lib/postgresql/15/bin";
  return existsSync(join(folder, "postgres")) ? folder : undefined;
}

/** The system's Chromium, at best the one without windows, which is quicker; or Playwright's own, fetched if need be. */
async function findBrowser({ run, say }: Pick<StageTools, "run" | "say">): Promise<string | undefined> {
  const given = process.env["CHROMIUM_PATH"];
  if (given) return given;
  for (const path of [
    "/usr/bin/chromium-headless-shell",
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
  ]) {
    if (existsSync(path)) return path;
  }
  const own = chromium.executablePath();
  if (existsSync(own)) return own;
  try {
    await run(tool("playwright"), ["install", "chromium"]);
    return own;
  } catch (error) {
    say(`Playwright could not fetch its Chromium: ${String(error)}`);
    return undefined;
  }
}
