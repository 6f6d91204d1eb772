import { defineConfig, devices } from "@playwright/test";

/** Where `npm test` found a Chromium; without it, Playwright's own. */
const executablePath = process.env["CHROMIUM_PATH"];
/** Chromium's sandbox needs a user that is not root. */
const asRoot = process.getuid?.() === 0;
/** The whole job takes a real Keycloak and a real nginx; `npm test` says why where one cannot be had. */
const hasGateway = process.env["E2E_WITHOUT_STORY"] === undefined;

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  // Each journey starts its own servers, and mostly waits for them: two fill two cores.
  workers: 2,
  timeout: 180_000,
  // Ends in order, with what failed, before the stage would be ended.
  globalTimeout: 28 * 60_000,
  expect: { timeout: 15_000 },
  forbidOnly: process.env["CI"] !== undefined,
  // Failures are told when they happen, and what took how long: a run that is ended early has told them too.
  reporter: [["list"]],
  use: {
    ...devices["Desktop Chrome"],
    // A control that does not answer fails its own step, with its own name.
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    // A trace of every step costs a third of the time; `--trace on` makes one when it is wanted.
    trace: "off",
    screenshot: "only-on-failure",
    launchOptions: {
      ...(executablePath ? { executablePath } : {}),
      args: [
        ...(asRoot ? ["--no-sandbox"] : []),
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
      ],
    },
  },
  projects: [
    // First: its one file would keep one worker busy while the other has nothing left to do.
    { name: "gallery", testMatch: "gallery.spec.ts" },
    { name: "journeys", testIgnore: ["gallery.spec.ts", ...(hasGateway ? [] : ["story.spec.ts"])] },
  ],
});
