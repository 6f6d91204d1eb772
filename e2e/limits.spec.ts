/**
 * An administrator limits what developers may enter; developers see it before they type, and are held to it. What a
 * kind of key manager cannot do is told where somebody would look for it, and a simulator is never taken for a server.
 */
import { expect, test, type Page } from "@playwright/test";
import { auth0 } from "#connectors/auth0/index.ts";
import { builtIn } from "#connectors/built-in/index.ts";
import { describeFields } from "#lib/connector-kit/descriptors.ts";
import { findSimulator } from "#tooling/simulate/find.ts";
import { serveSimulator, type RunningSimulator } from "#tooling/simulate/serve.ts";
import { connectKeyManager } from "./pages/administration.ts";
import { fillConnectorForm } from "./pages/connector-form.ts";
import { createApplication, foundTenant, generateKeys, keysCard, openKeys, openWindow } from "./pages/portal.ts";
import { startLatchkey, type LatchkeyServer } from "./servers/latchkey.ts";

const keyManager = "Shop tenant";
const permanent = builtIn.name;

let simulator: RunningSimulator;
let latchkey: LatchkeyServer;
let page: Page;

test.beforeAll(async ({ browser }) => {
  test.setTimeout(120_000);
  simulator = await serveSimulator(await findSimulator(auth0.id));
  latchkey = await startLatchkey({ outboundAllow: [simulator.address] });
  page = await openWindow(browser, latchkey.origin);
  await foundTenant(page, latchkey.firstSignInLink, ["Developer"]);
});

test.afterAll(async () => {
  await page?.context().close();
  await latchkey?.stop();
  await simulator?.stop();
});

async function openLimits(name: string) {
  await page.goto("/admin/key-managers");
  await page.getByRole("link", { name, exact: true }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("heading", { name: "Limits for developers" }).click();
}

async function addLimit(field: string) {
  await page.getByLabel(/^Limit (a|another) field$/).selectOption({ label: field });
  await page.getByRole("button", { name: "Add limit" }).click();
  return page.getByRole("group", { name: field, exact: true });
}

test("a simulator is marked wherever it is seen, and gaps are told with their reason", async () => {
  const { wellKnownUrl, connectionInput } = simulator.vendor;
  await connectKeyManager(page, {
    wellKnownUrl,
    displayName: keyManager,
    kind: auth0.name,
    access: () =>
      fillConnectorForm(page, describeFields(auth0.connection), { values: connectionInput, prefix: "connection" }),
  });
  await expect(page.getByText("Simulator", { exact: true }).first()).toBeVisible();
  const gaps = page.getByRole("list", { name: "Not possible" });
  await expect(gaps).toContainText(auth0.missing.introspectToken ?? "no reason");
  await page.goto("/admin/key-managers");
  const row = page.getByRole("row").filter({ hasText: keyManager });
  await expect(row.getByText("Simulator", { exact: true })).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: permanent }).getByText("Simulator")).toHaveCount(0);
});

test("limits are refused where they make no sense, and saved where they do", async () => {
  await openLimits(keyManager);
  const callbacks = await addLimit("Callback URLs");
  await callbacks.getByLabel("Pattern").fill("https://(");
  const lifetime = await addLimit("Live (Refresh tokens: Replaced at each use)");
  await lifetime.getByLabel("Limit", { exact: true }).selectOption({ label: "Between" });
  await lifetime.getByLabel("At least").fill("900");
  await lifetime.getByLabel("At most").fill("600");
  await page.getByRole("button", { name: "Save settings" }).click();
  await expect(callbacks.getByText("This is no pattern that can be used")).toBeVisible();
  await expect(lifetime.getByText("Enter at least the lower limit, 900, or lower that one.")).toBeVisible();

  await callbacks.getByLabel("Pattern").fill("https://[a-z0-9.-]+\\.harbour\\.example/.*");
  await callbacks.getByLabel("In words").fill("An address of harbour.example.");
  await lifetime.getByRole("button", { name: "Remove the limit" }).click();
  await page.getByRole("button", { name: "Save settings" }).click();
  await expect(page.getByText(`${keyManager} is saved.`)).toBeVisible();

  await openLimits(permanent);
  const tokens = await addLimit("Tokens of the application live");
  await tokens.getByLabel("At most").fill("900");
  await page.getByRole("button", { name: "Save settings" }).click();
  await expect(page.getByText(`${permanent} is saved.`)).toBeVisible();
});

test("developers see the limits before they type, and are held to them", async () => {
  await createApplication(page, "Web shop");
  await openKeys(page, "Web shop", "production");

  await test.step("a default outside begins at the nearest value", async () => {
    const card = keysCard(page, permanent);
    await card.getByRole("button", { name: "Generate keys" }).click();
    const lifetime = card.getByLabel("Tokens of the application live");
    await expect(card.getByText("The administrator allows at most 900 seconds.")).toBeVisible();
    await expect(lifetime).toHaveValue("900");
    await lifetime.fill("3600");
    await card.getByRole("button", { name: "Generate keys" }).click();
    await expect(lifetime).toHaveAttribute("aria-invalid", "true");
    await card.getByRole("button", { name: "Cancel" }).click();
    await generateKeys(page, permanent, (form) => form.getByLabel("Tokens of the application live").fill("600"));
  });

  await test.step("a pattern is told in the administrator's words", async () => {
    const card = keysCard(page, keyManager);
    await expect(card.getByText("Simulator", { exact: true })).toBeVisible();
    await card.getByText(`Not possible with ${auth0.name}`).click();
    await expect(card.getByText(auth0.missing.secrets ?? "no reason")).toBeVisible();
    await card.getByRole("button", { name: "Generate keys" }).click();
    await expect(card.getByText("of your own")).toHaveCount(0);
    await card.getByLabel("Authorization code").check();
    const callbacks = card.getByLabel("Callback URLs");
    await callbacks.fill("https://evil.example/back");
    await callbacks.press("Enter");
    await card.getByRole("button", { name: "Generate keys" }).click();
    await expect(callbacks).toHaveAttribute("aria-invalid", "true");
    await expect(callbacks).toHaveAccessibleDescription(/Set by the administrator: An address of harbour\.example\./);
    await card.getByRole("button", { name: "Remove https://evil.example/back" }).click();
    await callbacks.fill("https://shop.harbour.example/back");
    await callbacks.press("Enter");
    await card.getByRole("button", { name: "Generate keys" }).click();
    await expect(card.getByText("Your keys are ready")).toBeVisible();
  });
});
