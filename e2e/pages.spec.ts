/** Every page there is, as a person sees it who may enter all of them: light and dark, wide and narrow. */
import { createHash, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { expect, test, type Browser, type Page } from "@playwright/test";
import { createGatewayCredential } from "./pages/administration.ts";
import { importApi } from "./pages/creation.ts";
import { allLooks, firstLook, inspectLooks, takeLook } from "./pages/looks.ts";
import {
  becomeOperator,
  consumerKeyOf,
  createApplication,
  generateKeys,
  invite,
  joinOwnTenant,
  openKeys,
  openWindow,
  takeSecret,
} from "./pages/portal.ts";
import { startLatchkey, type LatchkeyServer } from "./servers/latchkey.ts";

/** In a running server for strangers, for somebody without a tenant, and for somebody who may do everything. */
type Audience = "stranger" | "homeless" | "everybody";
/** Where a page is found; null for one that a production server does not have. */
type Visit = { as: Audience; at: (world: World) => string | null };

type World = {
  api: string;
  application: string;
  keyManager: string;
  globalKeyManager: string;
  invitation: string;
  webhook: string;
  oneTimeLink: string;
  authorizationRequest: string;
};

const everybody = (at: (world: World) => string): Visit => ({ as: "everybody", at });
const visits: Record<string, Visit> = {
  "(home)/page.tsx": everybody(() => "/"),
  "gallery/page.tsx": { as: "stranger", at: () => null },
  "(account)/account/page.tsx": everybody(() => "/account"),
  "(account)/explain/page.tsx": everybody(() => "/explain"),
  "(admin)/admin/applications/page.tsx": everybody(() => "/admin/applications"),
  "(admin)/admin/applications/[id]/page.tsx": everybody(({ application }) =>
    application.replace("/developer/", "/admin/"),
  ),
  "(admin)/admin/audit/page.tsx": everybody(() => "/admin/audit"),
  "(admin)/admin/gateways/page.tsx": everybody(() => "/admin/gateways"),
  "(admin)/admin/identity-providers/page.tsx": everybody(() => "/admin/identity-providers"),
  "(admin)/admin/key-managers/page.tsx": everybody(() => "/admin/key-managers"),
  "(admin)/admin/key-managers/new/page.tsx": everybody(() => "/admin/key-managers/new"),
  "(admin)/admin/key-managers/[id]/page.tsx": everybody(({ keyManager }) => keyManager),
  "(admin)/admin/key-managers/[id]/activity/page.tsx": everybody(({ keyManager }) => `${keyManager}/activity`),
  "(admin)/admin/key-managers/[id]/settings/page.tsx": everybody(({ keyManager }) => `${keyManager}/settings`),
  "(admin)/admin/key-managers/[id]/test/page.tsx": everybody(({ keyManager }) => `${keyManager}/test`),
  "(admin)/admin/key-managers/[id]/usage/page.tsx": everybody(({ keyManager }) => `${keyManager}/usage`),
  "(admin)/admin/revocations/page.tsx": everybody(() => "/admin/revocations"),
  "(admin)/admin/webhooks/page.tsx": everybody(() => "/admin/webhooks"),
  "(admin)/admin/webhooks/[id]/page.tsx": everybody(({ webhook }) => webhook),
  "(admin)/admin/people/page.tsx": everybody(() => "/admin/people"),
  "(admin)/admin/people/invitations/page.tsx": everybody(() => "/admin/people/invitations"),
  "(auth)/sign-in/page.tsx": { as: "stranger", at: () => "/sign-in?tenant=harbour" },
  "(auth)/no-tenant/page.tsx": { as: "homeless", at: () => "/no-tenant" },
  "(auth)/link/[token]/page.tsx": { as: "stranger", at: ({ oneTimeLink }) => oneTimeLink },
  "(auth)/invitation/[token]/page.tsx": { as: "stranger", at: ({ invitation }) => invitation },
  "(auth)/t/[tenant]/sign-in/[id]/page.tsx": everybody(({ authorizationRequest }) => authorizationRequest),
  "(creator)/creator/apis/page.tsx": everybody(() => "/creator/apis"),
  "(creator)/creator/apis/new/page.tsx": everybody(() => "/creator/apis/new"),
  "(creator)/creator/apis/[id]/page.tsx": everybody(({ api }) => `/creator/apis/${api}`),
  "(creator)/creator/apis/[id]/subscriptions/page.tsx": everybody(({ api }) => `/creator/apis/${api}/subscriptions`),
  "(creator)/creator/plans/page.tsx": everybody(() => "/creator/plans"),
  "(developer)/developer/apis/page.tsx": everybody(() => "/developer/apis"),
  "(developer)/developer/apis/[id]/page.tsx": everybody(({ api }) => `/developer/apis/${api}`),
  "(developer)/developer/applications/page.tsx": everybody(() => "/developer/applications"),
  "(developer)/developer/applications/[id]/page.tsx": everybody(({ application }) => application),
  "(developer)/developer/applications/[id]/keys/[keyType]/page.tsx": everybody(
    ({ application }) => `${application}/keys/production`,
  ),
  "(operator)/operator/key-managers/page.tsx": everybody(() => "/operator/key-managers"),
  "(operator)/operator/key-managers/new/page.tsx": everybody(() => "/operator/key-managers/new"),
  "(operator)/operator/key-managers/[id]/page.tsx": everybody(({ globalKeyManager }) => globalKeyManager),
  "(operator)/operator/key-managers/[id]/activity/page.tsx": everybody(
    ({ globalKeyManager }) => `${globalKeyManager}/activity`,
  ),
  "(operator)/operator/key-managers/[id]/settings/page.tsx": everybody(
    ({ globalKeyManager }) => `${globalKeyManager}/settings`,
  ),
  "(operator)/operator/key-managers/[id]/tenants/page.tsx": everybody(
    ({ globalKeyManager }) => `${globalKeyManager}/tenants`,
  ),
  "(operator)/operator/key-managers/[id]/test/page.tsx": everybody(
    ({ globalKeyManager }) => `${globalKeyManager}/test`,
  ),
  "(operator)/operator/tenants/page.tsx": everybody(() => "/operator/tenants"),
};

const builtIn = "Built-in";

test.describe.configure({ timeout: 900_000 });
test.use({ actionTimeout: 15_000 });

let latchkey: LatchkeyServer;

test.beforeAll(async () => {
  latchkey = await startLatchkey();
});
test.afterAll(async () => {
  await latchkey?.stop();
});

test("every page that exists is visited below", () => {
  const pages = readdirSync("app", { recursive: true, encoding: "utf8" }).filter((file) =>
    /(^|\/)page\.tsx$/.test(file),
  );
  expect(Object.keys(visits).sort()).toEqual(pages.sort());
});

test("every page is accessible, fits its window and logs no error, light and dark, wide and narrow", async ({
  browser,
}) => {
  const [owner, stranger, first] = await Promise.all([1, 2, 3].map(() => openWindow(browser, latchkey.origin)));
  if (!owner || !stranger || !first) throw new Error("A window did not open.");

  await test.step("the page of a one-time link, before it is used", () =>
    inspect(first, "(auth)/link/[token]/page.tsx", latchkey.firstSignInLink));
  await becomeOperator(owner, latchkey.firstSignInLink, { name: "Olga Berg", email: "olga@harbour.example" });
  await test.step("the page of somebody without a tenant", () =>
    inspect(owner, "(auth)/no-tenant/page.tsx", "/no-tenant"));

  const world = await test.step("a tenant with something of everything", () => furnish(owner));
  const seen = new Set(["(auth)/link/[token]/page.tsx", "(auth)/no-tenant/page.tsx", "gallery/page.tsx"]);
  for (const [file, { as, at }] of Object.entries(visits)) {
    const address = at(world);
    if (seen.has(file) || address === null) continue;
    await test.step(file, () => inspect(as === "stranger" ? stranger : owner, file, address));
  }
  await test.step("what does not exist, and what a role does not open", async () => {
    await inspect(owner, "not-found", "/developer/applications/00000000-0000-7000-8000-000000000000", 404);
    expect((await stranger.request.get("/gallery")).status()).toBe(404);
  });
  await test.step("whatever stands in an address, a page shows what it has", () => openMangled(owner, world));
  await test.step("a session cookie that is none opens no page", () => openWithoutSession(browser, world));
});

/** What no list has given out, twice and under every name by which a page takes where a list begins. */
const mangled = ["cursor", "apis", "applications", "others", "scopes"]
  .map((name) => `${name}=${"x".repeat(501)}%00%ED%A0%BD%E6%9D%B1&${name}=%00`)
  .join("&");

/** Asks for every page with an address that somebody has written by hand. */
async function openMangled({ request }: Page, world: World): Promise<void> {
  const addresses = Object.values(visits)
    .flatMap(({ as, at }) => (as === "everybody" ? (at(world) ?? []) : []))
    .filter((address) => !address.includes("?"))
    .map((address) => `${address}?${mangled}`);
  addresses.push("/admin/audit?from=0000-01-01", "/admin/audit?until=9999-12-31", "/t/harbour%00/sign-in/a%00b");
  const failed: unknown[] = [];
  for (const address of addresses) {
    const status = (await request.get(address)).status();
    if (status !== 200) failed.push([address.slice(0, 100), status]);
  }
  expect(failed).toEqual([]);
}

/** Asks for every page that a person signs in for, with cookies that prove nobody. */
async function openWithoutSession(browser: Browser, world: World): Promise<void> {
  const cookies = ["garbage", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0..AAAA.BBBB.CCCC"];
  for (const value of cookies) {
    const context = await browser.newContext({ baseURL: latchkey.origin });
    await context.addCookies([{ name: "latchkey.session", value, url: latchkey.origin }]);
    for (const [file, { as, at }] of Object.entries(visits)) {
      const address = at(world);
      if (as === "stranger" || address === null) continue;
      const answer = await context.request.get(address);
      const where = new URL(answer.url()).pathname;
      expect([file, answer.status(), where]).toEqual([file, 200, expect.stringContaining("/sign-in")]);
      expect(await answer.text(), file).not.toMatch(/Olga Berg|olga@harbour/);
    }
    await context.close();
  }
}

/**
 * Opens a page, and looks at it in every theme and width; fails with everything that is wrong with it at once. It is
 * opened in the dark: what the server cannot know of a browser is what makes the two disagree.
 */
async function inspect(page: Page, file: string, address: string, status = 200): Promise<void> {
  await takeLook(page, firstLook);
  const problems: unknown[] = await load(page, { address, place: file, status });
  problems.push(...(await inspectLooks(page, file, allLooks)));
  expect.soft(problems).toEqual([]);
}

async function load(page: Page, { address, place, status }: { address: string; place: string; status: number }) {
  const problems: string[] = [];
  const note = (message: string) => problems.push(`${place}: ${message}`);
  const onConsole = (message: { type(): string; text(): string }) => {
    const expected = status >= 400 && message.text().includes(`status of ${String(status)}`);
    if (message.type() === "error" && !expected) note(message.text());
  };
  const onError = (error: Error) => note(error.message);
  page.on("console", onConsole);
  page.on("pageerror", onError);
  const response = await page.goto(address, { waitUntil: "networkidle" });
  page.off("console", onConsole);
  page.off("pageerror", onError);
  if (response?.status() !== status) note(`answered ${String(response?.status())}`);
  return problems;
}

/** One tenant with an object of each kind, made as its people make them; the operator joins it and may do everything. */
async function furnish(page: Page): Promise<World> {
  await page.setViewportSize({ width: 1440, height: 900 });
  await joinOwnTenant(page, "Olga Berg", ["Creator", "Developer"]);
  const invitation = await invite(page, { email: "devi@harbour.example", roles: ["Developer"] });
  await createGatewayCredential(page, "Edge nginx");
  await chooseGateway(page);

  await importApi(page, { file: "e2e/fixtures/orders.openapi.yaml", keyManagers: [builtIn] });
  const api = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  await createApplication(page, "Web shop");
  const application = new URL(page.url()).pathname;
  await openKeys(page, "Web shop", "production");
  await generateKeys(page, builtIn);
  await revokeTokens(page);
  await page.goto("/admin/key-managers");
  await page.getByRole("link", { name: builtIn }).first().click();
  await page.waitForURL(/\/admin\/key-managers\/[0-9a-f-]{36}$/);
  const keyManager = new URL(page.url()).pathname;
  const globalKeyManager = await connectGlobalByHand(page);
  const authorizationRequest = await authorizationRequestOf(page);
  const webhook = await addWebhook(page, "Inventory");
  return { webhook, api, application, keyManager, globalKeyManager, invitation, oneTimeLink: "", authorizationRequest };
}

/** The configuration that somebody looks at has an address of its own. */
async function chooseGateway(page: Page): Promise<void> {
  await page.goto("/admin/gateways");
  const traefik = page.getByRole("tab", { name: "Traefik" });
  await traefik.click();
  await expect(page).toHaveURL(/\/admin\/gateways\?gateway=traefik$/);
  await page.reload();
  await expect(traefik).toHaveAttribute("aria-selected", "true");
}

/** The developer revokes what the keys of the open page got so far, the administrator one token by its id. */
async function revokeTokens(page: Page): Promise<void> {
  const consumerKey = await consumerKeyOf(page, builtIn);
  const more = page.getByRole("button", { name: `More actions for the keys of ${builtIn}` });
  await more.click();
  await page.getByRole("menuitem", { name: "Revoke tokens issued so far…" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText(`every access token that these keys got from ${builtIn} until now.`);
  await dialog.getByRole("button", { name: "Revoke tokens" }).click();
  await expect(dialog).toBeHidden();
  await expect(more).toBeFocused();
  await page.goto("/admin/revocations");
  const table = page.getByRole("table", { name: "Revocations" });
  await expect(table).toContainText(consumerKey);
  await page.getByRole("button", { name: "Revoke tokens" }).click();
  await expect(dialog.getByLabel("Issued by")).toBeFocused();
  await dialog.getByLabel("Issued by").selectOption({ label: builtIn });
  await dialog.getByLabel("What is revoked").selectOption({ label: "One token" });
  await dialog.getByLabel("Token", { exact: true }).fill("not a token");
  await dialog.getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(dialog.getByRole("alert")).toContainText("Paste the token alone");
  await dialog.getByLabel("What is revoked").selectOption({ label: "One token, by its id" });
  await expect(dialog.getByLabel("Token id (jti)")).toHaveValue("");
  await expect(dialog.getByRole("alert")).toBeHidden();
  await dialog.getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(dialog.getByLabel("Token id (jti)")).toHaveAccessibleDescription(/Enter the token's id/);
  await dialog.getByLabel("Token id (jti)").fill("0b7b3c1e");
  await dialog.getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(table.getByRole("row", { name: /One token, by its id/ })).toContainText("0b7b3c1e");
}

/** A webhook whose test nobody has taken: its page shows a delivery. */
async function addWebhook(page: Page, name: string): Promise<string> {
  await page.goto("/admin/webhooks");
  await page.getByRole("button", { name: "Add webhook" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  await dialog.getByLabel("Address", { exact: true }).fill("https://hooks.invalid/latchkey");
  await dialog.getByRole("button", { name: "Add webhook" }).click();
  expect(await takeSecret(page, "Signing secret")).toMatch(/^whsec_/);
  await page.getByRole("link", { name }).click();
  await page.waitForURL(/\/admin\/webhooks\/[0-9a-f-]{36}$/);
  const send = page.getByRole("button", { name: "Send a test" });
  await page.route("**/admin/webhooks/*", (route) =>
    route.request().method() === "POST" ? route.abort() : route.continue(),
  );
  await send.click();
  await expect(page.getByText("The portal could not be reached")).toBeVisible();
  await page.unroute("**/admin/webhooks/*");
  await send.click();
  await expect(page.getByText("Failed", { exact: true })).toBeVisible();
  return new URL(page.url()).pathname;
}

/** A global key manager that nobody answers for: enough to look at its pages. */
async function connectGlobalByHand(page: Page): Promise<string> {
  await page.goto("/operator/key-managers/new");
  await page.getByRole("button", { name: "Enter everything by hand" }).click();
  await page.getByLabel("Name", { exact: true }).fill("group-login");
  await page.getByLabel("Kind of key manager").selectOption({ label: "OpenID Connect" });
  await page.getByLabel("Issuer", { exact: true }).fill("https://login.group.example");
  for (const endpoint of ["Client registration endpoint", "Token endpoint"]) {
    await page.getByLabel(endpoint, { exact: true }).fill(`https://login.group.example/${endpoint.length}`);
  }
  await page.getByRole("textbox", { name: "Key set address" }).fill("https://login.group.example/jwks");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Initial access token", { exact: true }).fill("of the pages' own test");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "Save disabled" }).click();
  await page.waitForURL(/\/operator\/key-managers\/[0-9a-f-]{36}$/);
  return new URL(page.url()).pathname;
}

/** Where an application sends a person to sign in through the tenant's own authorization server. */
async function authorizationRequestOf(page: Page): Promise<string> {
  const callback = "https://shop.example/callback";
  await openKeys(page, "Web shop", "sandbox");
  await generateKeys(page, builtIn, async (form) => {
    await form.getByLabel("Authorization code", { exact: true }).check();
    await form.getByLabel("Callback URLs").fill(callback);
    await form.getByLabel("Callback URLs").press("Enter");
  });
  const consumerKey = await consumerKeyOf(page, builtIn);
  const challenge = createHash("sha256").update(randomBytes(32).toString("base64url")).digest("base64url");
  const parameters = new URLSearchParams({
    client_id: consumerKey,
    response_type: "code",
    redirect_uri: callback,
    scope: "openid",
    code_challenge: challenge,
    code_challenge_method: "S256",
  });
  return `/t/harbour/oidc/auth?${parameters.toString()}`;
}
