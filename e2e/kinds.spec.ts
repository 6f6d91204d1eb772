/**
 * Every kind of key manager, once through the browser: an administrator connects a simulator of the vendor by its
 * well-known address, a developer gets keys and tokens at it, and a gateway accepts them.
 */
import { randomBytes } from "node:crypto";
import { expect, test, type Page } from "@playwright/test";
import { connectors } from "#connectors/registry.ts";
import { describeFields } from "#lib/connector-kit/descriptors.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { findSimulator, simulatedVendors } from "#tooling/simulate/find.ts";
import { serveSimulator, type RunningSimulator } from "#tooling/simulate/serve.ts";
import { connectKeyManager, createGatewayCredential } from "./pages/administration.ts";
import { fillConnectorForm } from "./pages/connector-form.ts";
import { importApi } from "./pages/creation.ts";
import {
  createApplication,
  foundTenant,
  generateKeys,
  getToken,
  keysCard,
  mapKeys,
  openWindow,
  subscribe,
} from "./pages/portal.ts";
import { createBuiltInClient } from "./servers/built-in-client.ts";
import { startLatchkey, type LatchkeyServer } from "./servers/latchkey.ts";

const application = "Web shop";
const kinds = connectors.filter(({ id, permanent }) => permanent || simulatedVendors().includes(id));
/** A new client must be known at the gateway within this time. */
const effectMs = 5_000;

const vaultKey = new Secret(randomBytes(32).toString("base64url"));
const simulators = new Map<string, RunningSimulator>();
let latchkey: LatchkeyServer;
let page: Page;
let gatewayCredential: string;
/** Path of the application's pages. */
let pages: string;

test.describe.configure({ mode: "default" });

test.beforeAll(async ({ browser }) => {
  test.setTimeout(120_000);
  for (const vendor of simulatedVendors()) {
    simulators.set(vendor, await serveSimulator(await findSimulator(vendor)));
  }
  latchkey = await startLatchkey({
    outboundAllow: [...simulators.values()].map(({ address }) => address),
    environment: { LATCHKEY_VAULT_KEYS: `e2e=${vaultKey.reveal()}` },
  });
  page = await openWindow(browser, latchkey.origin);
  await furnish();
});

test.afterAll(async () => {
  await page?.context().close();
  await latchkey?.stop();
  for (const simulator of simulators.values()) await simulator.stop();
});

/** One person who may do everything, and an API that accepts all key managers. */
async function furnish(): Promise<void> {
  await foundTenant(page, latchkey.firstSignInLink, ["Creator", "Developer"]);
  gatewayCredential = await createGatewayCredential(page, "Edge");
  await importApi(page, { file: "e2e/fixtures/stock.openapi.yaml" });
  await createApplication(page, application);
  pages = new URL(page.url()).pathname;
  await subscribe(page, { api: "Stock", version: "1.0.0", application });
}

test("every connector that manages clients is among them", () => {
  const managing = connectors.filter(({ capabilities }) => capabilities.includes("registerClient"));
  expect(kinds.length).toBeGreaterThan(0);
  expect(kinds.map(({ id }) => id)).toEqual(managing.map(({ id }) => id));
});

for (const { id, name, permanent, connection } of kinds) {
  test(`${name}: the tokens of generated keys and of mapped clients are accepted`, async () => {
    const keyManager = permanent ? name : `Our ${name}`;
    const simulator = simulators.get(id);

    if (simulator) {
      const { wellKnownUrl, connectionInput } = simulator.vendor;
      await test.step("an administrator connects it, and proves that it works", () =>
        connectKeyManager(page, {
          wellKnownUrl,
          kind: name,
          displayName: keyManager,
          access: () =>
            fillConnectorForm(page, describeFields(connection), { values: connectionInput, prefix: "connection" }),
        }));
    }

    await test.step("a developer generates keys and gets a token, and the gateway accepts it", async () => {
      await page.goto(`${pages}/keys/production`);
      await generateKeys(page, keyManager);
      await expectAccepted(await getToken(page, keyManager), { keyManager, keyType: "PRODUCTION" });
    });

    await test.step("a developer maps a client that was made by hand, and the gateway accepts its token", async () => {
      const { clientId, clientSecret } = simulator
        ? await simulator.vendor.createClient()
        : await createBuiltInClient(page, { origin: latchkey.origin, slug: "harbour", vaultKey });
      await page.goto(`${pages}/keys/sandbox`);
      await mapKeys(page, keyManager, { id: clientId, secret: clientSecret });
      await expect(keysCard(page, keyManager).getByText("Mapped client")).toBeVisible();
      await expectAccepted(await getToken(page, keyManager), { keyManager, keyType: "SANDBOX" });
    });
  });
}

