/** Keys whose last operation did not end well, brought there by servers that fail as real ones do. */
import { expect, test, type Locator, type Page } from "@playwright/test";
import { keycloakSimulator, type SimulatedKeycloak } from "#connectors/keycloak/simulator.ts";
import { oidcSimulator, type SimulatedOidc } from "#connectors/oidc/simulator.ts";
import { connectKeyManager } from "./pages/administration.ts";
import { firstLook, inspectLooks, lastLook } from "./pages/looks.ts";
import {
  consumerKeyOf,
  createApplication,
  foundTenant,
  generateKeys,
  keysCard,
  openKeys,
  openWindow,
  takeSecret,
} from "./pages/portal.ts";
import { startLatchkey, type LatchkeyServer } from "./servers/latchkey.ts";
import { fallsOverAfter, serveSimulated, type Simulated } from "./servers/simulated.ts";

/** Follows the standards, cannot be searched, and replaces management tokens with every answer. */
let depot: Simulated<SimulatedOidc>;
/** Can be searched. */
let realm: Simulated<SimulatedKeycloak>;
let latchkey: LatchkeyServer;
let page: Page;

test.beforeAll(async ({ browser }) => {
  depot = await serveSimulated((issuer) => oidcSimulator({ issuer, rotation: "always" }));
  realm = await serveSimulated((base) => keycloakSimulator({ base }));
  latchkey = await startLatchkey({ outboundAllow: [depot.address, realm.address] });
  page = await openWindow(browser, latchkey.origin);
  await furnish();
});
test.afterAll(async () => {
  await page?.context().close();
  await latchkey?.stop();
  await Promise.all([depot?.stop(), realm?.stop()]);
});
test.beforeEach(async () => {
  depot.spoil();
  realm.spoil();
  depot.vendor.rejectRegistration(undefined);
  await wide();
});

/** One person who administers a tenant with two key managers, and develops in it. */
async function furnish(): Promise<void> {
  await foundTenant(page, latchkey.firstSignInLink, ["Developer"]);
  await connectKeyManager(page, {
    wellKnownUrl: depot.wellKnownUrl,
    displayName: "Depot",
    access: { "Initial access token": initialAccessToken() },
  });
  const { signIn } = realm.vendor.settings.connection;
  if (signIn.method !== "client_secret") throw new Error("The realm's own client signs in with a secret.");
  await connectKeyManager(page, {
    wellKnownUrl: realm.wellKnownUrl,
    displayName: "Realm",
    access: { "Client id": signIn.clientId, "Client secret": signIn.clientSecret.reveal() },
  });
}

test("what a key manager refused is kept with its words, and what it did without saying so is found", async () => {
  const production = await newApplication("Web shop");
  depot.vendor.rejectRegistration("this name is reserved");
  realm.spoil(fallsOverAfter("POST"));
  await expect((await askForKeys("Depot")).getByRole("alert")).toContainText("this name is reserved");
  const inRealm = await askForKeys("Realm");
  await expect(inRealm.getByText("Finishing")).toBeVisible();
  await page.goto(production);
  const inDepot = keysCard(page, "Depot");
  await expect(inDepot).toContainText("No client was registered");
  await expect(inDepot).toContainText("Depot refused the request. It said: “this name is reserved”");
  await expect(inRealm).toContainText("Realm answered with an error of its own (HTTP 500). It is not known yet");
  expect(await inspectLooks(page, "refused, and unknown", [firstLook, lastLook])).toEqual([]);

  await wide();
  await inDepot.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("this name is reserved")).toHaveCount(2);
  depot.vendor.rejectRegistration(undefined);
  await inDepot.getByRole("button", { name: "Try again" }).click();
  await takeKeys(inDepot);
  realm.spoil();
  await inRealm.getByRole("button", { name: "Finish now" }).click();
  await takeFinishedKeys(inRealm);
  expect(madeAtRealm()).toBe(1);

  await openKeys(page, "Web shop", "sandbox");
  realm.spoil(fallsOverAfter("POST"));
  await askForKeys("Realm");
  await expect(inRealm.getByText("Finishing")).toBeVisible();
  realm.spoil();
  await inRealm.getByRole("button", { name: "Undo at Realm…" }).click();
  await confirm("Undo attempt");
  await expect(inRealm.getByRole("button", { name: "Generate keys" })).toBeVisible();
  expect(madeAtRealm()).toBe(2);
  expect(
    realm.vendor.requests.filter(({ method, url }) => method === "DELETE" && /\/clients\/[^/]+$/.test(url)),
  ).toHaveLength(1);
});

