/** Token exchange from end to end: another server's token, a client of the tenant's own server, a token for it. */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { decodeJwt, exportJWK, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { registerKeyManager } from "#lib/features/key-managers/register.ts";
import { setKeyManagerEnabled } from "#lib/features/key-managers/set-enabled.ts";
import type { RevocableThing } from "#lib/features/revocations/contract.ts";
import { revokeTokens } from "#lib/features/revocations/revoke.ts";
import type { RegisterKeyManagerInput } from "#lib/features/key-managers/contract.ts";
import {
  testAuthorizationServer,
  testIssuer,
  type TestClient,
  type TestIssuer,
} from "#tooling/testing/authorization-server.ts";

const grant = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessToken = "urn:ietf:params:oauth:token-type:access_token";
const theirs = "https://partner.test";
const audience = "https://portal.test/partners";

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const strangerPair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const minutes = (count: number) => Math.floor(Date.now() / 1000) + count * 60;

type Claims = Record<string, unknown>;

/** A token of the partner's server; undefined leaves a claim out. */
async function theirToken(changes: Claims = {}, { key = pair.privateKey, type = "at+jwt" } = {}): Promise<string> {
  const claims: Claims = {
    iss: theirs,
    sub: "partner-user-7",
    aud: [audience],
    client_id: "partner-app",
    scope: "anything",
    department: "logistics",
    exp: minutes(10),
    iat: minutes(0),
    jti: randomUUID(),
    ...changes,
  };
  const present = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  return new SignJWT(present).setProtectedHeader({ alg: "ES256", typ: type, kid: "1" }).sign(key);
}

const running = testAuthorizationServer({
  outbound: async (url) => {
    if (url.startsWith(`${theirs}/.well-known/`)) return new Response(null, { status: 404 });
    if (url !== `${theirs}/jwks`) throw new Error(`A test reached out to ${url}.`);
    return Response.json({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: "1", alg: "ES256", use: "sig" }] });
  },
});

async function connect(at: TestIssuer, changes: Partial<RegisterKeyManagerInput> = {}) {
  const administrator = await at.tenant.caller("ADMINISTRATOR");
  const keyManager = await registerKeyManager(administrator, {
    name: "partner",
    displayName: "Partner",
    connectorId: "oidc",
    issuer: theirs,
    tokenTypes: ["EXCHANGED"],
    exchangeAudience: audience,
    claimMappings: [{ remote: "department", local: "unit" }],
    signingKeys: { kind: "jwks", url: `${theirs}/jwks` },
    ...changes,
  });
  return { administrator, keyManager };
}

