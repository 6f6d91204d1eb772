/** Coming in and being kept out: passwords, one-time links, a tenant's own identity provider, ended sessions. */
import { expect, test, type Locator, type Page } from "@playwright/test";
import {
  becomeOperator,
  choose,
  createApplication,
  createTenant,
  invite,
  join,
  openWindow,
  password,
  signIn,
  signOut,
} from "./pages/portal.ts";
import { startKeycloak, type Keycloak } from "./servers/keycloak.ts";
import { startLatchkey, type LatchkeyServer } from "./servers/latchkey.ts";

/** A disabled person is shut out within this time. */
const effectMs = 5_000;
type Employee = { username: string; email: string; password: string };
const employee: Employee = { username: "kira", email: "kira@northwind.example", password: "copper-meadow-kite-88" };

const denied = { status: 403, title: "Your role does not open this page" };
const missing = { status: 404, title: "There is nothing at this address" };

test.describe.configure({ mode: "serial", timeout: 120_000 });
test.use({ actionTimeout: 15_000 });

let keycloak: Keycloak;
let latchkey: LatchkeyServer;
let operator: Page;
let administrator: Page;
let developer: Page;
const open = (page: Page) => openWindow(browserOf(page), latchkey.origin);

test.beforeAll(async ({ browser }) => {
  test.setTimeout(300_000);
  keycloak = await startKeycloak();
  latchkey = await startLatchkey({ outboundAllow: [keycloak.address] });
  [operator, administrator, developer] = await Promise.all([
    openWindow(browser, latchkey.origin),
    openWindow(browser, latchkey.origin),
    openWindow(browser, latchkey.origin),
  ]);
  await becomeOperator(operator, latchkey.firstSignInLink, { name: "Olga Berg", email: "olga@example.com" });
  const tenant = { name: "Northwind", slug: "northwind", administrator: "ada@northwind.example" };
  await join(administrator, await createTenant(operator, tenant), "Ada North");
  const link = await invite(administrator, { email: "devi@northwind.example", roles: ["Developer"] });
  await join(developer, link, "Devi Rao");
});

test.afterAll(async () => {
  await latchkey?.stop();
  await keycloak?.stop();
});

test("a one-time link and an invitation work once", async () => {
  const stranger = await open(operator);
  await stranger.goto(latchkey.firstSignInLink);
  await expect(stranger.getByRole("heading", { name: "This link does not work any more" })).toBeVisible();
  const invitation = await invite(administrator, { email: "once@northwind.example", roles: ["Creator"] });
  await join(stranger, invitation, "Cleo Once");
  const second = await open(operator);
  await second.goto(invitation);
  await expect(second.getByRole("heading", { name: "This invitation does not work any more" })).toBeVisible();
});

test("a wrong password and an unknown address get the same words", async () => {
  const stranger = await open(operator);
  for (const email of ["devi@northwind.example", "nobody@northwind.example"]) {
    await signIn(stranger, email, "not the password of anybody");
    await expect(stranger.getByText("The e-mail address or the password is wrong.").first()).toBeVisible();
    expect(new URL(stranger.url()).pathname).toBe("/sign-in");
  }
  await signIn(stranger, "devi@northwind.example");
  await expect(stranger.getByRole("navigation").first()).toBeVisible();
});

test("a password can be pasted wherever one is asked for", async () => {
  const page = await open(operator);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(await invite(administrator, { email: "paste@northwind.example", roles: ["Developer"] }));
  await paste(page.getByLabel("Password", { exact: true }), password);
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").fill("devi@northwind.example");
  await paste(page.getByLabel("Password", { exact: true }), password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("navigation").first()).toBeVisible();
  await page.goto("/account");
  await paste(page.getByLabel("Current password"), password);
  await paste(page.getByLabel("New password"), "violet harbour lantern 1908");
});

test("the audit is narrowed by hand: by action, person and days", async () => {
  const page = administrator;
  const sentences = page.getByRole("main").getByRole("listitem");
  const parameter = (name: string) => () => new URL(page.url()).searchParams.get(name);
  await page.goto("/admin/audit");
  const whole = await sentences.count();
  await page.getByLabel("Action").selectOption({ label: "Accept an invitation" });
  await expect.poll(parameter("action")).toBe("invitation.accept");
  await expect(sentences.first()).toContainText("Cleo Once");
  const joined = await sentences.count();
  expect(joined).toBeLessThan(whole);

  await sentences.filter({ hasText: "Devi Rao" }).locator("summary").click();
  await page.getByRole("link", { name: "Everything by Devi Rao" }).click();
  await expect.poll(parameter("actor")).not.toBeNull();
  await expect(sentences.filter({ hasNotText: "Devi Rao" })).toHaveCount(0);
  await expect(sentences.first()).toBeVisible();
  expect(await sentences.count()).toBeLessThan(whole);

  const today = new Date().toISOString().slice(0, 10);
  await typeDay(page.getByLabel("From"), today);
  await expect.poll(parameter("from")).toBe(today);
  await expect(sentences.first()).toBeVisible();
  await typeDay(page.getByLabel("to", { exact: true }), "2001-02-03");
  await expect.poll(parameter("until")).toBe("2001-02-03");
  await expect(page.getByText("Nothing matches")).toBeVisible();
  await page.getByRole("button", { name: "Show everything" }).click();
  await expect(sentences).toHaveCount(whole);
  expect(new URL(page.url()).search).toBe("");
  await expect(page.getByLabel("From")).toHaveValue("");
});