test("what nobody can know is asked of a person; a change and a removal that broke off are finished", async () => {
  await newApplication("Till");
  const [inDepot, inRealm] = [keysCard(page, "Depot"), keysCard(page, "Realm")];
  await generateKeys(page, "Realm");
  realm.spoil(fallsOverAfter("PUT"));
  await updateKeys(inRealm);
  depot.spoil(fallsOverAfter("POST"));
  await askForKeys("Depot");
  await expect(inDepot).toContainText("Ask the administrator of Depot");
  await expect(inDepot).toContainText("“Till (Production)” was registered there on");
  expect(await inspectLooks(page, "unknowable, and a change that broke off", [lastLook])).toEqual([]);

  await wide();
  realm.spoil();
  await inRealm.getByRole("button", { name: "Finish now" }).click();
  await expect(inRealm.getByText("Active", { exact: true })).toBeVisible();
  realm.spoil(fallsOverAfter("DELETE"));
  await removeKeys(inRealm);
  await expect(inRealm).toContainText("Gateways refuse the tokens of these keys already");
  realm.spoil();
  await inRealm.getByRole("button", { name: "Finish now" }).click();
  await expect(page.getByText("The keys are removed.")).toBeVisible();
  await expect(inRealm.getByRole("button", { name: "Generate keys" })).toBeVisible();

  depot.spoil();
  const before = depot.vendor.clients.size;
  await inDepot.getByRole("button", { name: "Register again…" }).click();
  await confirm("Register again");
  await takeKeys(inDepot);
  expect(depot.vendor.clients.size).toBe(before + 1);
});

test("keys whose management token was lost, or whose client is gone, can still be got rid of", async () => {
  await newApplication("Kiosk");
  const [inDepot, inRealm] = [keysCard(page, "Depot"), keysCard(page, "Realm")];
  await generateKeys(page, "Depot");
  depot.spoil(fallsOverAfter("PUT"));
  await updateKeys(inDepot);
  depot.spoil();
  await inDepot.getByRole("button", { name: "Finish now" }).click();
  await expect(inDepot).toContainText("The last change was refused");
  await expect(inDepot).toContainText("Depot no longer accepts the registration access token of this client");
  await removeKeys(inDepot);
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await expect(inDepot.getByText("Being removed")).toBeVisible();
  await generateKeys(page, "Realm");
  realm.vendor.removeClient(await consumerKeyOf(page, "Realm"));
  await inRealm.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Read again from the key manager" }).click();
  await expect(inRealm).toContainText("These keys do not work");
  expect(await inspectLooks(page, "a token that was lost, and a client that is gone", [firstLook])).toEqual([]);

  await wide();
  await inRealm.getByRole("button", { name: "Remove keys…" }).click();
  await confirm("Remove keys");
  await expect(inRealm.getByRole("button", { name: "Generate keys" })).toBeVisible();
  const before = depot.vendor.clients.size;
  await inDepot.getByRole("button", { name: "Forget keys…" }).click();
  await confirm("Forget keys");
  await expect(inDepot.getByRole("button", { name: "Generate keys" })).toBeVisible();
  expect(depot.vendor.clients.size).toBe(before);
});

