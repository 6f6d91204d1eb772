/** What tests of the built-in authorization server start from: a server, clients, and a browser with cookies. */
import * as oauth from "openid-client";
import { createAuthorizationServer, type AuthorizationServer } from "#lib/authorization-server/server.ts";
import { tenantDb } from "#lib/data/database.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { newId, type ApiId, type PersonId } from "#lib/foundation/ids.ts";
import { testDependencies, testTenant, type TestDependencies, type TestTenant } from "./tenant.ts";

/** The connector id that stands for a tenant's own authorization server in these tests. */
export const ownConnectorId = "own";
export const testOrigin = "https://portal.test";
export const testRedirectUri = "https://app.test/callback";

export type TestServer = { server: AuthorizationServer; deps: TestDependencies };

/** Authorization servers of all tenants, under an origin that nothing listens on. */
export function testAuthorizationServer(
  options: { clock?: Clock; origin?: string; outbound?: OutboundFetch } = {},
): TestServer {
  const deps = testDependencies({ origin: testOrigin, ...options });
  return { deps, server: createAuthorizationServer({ ...deps, connectorIds: [ownConnectorId] }) };
}

export type TestIssuer = {
  tenant: TestTenant;
  issuer: string;
  /** Registers a client as the portal does. */
  register(metadata?: Record<string, unknown>): Promise<TestClient>;
  /** A plain call to a path below the issuer. */
  call(path: string, init?: Parameters<AuthorizationServer["fetch"]>[1]): Promise<Response>;
  /** The portal's own client, which may introspect. */
  portal(): Promise<oauth.Configuration>;
  initialAccessToken: string;
  /** The independent client, set up for a client of this issuer. */
  configure(
    clientId: string,
    metadata: Partial<oauth.ClientMetadata> | undefined,
    auth: oauth.ClientAuth,
  ): Promise<oauth.Configuration>;
};

export type TestClient = {
  config: oauth.Configuration;
  clientId: string;
  secret: string;
  registrationToken: string;
  registrationUri: string;
};

/** A new tenant with an API that has the scopes `orders:read` and `orders:write`. */
export async function testIssuer({ server, deps }: TestServer): Promise<TestIssuer> {
  const tenant = await testTenant(deps);
  const issuer = `${deps.origin}/t/${tenant.slug}/oidc`;
  await deps.database.inTenant(tenant.id, async (ctx) => {
    const api = { id: newId<ApiId>(), tenantId: tenant.id };
    await tenantDb(ctx).api.create({
      data: { ...api, name: "Orders", version: "1", context: "/orders", createdById: newId() },
    });
    for (const name of ["orders:read", "orders:write"]) {
      const scope = { id: newId(), tenantId: tenant.id, apiId: api.id, name, description: `May ${name}` };
      await tenantDb(ctx).apiScope.create({ data: scope });
    }
  });
  const initialAccessToken = deps.derive("built-in.registration", tenant.id).reveal();
  const call: TestIssuer["call"] = (path, init) => server.fetch(`${issuer}${path}`, init);
  const configure: TestIssuer["configure"] = (clientId, metadata, auth) =>
    oauth.discovery(new URL(issuer), clientId, metadata, auth, { [oauth.customFetch]: fetchThrough(server) });

  return {
    tenant,
    issuer,
    call,
    initialAccessToken,
    configure,
    portal: () =>
      configure(
        "latchkey-portal",
        undefined,
        oauth.ClientSecretBasic(deps.derive("built-in.introspection", tenant.id).reveal()),
      ),
    async register(metadata = {}) {
      const response = await call("/reg", {
        method: "POST",
        headers: { authorization: `Bearer ${initialAccessToken}`, "content-type": "application/json" },
        body: JSON.stringify({
          client_name: "Test application",
          grant_types: ["authorization_code", "client_credentials", "refresh_token"],
          redirect_uris: [testRedirectUri],
          ...metadata,
        }),
      });
      const body = (await response.json()) as Record<string, string>;
      if (response.status !== 201) throw new Error(`registration refused: ${JSON.stringify(body)}`);
      const { client_id = "", client_secret = "" } = body;
      return {
        clientId: client_id,
        secret: client_secret,
        registrationToken: body["registration_access_token"] ?? "",
        registrationUri: body["registration_client_uri"] ?? "",
        config: await configure(
          client_id,
          { id_token_signed_response_alg: body["id_token_signed_response_alg"] ?? "" },
          client_secret ? oauth.ClientSecretBasic(client_secret) : oauth.None(),
        ),
      };
    },
  };
}

