import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import LeftOut from "./tooling/test/left-out.ts";

const everywhere = ["lib/**", "connectors/**", "components/**", "tooling/**", "app/**", "packages/**"];
/** Starts, kills and restarts real server processes. */
const supervisor = ["tooling/**/*.process.test.ts"];
/** Run by `npm run conformance` alone, which says over what. */
const suite = ["tooling/conformance/suite.test.ts"];
/** Speaks to real authorization servers; each says why where it cannot have one. */
const live = everywhere.map((folder) => `${folder}/*.live.test.ts`);
/** Hold what connectors and simulators say against the vendors' own descriptions. */
const contracts = ["connectors/*/contract.test.ts"];
const integration = everywhere.map((folder) => `${folder}/*.int.test.ts`);

export default defineConfig({
  test: {
    // Much of the time is spent waiting for a database or a server, so that two cores carry two files.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: ["default", new LeftOut()],
    // Modules are loaded once for many files: a third of the time went into loading them again for each.
    isolate: false,
    projects: [
      {
        test: {
          name: "unit",
          include: everywhere.map((folder) => `${folder}/*.test.{ts,tsx}`),
          exclude: [...integration, ...supervisor, ...live, ...contracts, ...suite],
          setupFiles: ["tooling/testing/no-network.ts"],
        },
      },
      {
        test: {
          name: "integration",
          include: integration,
          // These wait for a database, and for the seconds that a change may take.
          maxWorkers: Math.max(3, availableParallelism() - 1),
          globalSetup: ["tooling/testing/database-setup.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: "contracts", include: contracts, setupFiles: ["tooling/testing/no-network.ts"] } },
      { test: { name: "conformance", include: suite } },
      { test: { name: "live", include: live, testTimeout: 60_000, hookTimeout: 900_000 } },
      { test: { name: "supervisor", include: supervisor, testTimeout: 120_000, hookTimeout: 120_000 } },
    ],
  },
});