test("a session that was signed out is dead, whoever kept its cookie", async () => {
  const page = await open(operator);
  await signIn(page, "devi@northwind.example");
  await expect(page.getByRole("navigation").first()).toBeVisible();
  const kept = await page.context().cookies();
  expect(kept.find(({ name }) => name === "latchkey.session")?.httpOnly).toBe(true);
  await signOut(page, "Devi Rao");

  const thief = await open(operator);
  await thief.context().addCookies(kept);
  await thief.goto("/developer/applications");
  await expect(thief).toHaveURL(/\/sign-in\?returnTo=/);
});

test("a role opens its own pages, and a tenant its own objects", async () => {
  await createApplication(developer, "Web shop");
  const application = new URL(developer.url()).pathname;
  for (const address of ["/admin/people", "/admin/key-managers", "/operator/tenants", "/creator/apis"]) {
    await expectClosed(developer, address, denied);
  }
  const [stranger, neighbour] = [await open(operator), await open(operator)];
  await stranger.goto(application);
  await expect(stranger).toHaveURL(/\/sign-in\?returnTo=/);

  const other = { name: "Southwind", slug: "southwind", administrator: "sam@southwind.example" };
  await join(neighbour, await createTenant(operator, other), "Sam South");
  const link = await invite(neighbour, { email: "sue@southwind.example", roles: ["Developer"] });
  const foreign = await open(operator);
  await join(foreign, link, "Sue South");
  await expectClosed(foreign, application, missing);
  await expectClosed(foreign, `${application}/keys/production`, missing);
  await administrator.goto("/admin/key-managers");
  await administrator.getByRole("link", { name: "Built-in" }).first().click();
  await administrator.waitForURL(/\/admin\/key-managers\/[0-9a-f-]{36}$/);
  await expectClosed(neighbour, new URL(administrator.url()).pathname, missing);
});

test("a person of the company's own Keycloak comes in with first roles, and is shut out when disabled", async () => {
  await keycloak.createPerson(employee);
  const client = await keycloak.createClient({ clientId: "latchkey-portal-sign-in", standardFlowEnabled: true });
  const redirectUri = await addIdentityProvider(administrator, client);
  await allowRedirect(client.clientId, redirectUri);

  const page = await open(operator);
  await page.goto("/sign-in?tenant=northwind");
  await signInAtKeycloak(page, employee);
  await expect(page.getByRole("navigation").first()).toBeVisible();
  await page.goto("/developer/applications");
  await expect(page.getByRole("heading", { level: 1, name: "Applications" })).toBeVisible();
  await expectClosed(page, "/admin/people", denied);
  await page.goto("/developer/applications");

  await administrator.goto("/admin/people");
  await expect(administrator.getByRole("row", { name: /kira@northwind\.example.*Developer/ })).toBeVisible();
  await choose(administrator, { of: "kira Example", item: "Disable" });
  await administrator.getByRole("dialog").getByRole("button", { name: "Disable person" }).click();
  await expect(administrator.getByRole("row", { name: /kira@northwind\.example.*Disabled/ })).toBeVisible();
  const disabledAt = Date.now();
  // The page that stands open: what is done on it is refused.
  await page.getByRole("button", { name: "Create application" }).first().click();
  await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("Too late");
  await page.getByRole("dialog").getByRole("button", { name: "Create application" }).click();
  await expect(page.getByText("Sign in to continue.").first()).toBeVisible();
  await page.goto("/developer/applications");
  await expect(page).toHaveURL(/\/sign-in/);
  expect(Date.now() - disabledAt).toBeLessThan(effectMs);

  // Nor does the identity provider, which still knows the person, bring them back.
  await page.goto("/sign-in?tenant=northwind");
  await page.getByRole("button", { name: "Continue with Company sign-in" }).click();
  await expect(page).toHaveURL(/\/sign-in\?.*problem=/);
  await expect(page.getByRole("navigation")).toHaveCount(0);
});

