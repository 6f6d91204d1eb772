/** Registering and managing clients (RFC 7591, RFC 7592), and what a client may not say about itself. */
import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import * as oauth from "openid-client";
import { beforeAll, describe, expect, it } from "vitest";
import {
  testAuthorizationServer,
  testIssuer,
  testOrigin,
  testRedirectUri,
  type TestClient,
  type TestIssuer,
} from "#tooling/testing/authorization-server.ts";

const running = testAuthorizationServer();
let at: TestIssuer;
beforeAll(async () => {
  at = await testIssuer(running);
});

type Answer = { status: number; body: Record<string, unknown> };
type Method = "GET" | "POST" | "PUT" | "DELETE";

async function manage(url: string, method: Method, token: string, body?: unknown): Promise<Answer> {
  const response = await running.server.fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body ? { "content-type": "application/json" } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, body: text ? (JSON.parse(text) as Record<string, unknown>) : {} };
}

const register = (metadata: Record<string, unknown>) =>
  manage(`${at.issuer}/reg`, "POST", at.initialAccessToken, { redirect_uris: [testRedirectUri], ...metadata });
const read = ({ registrationUri, registrationToken }: TestClient) => manage(registrationUri, "GET", registrationToken);
const update = ({ registrationUri, registrationToken, clientId }: TestClient, metadata: Record<string, unknown>) =>
  manage(registrationUri, "PUT", registrationToken, { client_id: clientId, ...metadata });

const forbidden: [string, Record<string, unknown>][] = [
  ["a key set to be fetched", { jwks_uri: "https://client.test/jwks" }],
  ["a sector identifier to be fetched", { sector_identifier_uri: "https://client.test/sector.json" }],
  ["keys of its own", { jwks: { keys: [] } }],
  ["request objects", { request_uris: ["https://client.test/request.jwt"] }],
  ["scopes", { scope: "orders:read" }],
  ["a logo from elsewhere", { logo_uri: "https://client.test/logo.png" }],
  ["the implicit grant", { grant_types: ["implicit"], response_types: ["id_token"] }],
  ["the password grant", { grant_types: ["password"] }],
  ["the device grant", { grant_types: ["urn:ietf:params:oauth:grant-type:device_code"] }],
  [
    "token exchange without a secret",
    {
      grant_types: ["urn:ietf:params:oauth:grant-type:token-exchange"],
      token_endpoint_auth_method: "none",
    },
  ],
  ["no grant at all", { grant_types: [] }],
  ["refreshing without a code", { grant_types: ["client_credentials", "refresh_token"] }],
  ["client credentials without a secret", { grant_types: ["client_credentials"], token_endpoint_auth_method: "none" }],
  ["signed assertions", { token_endpoint_auth_method: "client_secret_jwt" }],
  ["a wildcard", { redirect_uris: ["https://*.app.test/callback"] }],
  ["a fragment", { redirect_uris: ["https://app.test/callback#x"] }],
  ["a script as address", { redirect_uris: ["javascript:alert(1)"] }],
  ["plain http", { redirect_uris: ["http://app.test/callback"] }],
  ["no address with the code grant", { redirect_uris: [] }],
  ["an endless access token", { access_token_ttl: 86_401 }],
  ["an access token of text", { access_token_ttl: "3600" }],
  ["a token of its own that lives a moment", { application_token_ttl: 59 }],
  ["a refresh token of half a second", { refresh_token_ttl: 0.5 }],
  ["control characters in its name", { client_name: "Bank\u0000" }],
  ["a change of writing direction in its name", { client_name: "Bank\u202e" }],
];

