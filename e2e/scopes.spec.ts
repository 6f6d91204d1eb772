/**
 * Scopes of an API reach a key manager in the background, a failure there is told and tried again, and a developer
 * chooses which of them an application's own tokens may carry.
 */
import { expect, test, type Page } from "@playwright/test";
import { keycloak } from "#connectors/keycloak/index.ts";
import { describeFields } from "#lib/connector-kit/descriptors.ts";
import { findSimulator } from "#tooling/simulate/find.ts";
import { serveSimulator, type RunningSimulator } from "#tooling/simulate/serve.ts";
import { connectKeyManager } from "./pages/administration.ts";
import { fillConnectorForm } from "./pages/connector-form.ts";
import { importApi } from "./pages/creation.ts";
import {
  createApplication,
  foundTenant,
  generateKeys,
  getToken,
  keysCard,
  openKeys,
  openWindow,
  subscribe,
} from "./pages/portal.ts";
import { startLatchkey, type LatchkeyServer } from "./servers/latchkey.ts";

const keyManager = "Shop realm";
const application = "Web shop";

let simulator: RunningSimulator;
let latchkey: LatchkeyServer;
let page: Page;

test.beforeAll(async ({ browser }) => {
  test.setTimeout(120_000);
  simulator = await serveSimulator(await findSimulator(keycloak.id));
  latchkey = await startLatchkey({ outboundAllow: [simulator.address] });
  page = await openWindow(browser, latchkey.origin);
  await foundTenant(page, latchkey.firstSignInLink, ["Creator", "Developer"]);
});

test.afterAll(async () => {
  await page?.context().close();
  await latchkey?.stop();
  await simulator?.stop();
});

test("scopes are mirrored, and a developer chooses which of them tokens carry", async () => {
  const { wellKnownUrl, connectionInput } = simulator.vendor;
  await test.step("an administrator connects a key manager and turns application scopes on", async () => {
    const fields = describeFields(keycloak.connection);
    await connectKeyManager(page, {
      wellKnownUrl,
      displayName: keyManager,
      access: () => fillConnectorForm(page, fields, { values: connectionInput, prefix: "connection" }),
    });
    await page.getByRole("link", { name: "Settings" }).click();
    await page.waitForURL(/\/settings$/);
    await page.getByText("What developers may do").click();
    await page.getByLabel("Application scopes").check();
    await page.getByRole("button", { name: "Save settings" }).click();
    await expect(page.getByText(`${keyManager} is saved.`)).toBeVisible();
  });

  await test.step("a creator sees that the key manager refuses the scopes, and why; the API is saved", async () => {
    simulator.vendor.fail({ status: 403, body: { error: "not yet" } }, { method: "POST", path: /client-scopes$/ });
    await importApi(page, { file: "e2e/fixtures/orders.openapi.yaml", keyManagers: [keyManager] });
    const scopes = page.getByRole("list", { name: `Scopes at ${keyManager}` });
    await expect(scopes.getByRole("listitem").filter({ hasText: "orders:read" })).toContainText("Failed");
    await expect(scopes).toContainText("not yet");
  });

  await test.step("and has it tried again", async () => {
    simulator.vendor.recover();
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByText("2 mirrored")).toBeVisible();
  });

  await test.step("a developer chooses one scope; a token carries it, and the other is not offered", async () => {
    await createApplication(page, application);
    await subscribe(page, { api: "Orders", version: "1.0.0", application });
    await openKeys(page, application, "production");
    await generateKeys(page, keyManager);
    const card = keysCard(page, keyManager);
    await card.getByRole("button", { name: `Choose scopes at ${keyManager}` }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("orders:read").check();
    await dialog.getByRole("button", { name: "Save scopes" }).click();
    await expect(dialog).toBeHidden();
    await expect(card.getByText("orders:read", { exact: true }).first()).toBeVisible();
    expect(scopesOf(await getToken(page, keyManager))).toContain("orders:read");
    await card.getByRole("button", { name: "Get a test token" }).click();
    await expect(page.getByRole("dialog").getByRole("checkbox")).toHaveCount(1);
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  });

  await test.step("the administrator sees the tenant's scopes at the key manager", async () => {
    await page.goto("/admin/key-managers");
    await page.getByRole("link", { name: keyManager, exact: true }).click();
    await expect(page.getByRole("list", { name: `Scopes at ${keyManager}` }).getByText("Mirrored")).toHaveCount(2);
  });
});

/** The scopes that a JWT names (RFC 9068 §2.2.3). */
function scopesOf(token: string): string[] {
  const payload: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
  const scope = typeof payload === "object" && payload !== null && "scope" in payload ? payload.scope : "";
  return String(scope).split(" ");
}