test("an invitation is accepted through Keycloak, and a sign-in there is linked and unlinked", async () => {
  const lena: Employee = { username: "lena", email: "lena@company.example", password: "violet-anchor-stone-41" };
  const rao: Employee = { username: "rao", email: "rao@company.example", password: "silver-thicket-plum-52" };
  const invitation = await invite(administrator, { email: "lena@northwind.example", roles: ["Creator"] });
  await keycloak.createPerson(lena);
  await keycloak.createPerson(rao);
  const page = await open(operator);
  await page.goto(invitation);
  await signInAtKeycloak(page, lena);
  await expect(page.getByRole("navigation").first()).toBeVisible();
  // The roles are the invitation's; the provider's first role is not among them.
  await expectClosed(page, "/developer/applications", denied);
  await page.goto(invitation);
  await expect(page.getByRole("heading", { name: "This invitation does not work any more" })).toBeVisible();
  await page.goto("/account");
  await unlink(page);
  await expect(page.getByRole("dialog").getByText("This is your only way to sign in.")).toBeVisible();

  // Another person at the same browser, which Keycloak still knows as the one before.
  await page.context().clearCookies({ name: "latchkey.session" });
  await signIn(page, "devi@northwind.example");
  await expect(page.getByRole("navigation").first()).toBeVisible();
  await beginLinking(page);
  await expect(page.getByText("belongs to another person here")).toBeVisible();
  await page.context().clearCookies({ domain: new URL(keycloak.origin).hostname });
  await beginLinking(page);
  await fillKeycloak(page, rao);
  await expect(page.getByRole("button", { name: "Unlink Company sign-in" })).toBeVisible();

  await page.context().clearCookies({ name: "latchkey.session" });
  await page.goto("/sign-in?tenant=northwind&returnTo=/account");
  await page.getByRole("button", { name: "Continue with Company sign-in" }).click();
  await expect(page.getByText("Devi Rao, devi@northwind.example")).toBeVisible();
  await unlink(page);
  await expect(page.getByRole("button", { name: "Link Company sign-in" })).toBeVisible();
});

/** Pastes from the clipboard, as somebody does who keeps passwords elsewhere. */
async function paste(into: Locator, words: string): Promise<void> {
  await into.page().evaluate((text) => navigator.clipboard.writeText(text), words);
  await into.focus();
  await into.press("ControlOrMeta+V");
  await expect(into).toHaveValue(words);
}

/** Types a day key by key, in the order of Chromium's own locale here: month, day, year. */
async function typeDay(into: Locator, day: string): Promise<void> {
  const [year = "", month = "", date = ""] = day.split("-");
  await into.focus();
  await into.pressSequentially(`${month}${date}${year}`);
  await expect(into).toHaveValue(day);
}

async function beginLinking(page: Page): Promise<void> {
  await page.goto("/account");
  await page.getByRole("button", { name: "Link Company sign-in" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Go there and link" }).click();
}

async function unlink(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Unlink Company sign-in" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Unlink" }).click();
}

/** Opens an address, and expects it to be closed. */
async function expectClosed(page: Page, address: string, { status, title }: typeof denied): Promise<void> {
  const answer = await page.goto(address);
  expect([address, answer?.status()]).toEqual([address, status]);
  await expect(page.getByRole("heading", { level: 1 }), address).toHaveText(title);
}

/** @returns the redirect URI that the portal shows */
async function addIdentityProvider(page: Page, client: { clientId: string; clientSecret: string }): Promise<string> {
  await page.goto("/admin/identity-providers");
  await page.getByRole("button", { name: "Add identity provider" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("Company sign-in");
  await dialog.getByLabel("Issuer or well-known URL").fill(keycloak.wellKnownUrl);
  await dialog.getByLabel("Client id").fill(client.clientId);
  await dialog.getByLabel("Client secret", { exact: true }).fill(client.clientSecret);
  await dialog.getByLabel("Developer", { exact: true }).check();
  await dialog.getByRole("button", { name: "Add identity provider" }).click();
  await expect(dialog.getByText("One step is left")).toBeVisible();
  const shown = await dialog.locator("code").first().innerText();
  await dialog.getByRole("button", { name: "Close" }).last().click();
  return shown.replace("redirect URI", "").replaceAll(/\s/g, "");
}

/** Registers a redirect URI with a client, as somebody would in Keycloak's console. */
async function allowRedirect(clientId: string, redirectUri: string): Promise<void> {
  const [known] = (await keycloak.admin("GET", `/clients?clientId=${clientId}`)) as { id: string }[];
  await keycloak.admin("PUT", `/clients/${known?.id ?? ""}`, { ...known, redirectUris: [redirectUri] });
}

async function signInAtKeycloak(page: Page, who: Employee): Promise<void> {
  await page.getByRole("button", { name: "Continue with Company sign-in" }).click();
  await fillKeycloak(page, who);
}

/** Fills Keycloak's own form, and comes back to the portal. */
async function fillKeycloak(page: Page, { username, password }: Employee): Promise<void> {
  await page.waitForURL((url) => url.origin === keycloak.origin);
  await page.locator("#username").fill(username);
  await page.locator("#password").fill(password);
  await page.locator("#kc-login").click();
  await page.waitForURL((url) => url.origin === latchkey.origin);
}

function browserOf(page: Page) {
  const browser = page.context().browser();
  if (!browser) throw new Error("The browser is gone.");
  return browser;
}