describe("registration", () => {
  it("answers with everything needed to manage the client, and takes lifetimes of its own", async () => {
    const { status, body } = await register({ client_name: "Shop", access_token_ttl: 600, software_id: "shop-1" });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      client_name: "Shop",
      grant_types: ["authorization_code"],
      response_types: ["code"],
      token_endpoint_auth_method: "client_secret_basic",
      redirect_uris: [testRedirectUri],
      access_token_ttl: 600,
      software_id: "shop-1",
      registration_client_uri: `${at.issuer}/reg/${String(body["client_id"])}`,
      client_secret_expires_at: 0,
    });
    expect(String(body["client_secret"]).length).toBeGreaterThanOrEqual(43);
  });

  it("lets no client choose its own id or secret", async () => {
    const { body } = await register({ client_id: "latchkey-portal", client_secret: "chosen" });
    expect(body["client_id"]).not.toBe("latchkey-portal");
    expect(body["client_secret"]).not.toBe("chosen");
  });

  it("lets the portal choose an id, once, in the form that addresses take", async () => {
    const id = `warehouse-${crypto.randomUUID()}`;
    const { status, body } = await register({ preset_client_id: id });
    expect(status).toBe(201);
    expect(body).toMatchObject({ client_id: id, registration_client_uri: `${at.issuer}/reg/${id}` });
    expect(body).not.toHaveProperty("preset_client_id");
    const second = await register({ preset_client_id: id, client_name: "Another" });
    expect(second).toMatchObject({ status: 409, body: { error: "invalid_client_metadata" } });
    const { body: kept } = await manage(
      String(body["registration_client_uri"]),
      "GET",
      String(body["registration_access_token"]),
    );
    expect(kept).not.toMatchObject({ client_name: "Another" });
    expect((await register({ preset_client_id: "latchkey-portal" })).status).toBe(409);
    for (const wrong of ["short", "../../../etc", "with blank", "x".repeat(101), 7, ["array-of-texts"]]) {
      expect(await register({ preset_client_id: wrong })).toMatchObject({
        status: 400,
        body: { error_description: expect.stringContaining("preset_client_id must be") },
      });
    }
  });

  it("changes no id by an update", async () => {
    const client = await at.register();
    const { status, body } = await update(client, {
      preset_client_id: "another-id",
      grant_types: ["client_credentials"],
    });
    expect({ status, body }).toMatchObject({ status: 200, body: { client_id: client.clientId } });
  });

  it("ignores what it does not understand (RFC 7591 §2)", async () => {
    const { status, body } = await register({ trusted: true, tenant: "other", __proto__: { admin: true } });
    expect(status).toBe(201);
    expect(body).not.toHaveProperty("trusted");
    expect(body).not.toHaveProperty("tenant");
  });

  it("gives a client without a secret none", async () => {
    const { body } = await register({ token_endpoint_auth_method: "none" });
    expect(body).not.toHaveProperty("client_secret");
  });

  it.each(forbidden)("refuses %s", async (_what, metadata) => {
    const { status, body } = await register(metadata);
    expect(status).toBe(400);
    expect(["invalid_client_metadata", "invalid_redirect_uri"]).toContain(body["error"]);
  });
});

describe("management", () => {
  it("reads a client without its secret, and lets nobody in with another token", async () => {
    const [client, other] = [await at.register(), await at.register()];
    const { status, body } = await read(client);
    expect(status).toBe(200);
    expect(body).toMatchObject({ client_id: client.clientId, registration_access_token: client.registrationToken });
    expect(body).not.toHaveProperty("client_secret");
    for (const token of ["invented", at.initialAccessToken]) {
      expect((await read({ ...client, registrationToken: token })).status).toBe(401);
    }
    expect((await read({ ...client, registrationToken: other.registrationToken })).status).toBe(401);
  });

  it("takes back what it gave out, and keeps the secret", async () => {
    const client = await at.register();
    const { registration_access_token, registration_client_uri, client_id_issued_at, ...metadata } = (
      await read(client)
    ).body;
    expect([registration_access_token, registration_client_uri, client_id_issued_at]).not.toContain(undefined);
    delete metadata["client_secret_expires_at"];
    const { status, body } = await update(client, { ...metadata, client_name: "Renamed" });
    expect({ status, body }).toMatchObject({ status: 200, body: { client_name: "Renamed" } });
    expect(body).not.toHaveProperty("client_secret");
    await expect(oauth.clientCredentialsGrant(client.config)).resolves.toMatchObject({ token_type: "bearer" });
  });

  it("rotates the registration access token at an update; the old one is dead", async () => {
    const client = await at.register();
    const { body } = await update(client, { redirect_uris: [testRedirectUri] });
    const fresh = String(body["registration_access_token"]);
    expect(fresh).not.toBe(client.registrationToken);
    expect((await read(client)).status).toBe(401);
    expect((await read({ ...client, registrationToken: fresh })).status).toBe(200);
  });

  it("accepts an update that repeats the secret, and refuses one with a wrong secret or its digest", async () => {
    const client = await at.register();
    const metadata = { redirect_uris: [testRedirectUri] };
    const repeated = await update(client, { ...metadata, client_secret: client.secret });
    expect(repeated.status).toBe(200);
    const next = { ...client, registrationToken: String(repeated.body["registration_access_token"]) };
    for (const wrong of ["wrong", "", `sha256.${"A".repeat(43)}`]) {
      expect((await update(next, { ...metadata, client_secret: wrong })).status).toBe(400);
    }
  });

  it.each(forbidden)("refuses at an update what it refuses at registration: %s", async (_what, metadata) => {
    const client = await at.register({ client_name: "Before" });
    const { status } = await update(client, { redirect_uris: [testRedirectUri], client_name: "After", ...metadata });
    expect(status).toBe(400);
    expect((await read(client)).body["client_name"]).toBe("Before");
  });

  it("makes a new secret, and the old one is dead at once", async () => {
    const client = await at.register();
    await oauth.clientCredentialsGrant(client.config);
    const { status, body } = await manage(`${client.registrationUri}/secret`, "POST", client.registrationToken);
    expect(status).toBe(200);
    expect(body["client_secret"]).not.toBe(client.secret);
    await expect(oauth.clientCredentialsGrant(client.config)).rejects.toMatchObject({ status: 401 });
    const renewed = await at.configure(
      client.clientId,
      undefined,
      oauth.ClientSecretBasic(String(body["client_secret"])),
    );
    await expect(oauth.clientCredentialsGrant(renewed)).resolves.toHaveProperty("access_token");
    const foreign = await at.register();
    expect((await manage(`${client.registrationUri}/secret`, "POST", foreign.registrationToken)).status).toBe(401);
  });

  it("finds clients by software id for whoever may register, with a new management token each", async () => {
    const client = await at.register({ software_id: "marker-1" });
    await at.register({ software_id: "marker-2" });
    const search = `${at.issuer}/reg?software_id=marker-1`;
    const { body } = await manage(search, "GET", at.initialAccessToken);
    const [found, ...more] = body["clients"] as Record<string, string>[];
    expect(more).toEqual([]);
    expect(found).toMatchObject({ client_id: client.clientId, software_id: "marker-1" });
    expect(found).not.toHaveProperty("client_secret");
    expect((await read(client)).status).toBe(401);
    expect((await read({ ...client, registrationToken: found?.["registration_access_token"] ?? "" })).status).toBe(200);
    expect((await manage(search, "GET", client.registrationToken)).status).toBe(401);
  });

  it("deletes a client once and for all", async () => {
    const client = await at.register();
    expect((await manage(client.registrationUri, "DELETE", client.registrationToken)).status).toBe(204);
    expect((await read(client)).status).toBe(401);
    await expect(oauth.clientCredentialsGrant(client.config)).rejects.toMatchObject({ status: 401 });
  });
});

