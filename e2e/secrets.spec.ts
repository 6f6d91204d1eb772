/**
 * Several consumer secrets of one client, a client with an id and secret of its owner's own, and one that an
 * administrator attaches: at Okta's simulator. In the end the application gets another owner, and all of them go with it.
 */
import { expect, test, type Page } from "@playwright/test";
import { okta } from "#connectors/okta/index.ts";
import { simulator } from "#connectors/okta/simulator.ts";
import { describeFields } from "#lib/connector-kit/descriptors.ts";
import { serveSimulator, type RunningSimulator } from "#tooling/simulate/serve.ts";
import { connectKeyManager } from "./pages/administration.ts";
import { fillConnectorForm } from "./pages/connector-form.ts";
import {
  consumerKeyOf,
  createApplication,
  foundTenant,
  generateKeys,
  invite,
  join,
  keysCard,
  openKeys,
  openWindow,
  takeSecret,
} from "./pages/portal.ts";
import { startLatchkey, type LatchkeyServer } from "./servers/latchkey.ts";

const application = "Web shop";
const keyManager = "Our Okta";

let vendor: RunningSimulator;
let latchkey: LatchkeyServer;
let page: Page;

test.describe.configure({ mode: "serial" });

test.beforeAll(async ({ browser }) => {
  test.setTimeout(120_000);
  vendor = await serveSimulator(simulator);
  latchkey = await startLatchkey({ outboundAllow: [vendor.address] });
  page = await openWindow(browser, latchkey.origin);
  await foundTenant(page, latchkey.firstSignInLink, ["Creator", "Developer"]);
  await connectKeyManager(page, {
    wellKnownUrl: vendor.vendor.wellKnownUrl,
    kind: okta.name,
    displayName: keyManager,
    access: () =>
      fillConnectorForm(page, describeFields(okta.connection), {
        values: vendor.vendor.connectionInput,
        prefix: "connection",
      }),
  });
  await createApplication(page, application);
});

test.afterAll(async () => {
  await page?.context().close();
  await latchkey?.stop();
  await vendor?.stop();
});

