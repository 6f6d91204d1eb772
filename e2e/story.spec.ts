/**
 * The main job, once, for real: an administrator connects a real Keycloak, a creator publishes an API, a
 * developer gets keys and tokens at it and at the built-in key manager, and a real nginx in front of a
 * backend lets calls through or refuses them, each for its own reason.
 */
import { expect, test } from "@playwright/test";
import { startEchoBackend, type RunningBackend } from "./servers/echo-backend.ts";
import { startKeycloak, type Keycloak } from "./servers/keycloak.ts";
import { startLatchkey, type LatchkeyServer } from "./servers/latchkey.ts";
import type { RunningGateway } from "./servers/gateway.ts";
import { startNginx } from "./servers/nginx.ts";
import { connectKeyManager, createGatewayCredential, setEnabled } from "./pages/administration.ts";
import { acceptOnly, importApi } from "./pages/creation.ts";
import {
  becomeOperator,
  createApplication,
  createTenant,
  generateKeys,
  getToken,
  invite,
  join,
  keysCard,
  mapKeys,
  openKeys,
  openWindow,
  secretOfClient,
  subscribe,
} from "./pages/portal.ts";

const builtIn = "Built-in";
const keycloakName = "Company Keycloak";
/** A change in the portal must be felt at the gateway within this time. */
const effectMs = 5_000;
/** The clock skew that the validator allows. */
const skewMs = 60_000;

let keycloak: Keycloak;
let latchkey: LatchkeyServer;
let backend: RunningBackend;
let nginx: RunningGateway;

test.describe.configure({ mode: "serial", timeout: 420_000 });

test.beforeAll(async () => {
  test.setTimeout(300_000);
  keycloak = await startKeycloak();
  latchkey = await startLatchkey({ outboundAllow: [keycloak.address] });
  backend = await startEchoBackend();
});

test.afterAll(async () => {
  await nginx?.stop();
  await backend?.stop();
  await latchkey?.stop();
  await keycloak?.stop();
});

