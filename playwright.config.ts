import { defineConfig, devices } from "@playwright/test";

/** Where `npm test` found a Chromium; without it, Playwright's own. */
const executablePath = process.env["CHROMIUM_PATH"];
/** Chromium's sandbox needs a user that is not root. */
const asRoot = process.getuid?.() === 0;
/** The whole job takes a real Keycloak and a real nginx; `npm test` says why where one cannot be had. */
const hasGateway = process.env["E2E_WITHOUT_STORY"] === undefined;
/** The development server that shows the gallery of primitives; workers read the same port from here. */
const galleryPort = (process.env["LATCHKEY_GALLERY_PORT"] ??= String(20_000 + Math.floor(Math.random() * 10_000)));

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  // The journeys share one machine with the servers they drive.
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 15_000 },
  forbidOnly: process.env["CI"] !== undefined,
  reporter: [["list"]],
  use: {
    ...devices["Desktop Chrome"],
    // A control that does not answer fails its own step, with its own name.
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    trace: "retain-on-failure",
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
    { name: "journeys", testIgnore: ["gallery.spec.ts", ...(hasGateway ? [] : ["story.spec.ts"])] },
    {
      name: "gallery",
      testMatch: "gallery.spec.ts",
      use: { baseURL: `http://localhost:${galleryPort}` },
    },
  ],
  webServer: {
    command: `exec ${JSON.stringify(process.execPath)} e2e/servers/gallery.ts`,
    env: { LATCHKEY_GALLERY_PORT: galleryPort },
    url: `http://localhost:${galleryPort}/gallery`,
    timeout: 120_000,
    gracefulShutdown: { signal: "SIGTERM", timeout: 5_000 },
  },
});