test("while a key manager does not answer, other windows wait with the first", async () => {
  const address = await newApplication("Window");
  let release: (() => void) | undefined;
  depot.spoil(async ({ method }, answer) => {
    if (method === "POST" && !release) await new Promise<void>((resolve) => (release = resolve));
    return answer();
  });
  const card = await askForKeys("Depot");
  const other = await page.context().newPage();
  await expect.poll(() => release !== undefined).toBe(true);
  await other.goto(address);
  const there = keysCard(other, "Depot");
  await expect(there).toContainText("Waiting for its answer.");
  await expect(there.getByRole("button", { name: /Finish|Undo|Forget/ })).toHaveCount(0);
  release?.();
  await takeKeys(card);
  await expect(there.getByText("Active", { exact: true })).toBeVisible();
  await other.close();

  await test.step("its own card says that it does not answer, and no other card waits", async () => {
    let isAsked = false;
    depot.spoil(() => {
      isAsked = true;
      return new Promise(() => undefined);
    });
    // What was found out before counts for some seconds.
    await expect(async () => {
      await page.goto(address, { waitUntil: "commit" });
      await expect.poll(() => isAsked, { timeout: 1_000 }).toBe(true);
    }).toPass();
    await generateKeys(page, "Realm");
    const silent = card.getByText("Depot does not answer");
    await expect(silent).toBeVisible();
    await expect(card).toContainText("Depot did not answer in time. Try again in a moment.");
    await expect(card.getByText("Active", { exact: true })).toBeVisible();
    await expect(keysCard(page, "Realm")).not.toContainText("does not answer");
    expect(await inspectLooks(page, "a key manager that does not answer", [lastLook])).toEqual([]);
    await wide();
    depot.spoil();
    await expect(async () => {
      await card.getByRole("button", { name: "Ask again" }).click();
      await expect(silent).toBeHidden({ timeout: 2_000 });
    }).toPass();
  });
});

test("a registration access token that was replaced by a refused mapping is shown once", async () => {
  await newApplication("Counter");
  const [mine, others] = [depot.vendor.addClient(), depot.vendor.addClient()];
  const card = keysCard(page, "Depot");
  await card.getByRole("button", { name: "Use an existing client" }).click();
  await card.getByLabel("Consumer key", { exact: true }).fill(mine.client_id);
  await card.getByLabel("Consumer secret", { exact: true }).fill(mine.client_secret ?? "");
  await card.getByText("Managed by registration token (RFC 7592)").click();
  await card.getByLabel("Registration access token optional", { exact: true }).fill(others.registration_access_token);
  await card.getByLabel("Client configuration address").fill(others.registration_client_uri);
  await card.getByRole("button", { name: "Use this client" }).click();
  await expect(card).toContainText("The client was not mapped");
  expect(await inspectLooks(page, "a token given back", [lastLook])).toEqual([]);

  await wide();
  const token = await takeSecret(page, "Registration access token");
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(others.registration_client_uri, { headers })).status).toBe(200);
  await expect(card.getByText("The client was not mapped")).toBeHidden();
  await card.getByLabel("Registration access token optional", { exact: true }).fill(mine.registration_access_token);
  await card.getByLabel("Client configuration address").fill(mine.registration_client_uri);
  await card.getByRole("button", { name: "Use this client" }).click();
  await expect(card.getByText("Mapped client")).toBeVisible();
  await page.getByRole("button", { name: "More actions" }).first().click();
  await page.getByRole("menuitem", { name: "Delete application…" }).click();
  const refusal = page.getByRole("dialog", { name: "Counter cannot be deleted yet" });
  await expect(refusal).toContainText("hold a registration access token that may exist nowhere else");
  expect(await inspectLooks(page, "keys to remove first", [firstLook, lastLook])).toEqual([]);
  await wide();
  await refusal.getByRole("link", { name: "Production keys at Depot" }).click();
  await expect(refusal).toBeHidden();
  await removeKeys(card);
  await expect(card).toContainText("The client is yours to manage again");
});

