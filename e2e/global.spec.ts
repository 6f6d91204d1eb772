/**
 * One authorization server for several tenants: an operator connects it, a creator of one tenant opens an API to
 * others, and a developer of another tenant calls it with keys of that server.
 */
import { expect, test } from "@playwright/test";
import { createGatewayCredential } from "./pages/administration.ts";
import { importApi } from "./pages/creation.ts";
import {
  becomeOperator,
  choose,
  createApplication,
  createTenant,
  generateKeys,
  getToken,
  invite,
  join,
  keysCard,
  openKeys,
  openWindow,
} from "./pages/portal.ts";
import { startLatchkey, type LatchkeyServer } from "./servers/latchkey.ts";
import { startOidcProvider, type OidcProvider } from "./servers/oidc-provider.ts";

const groupLogin = "Group login";
/** A change in the portal must be felt at the gateway within this time. */
const effectMs = 5_000;

let provider: OidcProvider;
let latchkey: LatchkeyServer;

test.beforeAll(async () => {
  test.setTimeout(120_000);
  provider = await startOidcProvider({ tokens: "jwt" });
  latchkey = await startLatchkey({ outboundAllow: [provider.address] });
});
test.afterAll(async () => {
  await latchkey?.stop();
  await provider?.stop();
});

test("keys of a global key manager open an API of another tenant", async ({ browser }) => {
  const open = () => openWindow(browser, latchkey.origin);
  const [operator, administrator, creator, developer] = [await open(), await open(), await open(), await open()];

  await test.step("two tenants with their people", async () => {
    await becomeOperator(operator, latchkey.firstSignInLink, { name: "Olga Berg", email: "olga@example.com" });
    const northwind = { name: "Northwind", slug: "northwind", administrator: "ada@northwind.example" };
    await join(administrator, await createTenant(operator, northwind), "Ada North");
    await join(
      creator,
      await invite(administrator, { email: "cleo@northwind.example", roles: ["Creator"] }),
      "Cleo West",
    );
    const harbour = { name: "Harbour", slug: "harbour", administrator: "hana@harbour.example" };
    const neighbour = await open();
    await join(neighbour, await createTenant(operator, harbour), "Hana Moor");
    await join(
      developer,
      await invite(neighbour, { email: "hugo@harbour.example", roles: ["Developer"] }),
      "Hugo Lind",
    );
  });

  await test.step("the operator connects a key manager for both of them", async () => {
    await operator.goto("/operator/key-managers");
    await operator.getByRole("link", { name: "Connect global key manager" }).first().click();
    await operator.getByLabel("Issuer or well-known address").fill(provider.wellKnownUrl);
    await operator.getByRole("button", { name: "Read the server" }).click();
    await operator.getByLabel("Display name").fill(groupLogin);
    await operator.getByLabel("Listed tenants").check();
    await operator.getByLabel("Tenants", { exact: true }).fill("northwind, harbour,");
    await operator.getByRole("button", { name: "Continue" }).click();
    await operator.getByLabel("Initial access token", { exact: true }).fill(provider.initialAccessToken);
    await operator.getByRole("button", { name: "Continue" }).click();
    await operator.getByRole("button", { name: "Save and enable" }).click();
    await operator.waitForURL(/\/operator\/key-managers\/[0-9a-f-]{36}$/);
    await operator.getByRole("link", { name: "Tenants", exact: true }).last().click();
    await expect(operator.getByRole("row", { name: /Northwind northwind 0 0/ })).toBeVisible();
    await expect(operator.getByRole("row", { name: /Harbour harbour 0 0/ })).toBeVisible();
  });

  const credential = await test.step("an administrator sees it, marked, and cannot change it", async () => {
    await administrator.goto("/admin/key-managers");
    const row = administrator.getByRole("row", { name: new RegExp(groupLogin) });
    await expect(row.getByText("Global", { exact: true })).toBeVisible();
    await expect(row.getByRole("switch")).toHaveCount(0);
    await row.getByRole("link", { name: groupLogin }).click();
    await expect(administrator.getByText("This key manager is global")).toBeVisible();
    await expect(administrator.getByRole("link", { name: "Settings" })).toHaveCount(0);
    return createGatewayCredential(administrator, "Edge");
  });

  await test.step("a creator accepts it, and opens an API to every tenant", async () => {
    await importApi(creator, { file: "e2e/fixtures/orders.openapi.yaml", keyManagers: [groupLogin] });
    await creator.getByLabel("Every tenant").check();
    await creator.getByRole("button", { name: "Save changes" }).click();
    await expect(creator.getByText(/^Saved\./)).toBeVisible();
  });

  const token = await test.step("a developer of the other tenant finds it, subscribes and gets a token", async () => {
    await createApplication(developer, "Their shop");
    await openKeys(developer, "Their shop", "production");
    await expect(keysCard(developer, groupLogin).getByText("Global", { exact: true })).toBeVisible();
    await generateKeys(developer, groupLogin);
    await developer.goto("/developer/apis");
    await expect(developer.getByRole("row", { name: /Orders of Northwind/ })).toBeVisible();
    await developer.getByRole("link", { name: "Orders" }).click();
    await developer.getByLabel("Application").selectOption({ label: "Their shop" });
    await developer.getByRole("button", { name: "Subscribe", exact: true }).click();
    await expect(developer.getByRole("button", { name: "Unsubscribe Their shop from Orders 1.0.0" })).toBeVisible();
    await openKeys(developer, "Their shop", "production");
    return getToken(developer, groupLogin);
  });

  const verdict = async () => {
    const answer = await fetch(`${latchkey.origin}/gateway/v1/validate`, {
      method: "POST",
      headers: { Authorization: `Bearer ${credential}` },
      body: JSON.stringify({ token, method: "GET", requestPath: "/orders/1.0.0/orders/42" }),
    });
    const { allowed, reason, application } = (await answer.json()) as Record<string, unknown>;
    return allowed ? application : reason;
  };
  const becomes = (expected: unknown) =>
    expect.poll(verdict, { timeout: effectMs, intervals: [100] }).toEqual(expected);
  const opens = () => becomes(expect.objectContaining({ name: "Their shop" }));

  await test.step("the other tenant's gateway lets it in, until the API's creator blocks it", async () => {
    await opens();
    await creator.getByRole("link", { name: "Subscriptions" }).click();
    const table = creator.getByRole("table", { name: "Subscriptions of other tenants" });
    await expect(table.getByRole("row", { name: /Their shop Harbour/ })).toBeVisible();
    await choose(creator, { of: "Their shop", item: "Block" });
    await becomes("subscription_blocked");
    await choose(creator, { of: "Their shop", item: "Let in" });
    await opens();
  });

  await test.step("a tenant that uses it stays on the list, and it can be disabled for all", async () => {
    await operator.reload();
    await operator.getByRole("button", { name: "Remove harbour" }).click();
    await operator.getByRole("button", { name: "Save tenants" }).click();
    await expect(operator.getByText(/in use at Harbour \(1 application\)/).first()).toBeVisible();
    await operator.getByRole("switch", { name: "Enabled" }).click();
    const dialog = operator.getByRole("dialog");
    await expect(dialog.getByText(/Their shop \(Harbour\)/)).toBeVisible();
    await dialog.getByRole("button", { name: "Disable key manager" }).click();
    await becomes("key_manager_disabled");
  });
});