test("a developer adds a second secret, sees which one is used here, and removes the first", async () => {
  await openKeys(page, application, "production");
  await generateKeys(page, keyManager);
  const secrets = keysCard(page, keyManager).getByRole("region", { name: "Consumer secrets" });
  await secrets.getByRole("button", { name: "Show secrets" }).click();
  await expect(secrets.getByRole("listitem")).toHaveCount(1);
  await expect(secrets.getByText("This is the last secret that works")).toHaveCount(0);
  await expect(secrets.getByText("The portal itself uses this secret")).toBeVisible();

  await secrets.getByRole("button", { name: "Add secret…" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a consumer secret" });
  await dialog.getByLabel("Description").fill("New cluster");
  await dialog.getByRole("button", { name: "Add secret" }).click();
  await takeSecret(page, "Consumer secret");
  await page.getByRole("button", { name: "Done" }).click();

  const fresh = secrets.getByRole("listitem").filter({ hasText: "New cluster" });
  await expect(fresh.getByText("Used here")).toBeVisible();
  await expect(secrets.getByText("at most 2 secrets")).toBeVisible();
  await secrets.getByRole("button", { name: /^Remove the secret/ }).click();
  await page.getByRole("button", { name: "Remove secret", exact: true }).click();
  await expect(secrets.getByRole("listitem")).toHaveCount(1);
  await expect(fresh).toBeVisible();
});

test("at the built-in key manager, a further secret ends after days of one's own, or never", async () => {
  await openKeys(page, application, "sandbox");
  await generateKeys(page, "Built-in");
  const secrets = keysCard(page, "Built-in").getByRole("region", { name: "Consumer secrets" });
  await secrets.getByRole("button", { name: "Show secrets" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a consumer secret" });
  const add = async (description: string, ends: string) => {
    await secrets.getByRole("button", { name: "Add secret…" }).click();
    await expect(dialog.getByLabel("Ends")).toHaveValue("90");
    await dialog.getByLabel("Description").fill(description);
    await dialog.getByLabel("Ends").selectOption(ends);
  };
  const take = async () => {
    await dialog.getByRole("button", { name: "Add secret" }).click();
    await takeSecret(page, "Consumer secret");
    await page.getByRole("button", { name: "Done" }).click();
  };

  await add("For the audit", "In a number of days…");
  await dialog.getByRole("button", { name: "Add secret" }).click();
  await expect(dialog.getByLabel("Days")).toHaveAccessibleDescription(/Enter after how many days it ends/);
  await dialog.getByLabel("Days").fill("7");
  await take();
  await expect(secrets.getByRole("listitem").filter({ hasText: "For the audit" })).toContainText("ends in 7 days");

  await add("For good", "Never");
  await expect(dialog.getByLabel("Days")).toHaveCount(0);
  await take();
  await expect(secrets.getByRole("listitem")).toHaveCount(3);
  await expect(secrets.getByRole("listitem").filter({ hasText: "For good" })).not.toContainText("ends");
});

test("a developer brings a client id and secret along, and is told when the id is taken", async () => {
  await createApplication(page, "Warehouse");
  await openKeys(page, "Warehouse", "production");
  const card = keysCard(page, keyManager);
  const own = { id: "warehouse-2019", secret: "kept since the old server" };
  const fillOwn = async (secret: string) => {
    await card.getByText("Use a client id and secret of your own").click();
    await card.getByRole("textbox", { name: /^Consumer key/ }).fill(own.id);
    await card.getByRole("textbox", { name: /^Consumer secret/ }).fill(secret);
  };
  await card.getByRole("button", { name: "Generate keys" }).click();
  await expect(card.getByRole("textbox", { name: /^Consumer secret/ })).toBeHidden();
  await fillOwn("short");
  await card.getByRole("button", { name: "Generate keys" }).click();
  await expect(card.getByRole("textbox", { name: /^Consumer secret/ })).toHaveAccessibleDescription(
    /Use at least 16 characters/,
  );
  await card.getByRole("button", { name: "Cancel" }).click();

  const { consumerSecret } = await generateKeys(page, keyManager, () => fillOwn(own.secret));
  expect(consumerSecret).toBe(own.secret);
  expect(await consumerKeyOf(page, keyManager)).toBe(own.id);

  await openKeys(page, "Warehouse", "sandbox");
  await card.getByRole("button", { name: "Generate keys" }).click();
  await fillOwn(own.secret);
  await card.getByRole("button", { name: "Generate keys" }).click();
  await expect(card.getByRole("textbox", { name: /^Consumer key/ })).toHaveAccessibleDescription(
    new RegExp(`${own.id} belongs to other keys already`),
  );

  const permanent = keysCard(page, "Built-in");
  await permanent.getByRole("button", { name: "Generate keys" }).click();
  await permanent.getByText("Use a client id of your own").click();
  await expect(permanent.getByRole("textbox", { name: /^Consumer key/ })).toBeVisible();
  await expect(permanent.getByRole("textbox", { name: /^Consumer secret/ })).toHaveCount(0);
});

test("an administrator attaches a client to a developer's application, and is told that nothing is proved", async () => {
  await page.goto("/admin/key-managers");
  await page.getByRole("link", { name: keyManager }).click();
  await page.getByRole("link", { name: "Usage" }).click();
  await page.getByRole("button", { name: "Attach a client…" }).click();
  const dialog = page.getByRole("dialog", { name: "Attach an existing client" });
  await expect(dialog.getByText("Nothing is proved")).toBeVisible();
  await dialog.getByLabel("Find an application").fill("web");
  await dialog.getByRole("radio", { name: application }).check();
  await dialog.getByRole("radio", { name: "Sandbox" }).check();
  await dialog.getByLabel("Consumer key").fill("made-by-hand");
  await dialog.getByRole("button", { name: "Attach without proof" }).click();
  await expect(dialog).toBeHidden();
  await openKeys(page, application, "sandbox");
  await expect(keysCard(page, keyManager).getByText("made-by-hand")).toBeVisible();
  await expect(keysCard(page, keyManager).getByText("Mapped client")).toBeVisible();
});

test("an administrator gives the application to another developer, who has its keys from then on", async ({
  browser,
}) => {
  const colleague = await openWindow(browser, latchkey.origin);
  const link = await invite(page, { email: "devi@harbour.example", roles: ["Developer"] });
  await join(colleague, link, "Devi Rao");

  await page.goto("/admin/applications");
  await page.getByRole("searchbox", { name: "Search all applications" }).fill("web sh");
  await expect(page.getByRole("row")).toHaveCount(2);
  await page.getByRole("link", { name: application }).click();
  await expect(page.getByRole("table", { name: "Keys at key managers" }).getByText(keyManager).first()).toBeVisible();
  await page.getByRole("button", { name: "Change owner" }).click();
  const dialog = page.getByRole("dialog", { name: `Change the owner of ${application}` });
  await dialog.getByRole("button", { name: "Change owner" }).click();
  await expect(dialog.getByText("Choose who is to own the application.").first()).toBeVisible();
  await dialog.getByLabel("Find a developer").fill("devi@");
  await dialog.getByRole("radio", { name: "Devi Rao" }).check();
  await expect(dialog.getByText("Choose who is to own the application.")).toHaveCount(0);
  await expect(dialog.getByText(`loses ${application} at once`)).toBeVisible();
  await dialog.getByRole("button", { name: "Change owner" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("devi@harbour.example")).toBeVisible();

  await openKeys(colleague, application, "production");
  await expect(keysCard(colleague, keyManager).getByText("Active", { exact: true }).first()).toBeVisible();
  await page.goto(new URL(colleague.url()).pathname);
  await expect(page.getByText("There is nothing at this address")).toBeVisible();
  await colleague.context().close();
});