async function exchange(at: TestIssuer, client: TestClient, parameters: Record<string, string>) {
  const response = await at.call("/token", {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization: `Basic ${Buffer.from(`${client.clientId}:${client.secret}`).toString("base64")}`,
    },
    body: new URLSearchParams({ grant_type: grant, subject_token_type: accessToken, ...parameters }).toString(),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

let at: TestIssuer;
let client: TestClient;
beforeAll(async () => {
  at = await testIssuer(running);
  await connect(at);
  client = await at.register({ grant_types: [grant] });
});

describe("a token that is meant for us", () => {
  it("is exchanged for one of our own, about its subject, with the mapped claims and the asked scopes", async () => {
    const { status, body } = await exchange(at, client, { subject_token: await theirToken(), scope: "orders:read" });
    expect(body).toMatchObject({ issued_token_type: accessToken, token_type: "Bearer", scope: "orders:read" });
    expect(status).toBe(200);
    expect(decodeJwt(String(body["access_token"]))).toMatchObject({
      iss: at.issuer,
      sub: "partner-user-7",
      idp: theirs,
      client_id: client.clientId,
      unit: "logistics",
      scope: "orders:read",
    });
  });

  it("gets a token that lives as those of users do, not as the application's own", async () => {
    const lifetimes = { application_token_ttl: 300, access_token_ttl: 90 };
    const own = await at.register({ grant_types: [grant], ...lifetimes });
    const { body } = await exchange(at, own, { subject_token: await theirToken() });
    expect(body["expires_in"]).toBe(90);
  });

  it.each<[string, (token: string, claims: Claims) => { what: RevocableThing; value: string }]>([
    ["itself", (token) => ({ what: "TOKEN", value: token })],
    ["by its id", (_token, { jti }) => ({ what: "TOKEN_ID", value: String(jti) })],
    ["with all of its client", () => ({ what: "CONSUMER_KEY", value: "partner-app" })],
    ["with all of its subject", () => ({ what: "SUBJECT", value: "partner-user-7" })],
  ])("is exchanged no more once it was revoked, %s", async (_how, revoked) => {
    const place = await testIssuer(running);
    const { administrator, keyManager } = await connect(place);
    const ours = await place.register({ grant_types: [grant] });
    const token = await theirToken();
    expect((await exchange(place, ours, { subject_token: token })).status).toBe(200);
    await revokeTokens(administrator, { keyManagerId: keyManager.id, ...revoked(token, decodeJwt(token)) });
    expect(await exchange(place, ours, { subject_token: token })).toMatchObject({
      status: 400,
      body: { error: "invalid_request", error_description: "the subject token was revoked" },
    });
    const later = await theirToken({ iat: minutes(0) + 5, sub: "partner-user-7" });
    expect((await exchange(place, ours, { subject_token: later })).status).toBe(200);
  });

  it("lends its token no more time than it has itself", async () => {
    const { body } = await exchange(at, client, { subject_token: await theirToken({ exp: minutes(2) }) });
    expect(body["expires_in"]).toBeGreaterThan(60);
    expect(body["expires_in"]).toBeLessThanOrEqual(120);
    const { exp = 0 } = decodeJwt(String(body["access_token"]));
    expect(exp).toBeLessThanOrEqual(minutes(2));
  });

  it("becomes a token that introspection knows, and that says nothing of any person of ours", async () => {
    const { body } = await exchange(at, client, { subject_token: await theirToken() });
    const token = String(body["access_token"]);
    const portal = await at.portal();
    const { tokenIntrospection } = await import("openid-client");
    expect(await tokenIntrospection(portal, token)).toMatchObject({ active: true, sub: "partner-user-7" });
    const userinfo = await at.call("/me", { headers: { authorization: `Bearer ${token}` } });
    expect(userinfo.status).toBe(403);
  });
});

describe("any other token is refused", () => {
  const cases: [string, () => Promise<string>, RegExp][] = [
    ["of an issuer that nobody connected", () => theirToken({ iss: "https://other.test" }), /no key manager here/],
    ["for another audience", () => theirToken({ aud: "https://elsewhere.test" }), /audience/],
    ["for no audience", () => theirToken({ aud: undefined }), /audience/],
    ["that has expired", () => theirToken({ exp: minutes(-5) }), /expired/],
    ["without an end", () => theirToken({ exp: undefined }), /cannot be used|expired/],
    ["that is not valid yet", () => theirToken({ nbf: minutes(5) }), /not valid yet/],
    ["with another's signature", () => theirToken({}, { key: strangerPair.privateKey }), /signature/],
    ["without a subject", () => theirToken({ sub: undefined }), /no subject/],
    ["that is an ID token", () => theirToken({ nonce: "n" }, { type: "jwt" }), /no access token/],
    ["that is bound to its sender", () => theirToken({ cnf: { jkt: "x" } }), /bound to its sender/],
    [
      "that is bound to a key",
      () => theirToken({ cnf: { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }),
      /bound to its sender/,
    ],
    ["that is no JWT", () => Promise.resolve("opaque-token"), /must be a JWT/],
  ];
  it.each(cases)("%s", async (_name, token, words) => {
    const { status, body } = await exchange(at, client, { subject_token: await token() });
    expect(body).toMatchObject({ error: "invalid_request", error_description: expect.stringMatching(words) });
    expect(status).toBe(400);
  });

  it("a scope or an audience that no API has, a type we do not know, and a parameter that is missing", async () => {
    const subject_token = await theirToken();
    const errorOf = async (parameters: Record<string, string>) =>
      (await exchange(at, client, parameters)).body["error"];
    expect(await errorOf({ subject_token, scope: "payroll" })).toBe("invalid_scope");
    expect(await errorOf({ subject_token, audience: "https://elsewhere.test" })).toBe("invalid_target");
    expect(await errorOf({ subject_token, subject_token_type: "urn:ietf:params:oauth:token-type:saml2" })).toBe(
      "invalid_request",
    );
    expect(await errorOf({ subject_token, actor_token: "x" })).toBe("invalid_request");
    expect(await errorOf({ subject_token: "" })).toBe("invalid_request");
  });

  it("a client that may not exchange, and one with a wrong secret", async () => {
    const plain = await at.register();
    const subject_token = await theirToken();
    expect((await exchange(at, plain, { subject_token })).body["error"]).toBe("unauthorized_client");
    expect((await exchange(at, { ...client, secret: "wrong" }, { subject_token })).status).toBe(401);
  });
});

describe("the key manager decides", () => {
  it("disabled, or switched to direct tokens only, it exchanges nothing; another tenant never does", async () => {
    const own = await testIssuer(running);
    const { administrator, keyManager } = await connect(own);
    const exchanger = await own.register({ grant_types: [grant] });
    expect((await exchange(own, exchanger, { subject_token: await theirToken() })).status).toBe(200);
    const { id, revision } = keyManager;
    await setKeyManagerEnabled(administrator, { id, revision, enabled: false });
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const { body } = await exchange(own, exchanger, { subject_token: await theirToken() });
    expect(body["error_description"]).toMatch(/no key manager here/);

    const foreign = await testIssuer(running);
    const stranger = await foreign.register({ grant_types: [grant] });
    expect((await exchange(foreign, stranger, { subject_token: await theirToken() })).status).toBe(400);
  });

  it("is refused where it would exchange everybody's tokens, or rename what a token is", async () => {
    const other = await testIssuer(running);
    await expect(connect(other, { exchangeAudience: "" })).rejects.toMatchObject({
      fields: [{ path: "exchangeAudience" }],
    });
    for (const local of ["sub", "scope", "client_id", "iss"]) {
      await expect(connect(other, { claimMappings: [{ remote: "x", local }] })).rejects.toMatchObject({
        fields: [{ path: "claimMappings.0.local" }],
      });
    }
    const twice = [
      { remote: "x", local: "a" },
      { remote: "x", local: "b" },
    ];
    await expect(connect(other, { claimMappings: twice })).rejects.toMatchObject({
      fields: [{ path: "claimMappings.1.remote" }],
    });
  });

  it("needs no client endpoints and no connection where it only exchanges, and both where it does not", async () => {
    const other = await testIssuer(running);
    await expect(connect(other, { tokenTypes: ["DIRECT", "EXCHANGED"] })).rejects.toMatchObject({
      fields: expect.arrayContaining([expect.objectContaining({ path: "endpoints.token" })]),
    });
    expect((await connect(other)).keyManager).toMatchObject({ tokenTypes: ["EXCHANGED"], endpoints: {} });
  });
});