/** The last, because it leaves the depot with an endpoint that is not there. */
test("what a server says of itself today is taken over as it is ticked", async () => {
  await openKeyManager("Depot");
  await page.getByRole("link", { name: "Settings" }).click();
  const compare = page.getByRole("button", { name: "Compare with the server" });
  await compare.click();
  await expect(page.getByText("Everything agrees")).toBeVisible();
  const moved = `${depot.vendor.issuer}/oauth`;
  depot.spoil(async ({ path }, answer) => {
    if (!path.endsWith("/openid-configuration")) return answer();
    const { revocation_endpoint: _, ...metadata } = (await (await answer()).json()) as Record<string, unknown>;
    return Response.json({
      ...metadata,
      token_endpoint: `${moved}/token`,
      introspection_endpoint: "https://elsewhere.example/introspect",
      jwks_uri: `${moved}/keys`,
      grant_types_supported: ["client_credentials", "password"],
    });
  });
  await compare.click();
  const table = page.getByRole("table", { name: "Differences" });
  await expect(table.getByRole("row")).toHaveCount(6);
  await expect(table.getByRole("row", { name: "Token endpoint" })).toContainText(`${moved}/token`);
  for (const [name, ticked] of Object.entries({
    "Token endpoint": true,
    "Revocation endpoint": false,
    "Introspection endpoint": false,
    "Signing keys": false,
    "Grant types": false,
  })) {
    await expect(table.getByRole("checkbox", { name: `Take ${name}` })).toBeChecked({ checked: ticked });
  }
  expect(await inspectLooks(page, "differences", [firstLook, lastLook])).toEqual([]);

  await wide();
  await table.getByRole("checkbox", { name: "Take Revocation endpoint" }).check();
  await page.getByRole("button", { name: "Take over 2 values" }).click();
  await expect(page.getByText("2 values taken into the form")).toBeVisible();
  const save = page.getByRole("button", { name: "Save settings" });
  await save.click();
  const again = page.getByRole("link", { name: /Enter “Initial access token” again: it would now be sent to/ });
  await again.click();
  await page.getByLabel("Initial access token", { exact: true }).fill(initialAccessToken());
  await save.click();
  await expect(page.getByText("Depot is saved.")).toBeVisible();
  await page.reload();
  await compare.click();
  await expect(table.getByRole("row")).toHaveCount(4);
  await expect(table.getByRole("row", { name: /Token|Revocation/ })).toHaveCount(0);
  await page.getByRole("button", { name: "Keep everything" }).click();
  await expect(table).toBeHidden();
});

/** Creates an application and opens its production keys. @returns their address */
async function newApplication(name: string): Promise<string> {
  await createApplication(page, name);
  await page.getByRole("link", { name: "Production keys" }).click();
  await page.waitForURL(/\/keys\/production$/);
  return page.url();
}

/** What the depot asks of whoever registers clients. */
function initialAccessToken(): string {
  const { registration } = depot.vendor.settings.connection;
  if (registration.method !== "initial_access_token") throw new Error("The depot asks for an initial access token.");
  return registration.token.reveal();
}

async function openKeyManager(name: string): Promise<void> {
  await page.goto("/admin/key-managers");
  await page.getByRole("link", { name }).first().click();
  await page.waitForURL(/\/admin\/key-managers\/[0-9a-f-]{36}$/);
}

/** Asks a key manager for keys, whatever comes of it. */
async function askForKeys(keyManager: string): Promise<Locator> {
  const card = keysCard(page, keyManager);
  await card.getByRole("button", { name: "Generate keys" }).click();
  await card.getByRole("form").getByRole("button", { name: "Generate keys" }).click();
  return card;
}

/** Takes the keys that a card has got in the end. */
async function takeKeys(card: Locator): Promise<void> {
  await expect(card.getByText("Your keys are ready")).toBeVisible();
  await takeSecret(page, "Consumer secret");
  await card.getByRole("button", { name: "Done" }).click();
  await expect(card.getByText("Active", { exact: true })).toBeVisible();
}

/** The same where the portal, which tries again by itself, may have been there first: then the secret waits to be revealed. */
async function takeFinishedKeys(card: Locator): Promise<void> {
  const ready = card.getByText("Your keys are ready");
  await expect(ready.or(card.getByRole("button", { name: "Reveal" })).first()).toBeVisible();
  if (await ready.isVisible()) await takeKeys(card);
  else await expect(card.getByText("Active", { exact: true })).toBeVisible();
}

async function removeKeys(card: Locator): Promise<void> {
  await card.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Remove keys…" }).click();
  await confirm("Remove keys");
}

/** Changes nothing of the client, but has it written again, by a server that will not say so. */
async function updateKeys(card: Locator): Promise<void> {
  await card.getByRole("button", { name: "Update" }).click();
  await card.getByRole("button", { name: "Update client" }).click();
  await expect(card.getByText("Finishing")).toBeVisible();
}

async function confirm(verb: string): Promise<void> {
  await page.getByRole("dialog").getByRole("button", { name: verb }).click();
}

/** How many clients were ever made at the realm. */
function madeAtRealm(): number {
  return realm.vendor.requests.filter(({ method, url }) => method === "POST" && url.endsWith("/clients")).length;
}

function wide(): Promise<void> {
  return page.setViewportSize({ width: 1440, height: 900 });
}