/** Lets openid-client talk to the server in this process. */
function fetchThrough(server: AuthorizationServer): oauth.CustomFetch {
  return (url, { method, headers, body }) =>
    server.fetch(url, {
      method: method as "GET" | "POST",
      headers,
      ...(body ? { body: body instanceof URLSearchParams ? body.toString() : (body as string) } : {}),
    });
}

/** A browser as far as the authorization server can tell: it keeps cookies by path and follows redirects. */
export class Browser {
  readonly #server: AuthorizationServer;
  readonly #cookies = new Map<string, { value: string; path: string }>();

  constructor(server: AuthorizationServer) {
    this.#server = server;
  }

  /** The Cookie header for a path. */
  cookiesFor(path: string): string {
    return [...this.#cookies]
      .filter(([, cookie]) => path === cookie.path || path.startsWith(cookie.path.replace(/\/?$/, "/")))
      .map(([key, { value }]) => `${key.split(" ")[0] ?? ""}=${value}`)
      .join("; ");
  }

  /** Opens an address and follows redirects until one leaves the authorization server. */
  async open(url: string): Promise<{ url: URL; response: Response | null }> {
    let next = url;
    for (let hop = 0; hop < 10; hop += 1) {
      const { pathname } = new URL(next);
      const response = await this.#server.fetch(next, {
        headers: { cookie: this.cookiesFor(pathname), accept: "text/html" },
      });
      for (const line of response.headers.getSetCookie()) this.#keep(line);
      const location = response.headers.get("location");
      if (!location) return { url: new URL(next), response };
      next = new URL(location, next).href;
      if (!new URL(next).pathname.includes("/oidc/")) return { url: new URL(next), response: null };
    }
    throw new Error(`too many redirects from ${url}`);
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    const path = attributes.find((attribute) => attribute.toLowerCase().startsWith("path="))?.slice(5) ?? "/";
    const key = `${name} ${path}`;
    if (value) this.#cookies.set(key, { value, path });
    else this.#cookies.delete(key);
  }
}

export type Journey = { callback: URL; verifier: string; state: string; nonce: string };

/** Goes through sign-in and consent like a person who allows everything, up to the application's callback. */
export async function authorize(
  { server }: TestServer,
  { tenant }: TestIssuer,
  { config }: TestClient,
  options: { personId: PersonId; scope?: string; browser?: Browser; parameters?: Record<string, string> },
): Promise<Journey> {
  const verifier = oauth.randomPKCECodeVerifier();
  const state = oauth.randomState();
  const nonce = oauth.randomNonce();
  const browser = options.browser ?? new Browser(server);
  const start = oauth.buildAuthorizationUrl(config, {
    redirect_uri: testRedirectUri,
    scope: options.scope ?? "openid orders:read",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
    ...options.parameters,
  });
  let { url, response } = await browser.open(start.href);
  for (let step = 0; step < 4 && url.pathname.includes("/sign-in/"); step += 1) {
    const id = url.pathname.split("/").at(-1) ?? "";
    const cookies = browser.cookiesFor(url.pathname);
    const visitor = { cookies, personId: options.personId, signedInAt: new Date() };
    const view = await server.interactions.read(tenant.slug, id, cookies);
    const decide = view?.step === "consent" ? server.interactions.allow : server.interactions.signIn;
    const next = await decide(tenant.slug, id, visitor);
    if (!next) throw new Error(`the page could not be answered: ${JSON.stringify(view)}`);
    ({ url, response } = await browser.open(next.continueTo));
  }
  if (response) throw new Error(`the journey ended at ${url.href}: ${response.status} ${await response.text()}`);
  return { callback: url, verifier, state, nonce };
}

/** Exchanges the code of a journey. */
export function redeem({ config }: TestClient, { callback, verifier, state, nonce }: Journey) {
  return oauth.authorizationCodeGrant(config, callback, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
  });
}