describe("the redirect URI of a request", () => {
  it.each([
    ["a longer path", `${testRedirectUri}/more`],
    ["a query", `${testRedirectUri}?x=1`],
    ["another port", "https://app.test:444/callback"],
    ["another case", "https://app.test/Callback"],
    ["an encoded letter", "https://app.test/c%61llback"],
    ["a user name", "https://user@app.test/callback"],
    ["another host", "https://app.test.evil.test/callback"],
    ["another scheme", "http://app.test/callback"],
  ])("must be registered byte for byte: %s is answered on our own page", async (_what, redirectUri) => {
    const { clientId } = await at.register();
    const query = new URLSearchParams({ client_id: clientId, response_type: "code", redirect_uri: redirectUri });
    const response = await at.call(`/auth?${query.toString()}`, { headers: { accept: "text/html" } });
    expect(response.status).toBe(400);
    expect(response.headers.get("location")).toBeNull();
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await response.text()).toContain("invalid_redirect_uri");
  });

  it("may not be given twice, and not be left out", async () => {
    const { clientId } = await at.register();
    const query = `client_id=${clientId}&response_type=code`;
    const twice = `redirect_uri=${encodeURIComponent(testRedirectUri)}&redirect_uri=https%3A%2F%2Fevil.test`;
    for (const given of [twice, ""]) {
      const response = await at.call(`/auth?${query}&${given}`);
      expect(response.headers.get("location")).toBeNull();
      expect(response.status).toBe(400);
    }
  });
});

describe("behind a proxy, whatever a request claims", () => {
  it("host and scheme come from the configuration", async () => {
    const listener = createServer((req, res) => void running.server.handle(req, res));
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const { port } = listener.address() as AddressInfo;
    try {
      const { pathname } = new URL(`${at.issuer}/.well-known/openid-configuration`);
      const response = await get(port, pathname, {
        host: "evil.test",
        "x-forwarded-host": "evil.test",
        "x-forwarded-proto": "gopher",
        "x-forwarded-port": "1",
        forwarded: "host=evil.test",
      });
      expect(response.status).toBe(200);
      expect(response.text).not.toContain("evil");
      expect(JSON.parse(response.text)).toMatchObject({ issuer: at.issuer, token_endpoint: `${at.issuer}/token` });

      const started = await get(port, `${new URL(at.issuer).pathname}/auth?client_id=unknown`, { host: "evil.test" });
      expect(started.text).not.toContain("evil");

      const { config } = await at.register();
      const start = oauth.buildAuthorizationUrl(config, {
        redirect_uri: testRedirectUri,
        scope: "openid",
        code_challenge: "a".repeat(43),
        code_challenge_method: "S256",
      });
      const page = await get(port, start.pathname + start.search, { host: "evil.test" });
      expect(page.headers.location).toMatch(new RegExp(`^/t/${at.tenant.slug}/sign-in/`));
      // The configured scheme is https, so its cookies are for https only.
      for (const cookie of page.headers["set-cookie"] ?? []) {
        expect(cookie.toLowerCase()).toContain("secure");
        expect(cookie.toLowerCase()).toContain("httponly");
      }
    } finally {
      listener.close();
    }
  });

  it("leaves alone what is not its own", async () => {
    for (const path of ["/", "/t", "/t/x", `/t/${at.tenant.slug}/oidcx`, "/admin/t/x/oidc", "/t/X/oidc/jwks"]) {
      expect(running.server.answers(path)).toBe(false);
    }
    expect(running.server.owns(`${testOrigin}/t/x/oidc/jwks`)).toBe(true);
    expect(running.server.owns(`${testOrigin}.evil.test/t/x/oidc/jwks`)).toBe(false);
  });
});

type PlainAnswer = { status: number | undefined; headers: IncomingMessage["headers"]; text: string };

function get(port: number, path: string, headers: Record<string, string>): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    })
      .on("error", reject)
      .end();
  });
}