test("an administrator, a creator, a developer and a gateway do the whole job", async ({ browser }) => {
  const open = () => openWindow(browser, latchkey.origin);
  const [operator, administrator, creator, developer] = [await open(), await open(), await open(), await open()];

  // Somebody at Keycloak prepares scopes, and a client by hand whose tokens live for one second.
  for (const scope of ["orders:read", "orders:write"]) await addOptionalScope(scope);
  const byHand = await keycloak.createClient({
    clientId: "made-by-hand",
    attributes: { "access.token.lifespan": "1" },
  });

  await test.step("an operator creates two tenants, and hands over the way in", async () => {
    await becomeOperator(operator, latchkey.firstSignInLink, { name: "Olga Berg", email: "olga@example.com" });
    const link = await createTenant(operator, {
      name: "Northwind",
      slug: "northwind",
      administrator: "ada@northwind.example",
    });
    await join(administrator, link, "Ada North");
    await join(
      creator,
      await invite(administrator, { email: "cleo@northwind.example", roles: ["Creator"] }),
      "Cleo West",
    );
    await join(
      developer,
      await invite(administrator, { email: "dev@northwind.example", roles: ["Developer"] }),
      "Devi Rao",
    );
  });

  await test.step("the administrator connects Keycloak from its well-known address", async () => {
    await connectKeyManager(administrator, {
      wellKnownUrl: keycloak.wellKnownUrl,
      displayName: keycloakName,
      access: { "Client id": keycloak.portalClient.clientId, "Client secret": keycloak.portalClient.clientSecret },
    });
  });

  await test.step("the administrator gives the gateway its credential", async () => {
    const gatewayCredential = await createGatewayCredential(administrator, "Edge nginx");
    nginx = await startNginx({
      latchkeyAddress: new URL(latchkey.origin).host.replace("localhost", "127.0.0.1"),
      backendAddress: backend.address,
      gatewayCredential,
    });
  });

  await test.step("the creator imports an API that accepts both key managers, and publishes it", async () => {
    await importApi(creator, {
      file: "e2e/fixtures/orders.openapi.yaml",
      keyManagers: [keycloakName, builtIn],
    });
  });

  let keycloakToken = "";
  let builtInToken = "";
  let expiring = { token: "", at: 0 };
  await test.step("the developer subscribes, gets keys at both, and maps a client made by hand", async () => {
    await createApplication(developer, "Web shop");
    await subscribe(developer, { api: "Orders", version: "1.0.0", application: "Web shop" });

    await openKeys(developer, "Web shop", "production");
    for (const keyManager of [keycloakName, builtIn]) await generateKeys(developer, keyManager);
    keycloakToken = await getToken(developer, keycloakName);
    builtInToken = await getToken(developer, builtIn);

    await openKeys(developer, "Web shop", "sandbox");
    await mapKeys(developer, keycloakName, { id: byHand.clientId, secret: "not-the-secret" });
    await expect(
      keysCard(developer, keycloakName)
        .getByText(/did not accept|refused/i)
        .first(),
    ).toBeVisible();
    await secretOfClient(keysCard(developer, keycloakName)).fill(byHand.clientSecret);
    await keysCard(developer, keycloakName).getByRole("button", { name: "Use this client" }).click();
    await expect(keysCard(developer, keycloakName).getByText("Mapped client")).toBeVisible();
    expiring = { token: await getToken(developer, keycloakName), at: Date.now() };
  });

  await test.step("the gateway lets both tokens through, and the backend receives the verdict", async () => {
    for (const [token, keyManager] of [
      [keycloakToken, keycloakName],
      [builtInToken, builtIn],
    ] as const) {
      const { status, body } = await call(token, "GET", "/orders/1.0.0/orders/42");
      expect({ status, keyManager }).toEqual({ status: 200, keyManager });
      expect(body.headers).toMatchObject({
        "x-latchkey-application-name": "Web shop",
        "x-latchkey-api-name": "Orders",
        "x-latchkey-key-type": "PRODUCTION",
      });
      expect(body.headers).not.toHaveProperty("authorization");
      expect((await call(token, "POST", "/orders/1.0.0/orders")).status).toBe(200);
    }
  });

  await test.step("no token, a wrong signature and a path that is no resource are refused", async () => {
    expect(await refusal(null)).toEqual({ status: 401, code: "900902", reason: "token_missing" });
    const forged = builtInToken.replace(
      /\.([^.]{10})([^.]*)$/,
      (_, head: string, rest: string) => `.${[...head].reverse().join("")}${rest}`,
    );
    expect(await refusal(forged)).toEqual({ status: 401, code: "900901", reason: "signature_invalid" });
    expect(await refusal(builtInToken, "GET", "/orders/1.0.0/nowhere")).toMatchObject({ status: 404, code: "900906" });
  });

  await test.step("another tenant's token is refused", async () => {
    const link = await createTenant(operator, {
      name: "Harbour",
      slug: "harbour",
      administrator: "hana@harbour.example",
    });
    const [stranger, colleague] = [await open(), await open()];
    await join(stranger, link, "Hana Moor");
    await join(colleague, await invite(stranger, { email: "hugo@harbour.example", roles: ["Developer"] }), "Hugo Lind");
    await createApplication(colleague, "Their shop");
    await openKeys(colleague, "Their shop", "production");
    await generateKeys(colleague, builtIn);
    const theirs = await getToken(colleague, builtIn);
    expect(await refusal(theirs)).toEqual({ status: 401, code: "900901", reason: "issuer_unknown" });
  });

  await test.step("an application that is not subscribed is refused", async () => {
    await createApplication(developer, "Back office");
    await openKeys(developer, "Back office", "production");
    await generateKeys(developer, builtIn);
    const token = await getToken(developer, builtIn);
    expect(await refusal(token)).toEqual({ status: 403, code: "900908", reason: "not_subscribed" });
  });

  await test.step("a token without the scope is refused where the scope is asked for", async () => {
    await openKeys(developer, "Web shop", "production");
    const reader = await getToken(developer, builtIn, ["orders:read"]);
    expect((await call(reader, "GET", "/orders/1.0.0/orders/42")).status).toBe(200);
    expect(await refusal(reader, "POST", "/orders/1.0.0/orders")).toEqual({
      status: 403,
      code: "900910",
      reason: "scope_missing",
    });
  });

  await test.step("a key manager that is disabled is refused within five seconds, and again let in", async () => {
    await setEnabled(administrator, keycloakName, false);
    await expect
      .poll(() => refusal(keycloakToken), { timeout: effectMs, intervals: [100] })
      .toEqual({ status: 401, code: "900901", reason: "key_manager_disabled" });
    await setEnabled(administrator, keycloakName, true);
    await expect
      .poll(async () => (await call(keycloakToken)).status, { timeout: effectMs, intervals: [100] })
      .toBe(200);
  });

  await test.step("a key manager that the API no longer accepts is refused", async () => {
    await acceptOnly(creator, "Orders", [builtIn], "Web shop");
    await expect
      .poll(() => refusal(keycloakToken), { timeout: effectMs, intervals: [100] })
      .toEqual({ status: 401, code: "900901", reason: "key_manager_not_accepted" });
    expect((await call(builtInToken)).status).toBe(200);
    await acceptOnly(creator, "Orders", [keycloakName, builtIn]);
  });

  await test.step("keys that were removed are refused", async () => {
    await openKeys(developer, "Web shop", "production");
    await keysCard(developer, builtIn)
      .getByRole("button", { name: /More actions/ })
      .click();
    await developer.getByRole("menuitem", { name: /Remove keys/ }).click();
    await developer.getByRole("dialog").getByRole("button", { name: "Remove keys" }).click();
    await expect(keysCard(developer, builtIn).getByRole("button", { name: "Generate keys" })).toBeVisible();
    await expect
      .poll(() => refusal(builtInToken), { timeout: effectMs, intervals: [100] })
      .toEqual({ status: 403, code: "900908", reason: "consumer_key_unknown" });
  });

  await test.step("an expired token is refused", async () => {
    const expired = expiring.at + skewMs + 2_000;
    if (Date.now() < expired) await new Promise((resolve) => setTimeout(resolve, expired - Date.now()));
    expect(await refusal(expiring.token)).toEqual({ status: 401, code: "900903", reason: "token_expired" });
  });

  await test.step("the audit tells who did what", async () => {
    await administrator.goto("/admin/audit");
    await expect(administrator.getByText(/Devi Rao/).first()).toBeVisible();
  });
});

/** A client scope that every new client of the realm may ask for. */
async function addOptionalScope(name: string): Promise<void> {
  const attributes = { "include.in.token.scope": "true" };
  await keycloak.admin("POST", "/client-scopes", { name, protocol: "openid-connect", attributes });
  const all = (await keycloak.admin("GET", "/client-scopes")) as { id: string; name: string }[];
  const id = all.find((scope) => scope.name === name)?.id ?? "";
  await keycloak.admin("PUT", `/default-optional-client-scopes/${id}`);
}

type Answer = { status: number; body: { headers: Record<string, string>; code: string; reason: string } };

async function call(token: string | null, method = "GET", path = "/orders/1.0.0/orders/42"): Promise<Answer> {
  const answer = await fetch(`${nginx.origin}${path}`, {
    method,
    headers: token === null ? {} : { Authorization: `Bearer ${token}` },
  });
  return { status: answer.status, body: (await answer.json()) as Answer["body"] };
}

async function refusal(token: string | null, method?: string, path?: string) {
  const { status, body } = await call(token, method, path);
  return { status, code: body.code, reason: body.reason };
}