test("a developer is shown why a call is refused, and what to do", async () => {
  const keyManager = "Built-in";
  await page.goto(`${pages}/keys/production`);
  const token = await getToken(page, keyManager);
  await page.goto("/explain");
  const explain = async (address: string) => {
    await page.getByLabel("Address").fill(address);
    await page.getByRole("button", { name: "Explain" }).click();
  };
  await explain("stock");
  await expect(page.getByLabel("Access token")).toHaveAccessibleDescription(/Paste the access token/);
  await expect(page.getByLabel("Address")).toHaveAccessibleDescription(/Begin with a slash/);

  await page.getByLabel("Access token").fill(`Bearer ${token}`);
  await expect(page.getByRole("group", { name: /What the token says of itself/ })).toContainText('"iss"');
  await explain(`${latchkey.origin}/stock/1.0.0/items/7`);
  await expect(page.getByText("The call is let through")).toBeVisible();
  await expect(page.getByRole("list", { name: "Checks" }).getByText("passed")).not.toHaveCount(0);

  await explain("/stock/1.0.0/nothing");
  await expect(page.getByText("The API has no resource with this method and path.")).toBeVisible();
  await expect(page.getByRole("listitem").filter({ hasText: "Resource: failed" })).toContainText("which is none");
  await expect(page.getByRole("listitem").filter({ hasText: "Scopes: skipped" })).toContainText("Not reached.");
});

test("a developer revokes one token, and gateways refuse it and take the next", async () => {
  const keyManager = "Our Auth0";
  await page.goto(`${pages}/keys/production`);
  const token = await getToken(page, keyManager);
  await expectAccepted(token, { keyManager, keyType: "PRODUCTION" });
  await page.getByRole("button", { name: `More actions for the keys of ${keyManager}` }).click();
  await page.getByRole("menuitem", { name: "Revoke a token…" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("radio", { name: "Access token" })).toHaveAccessibleDescription(/Gateways refuse it/);
  await dialog.getByRole("button", { name: "Revoke token" }).click();
  const field = dialog.getByRole("textbox", { name: "Access token" });
  await expect(field).toHaveAccessibleDescription(/Paste the token/);
  await field.fill(token);
  await dialog.getByRole("button", { name: "Revoke token" }).click();
  await expect(dialog).toBeHidden();
  await expect(
    page.getByText("Gateways refuse it within five seconds. Auth0 revokes refresh tokens only"),
  ).toBeVisible();
  await expect
    .poll(() => judged(token), { timeout: effectMs, intervals: [50, 100] })
    .toMatchObject({ allowed: false, reason: "token_revoked" });
  await expectAccepted(await getToken(page, keyManager), { keyManager, keyType: "PRODUCTION" });
});

async function expectAccepted(token: string, expected: { keyManager: string; keyType: string }): Promise<void> {
  await expect
    .poll(() => judged(token), { timeout: effectMs, intervals: [50, 100] })
    .toMatchObject({
      allowed: true,
      api: { name: "Stock" },
      application: { name: application },
      keyManager: { name: expected.keyManager },
      keyType: expected.keyType,
    });
}

/** What the validation plane says to a gateway that has this token in its hands. */
async function judged(token: string): Promise<unknown> {
  const answer = await fetch(`${latchkey.origin}/gateway/v1/validate`, {
    method: "POST",
    headers: { Authorization: `Bearer ${gatewayCredential}` },
    body: JSON.stringify({ token, method: "GET", requestPath: "/stock/1.0.0/items/7" }),
  });
  return answer.json();
}
