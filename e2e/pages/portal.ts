/** What a person does in the portal, by role and label, as their hands would. */
import { expect, type Browser, type BrowserContextOptions, type Locator, type Page } from "@playwright/test";

export const password = "quiet harbour lantern 1907";

/** A browser window of one person. */
export async function openWindow(browser: Browser, origin: string, options?: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options, baseURL: origin });
  return context.newPage();
}

/** Follows the first sign-in link of a new installation. */
export async function becomeOperator(page: Page, link: string, { name, email }: { name: string; email: string }) {
  await page.goto(link);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Save and sign in" }).click();
  await expect(page.getByRole("navigation").first()).toBeVisible();
}

/**
 * The first operator of a new installation, who administers a tenant, “Harbour Foods”, and has further roles there: one
 * person who may do what a journey needs.
 */
export async function foundTenant(page: Page, link: string, roles: string[]): Promise<void> {
  await becomeOperator(page, link, { name: "Olga Berg", email: "olga@harbour.example" });
  await joinOwnTenant(page, "Olga Berg", roles);
}

/** As an operator, creates the tenant “Harbour Foods”, joins it as its administrator, and takes further roles. */
export async function joinOwnTenant(page: Page, name: string, roles: string[]): Promise<void> {
  const tenant = { name: "Harbour Foods", slug: "harbour", administrator: "ada@harbour.example" };
  await page.goto(await createTenant(page, tenant));
  await page.getByRole("button", { name: `Join as ${name}` }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/invitation"));
  await giveRoles(page, name, roles);
}

/** Creates a tenant, and takes the link for its first administrator. */
export async function createTenant(page: Page, tenant: { name: string; slug: string; administrator: string }) {
  await page.goto("/operator/tenants");
  await page.getByRole("button", { name: "Create tenant" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill(tenant.name);
  await dialog.getByLabel("Address", { exact: true }).fill(tenant.slug);
  await dialog.getByLabel("First administrator's e-mail address").fill(tenant.administrator);
  await dialog.getByRole("button", { name: "Create tenant" }).click();
  return takeSecret(page, "Invitation link");
}

/** Invites somebody, and takes the link to hand over. */
export async function invite(page: Page, { email, roles }: { email: string; roles: string[] }): Promise<string> {
  await page.goto("/admin/people");
  await page.getByRole("button", { name: "Invite person" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("E-mail address").fill(email);
  for (const role of roles) await dialog.getByLabel(role, { exact: true }).check();
  await dialog.getByRole("button", { name: "Make invitation link" }).click();
  return takeSecret(page, "Invitation link");
}

/** Gives somebody further roles. */
export async function giveRoles(page: Page, name: string, roles: string[]): Promise<void> {
  await page.goto("/admin/people");
  await choose(page, { of: name, item: "Change roles" });
  const dialog = page.getByRole("dialog");
  for (const role of roles) await dialog.getByLabel(role, { exact: true }).check();
  await dialog.getByRole("button", { name: "Change roles" }).click();
  await expect(dialog).toBeHidden();
}

/** Chooses from the menu of a row. */
export async function choose(page: Page, { of, item }: { of: string; item: string }): Promise<void> {
  await page.getByRole("button", { name: `Actions for ${of}` }).click();
  await page.getByRole("menuitem", { name: item, exact: true }).click();
}

/** Signs in by e-mail address and password, and waits until the portal is open. */
export async function signIn(page: Page, email: string, secret = password): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(secret);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Signs out by the menu of the person. */
export async function signOut(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name }).first().click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.waitForURL(/\/sign-in/);
}

/** Accepts an invitation as somebody new. */
export async function join(page: Page, link: string, name: string): Promise<void> {
  await page.goto(link);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/invitation"));
}

/** Reads a secret that is shown once, and says that it is stored. */
export async function takeSecret(page: Page, label: string): Promise<string> {
  const box = page.getByRole("region", { name: label, exact: true });
  const value = (await box.locator("code").innerText()).trim();
  const stored = box.getByRole("button", { name: "I stored it" });
  await stored.click();
  const anyway = box.getByRole("button", { name: "Close without copying" });
  if (await anyway.isVisible()) await anyway.click();
  return value;
}

/** Creates an application; its page is open afterwards. */
export async function createApplication(page: Page, name: string): Promise<void> {
  await page.goto("/developer/applications");
  await page.getByRole("button", { name: "Create application" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  await dialog.getByRole("button", { name: "Create application" }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
}

/** Subscribes an application to an API that takes it without an approval. */
export async function subscribe(
  page: Page,
  { api, version, application }: { api: string; version: string; application: string },
): Promise<void> {
  await page.goto("/developer/apis");
  await page.getByRole("link", { name: api }).click();
  await page.getByLabel("Application").selectOption({ label: application });
  await page.getByRole("button", { name: "Subscribe", exact: true }).click();
  await expect(page.getByRole("button", { name: `Unsubscribe ${application} from ${api} ${version}` })).toBeVisible();
}

/** The card of one key manager on an application's page of keys. */
export function keysCard(page: Page, keyManager: string) {
  return page.getByRole("region", { name: keyManager, exact: true });
}

/** The consumer key of the keys at one key manager. */
export async function consumerKeyOf(page: Page, keyManager: string): Promise<string> {
  const shown = await keysCard(page, keyManager).locator("code", { hasText: "Consumer key" }).first().innerText();
  return shown.replace("Consumer key", "").replaceAll(/\s/g, "");
}

/** Opens an application's keys of one type. */
export async function openKeys(page: Page, application: string, keyType: "production" | "sandbox"): Promise<void> {
  await page.goto("/developer/applications");
  await page.getByRole("link", { name: application, exact: true }).click();
  await page.getByRole("link", { name: keyType === "production" ? "Production keys" : "Sandbox keys" }).click();
  await page.waitForURL(new RegExp(`/keys/${keyType}$`));
}

/** Generates keys at a key manager whose card is on the open page. @param fill what to change in the form before */
export async function generateKeys(
  page: Page,
  keyManager: string,
  fill?: (form: Locator) => Promise<void>,
): Promise<{ consumerSecret: string }> {
  const card = keysCard(page, keyManager);
  await card.getByRole("button", { name: "Generate keys" }).click();
  await fill?.(card);
  await card.getByRole("button", { name: "Generate keys" }).click();
  await expect(card.getByText("Your keys are ready")).toBeVisible();
  const consumerSecret = await takeSecret(page, "Consumer secret");
  await card.getByRole("button", { name: "Done" }).click();
  await expect(card.getByText("Active", { exact: true })).toBeVisible();
  return { consumerSecret };
}

/** Where a developer types the secret of an existing client; it is optional, and its label says so. */
export function secretOfClient(card: Locator): Locator {
  return card.getByRole("textbox", { name: /^Consumer secret/ });
}

/** Attaches an existing client to the application whose keys are on the open page. */
export async function mapKeys(page: Page, keyManager: string, client: { id: string; secret: string }): Promise<void> {
  const card = keysCard(page, keyManager);
  await card.getByRole("button", { name: "Use an existing client" }).click();
  await card.getByLabel("Consumer key", { exact: true }).fill(client.id);
  await secretOfClient(card).fill(client.secret);
  await card.getByRole("button", { name: "Use this client" }).click();
}

/** Gets a test token, with these scopes or with all that the application's subscriptions offer. */
export async function getToken(page: Page, keyManager: string, scopes?: string[]): Promise<string> {
  const card = keysCard(page, keyManager);
  await card.getByRole("button", { name: "Get a test token" }).click();
  const dialog = page.getByRole("dialog");
  if (scopes) {
    for (const box of await dialog.getByRole("checkbox").all()) {
      const value = await box.getAttribute("value");
      await box.setChecked(scopes.includes(value ?? ""));
    }
  }
  await dialog.getByRole("button", { name: "Get token" }).click();
  const token = await dialog
    .getByRole("region", { name: "Access token", exact: true })
    .locator("code, pre")
    .first()
    .innerText();
  await dialog.getByRole("button", { name: "Done" }).click();
  return token.trim();
}
