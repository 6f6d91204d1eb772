import { decodeJwt, decodeProtectedHeader } from "jose";
import * as oauth from "openid-client";
import { describe, expect, it } from "vitest";
import type { PersonId } from "#lib/foundation/ids.ts";
import { newId } from "#lib/foundation/ids.ts";
import {
  authorize,
  Browser,
  redeem,
  testAuthorizationServer,
  testIssuer,
  testOrigin,
  testRedirectUri,
  type TestIssuer,
} from "#tooling/testing/authorization-server.ts";

const running = testAuthorizationServer();
const signedInAt = new Date();

/** A person who is active in the tenant. */
async function person({ tenant }: TestIssuer): Promise<PersonId> {
  const { actor } = await tenant.caller("DEVELOPER");
  if (actor.kind !== "person") throw new Error("not a person");
  return actor.personId;
}

describe("discovery", () => {
  it("names the configured issuer and endpoints below it, in both well-known places", async () => {
    const { issuer, tenant, call } = await testIssuer(running);
    const here = (await (await call("/.well-known/openid-configuration")).json()) as Record<string, unknown>;
    expect(here).toMatchObject({
      issuer,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      introspection_endpoint: `${issuer}/token/introspection`,
      revocation_endpoint: `${issuer}/token/revocation`,
      registration_endpoint: `${issuer}/reg`,
      userinfo_endpoint: `${issuer}/me`,
      code_challenge_methods_supported: ["S256"],
      response_types_supported: ["code"],
    });
    const grants = here["grant_types_supported"] as string[];
    expect([...grants].sort()).toEqual([
      "authorization_code",
      "client_credentials",
      "refresh_token",
      "urn:ietf:params:oauth:grant-type:token-exchange",
    ]);
    const inserted = await running.server.fetch(
      `${testOrigin}/.well-known/oauth-authorization-server/t/${tenant.slug}/oidc`,
    );
    expect(await inserted.json()).toEqual(here);
  });

  it("answers 404 for a tenant that does not exist", async () => {
    const response = await running.server.fetch(`${testOrigin}/t/nobody/oidc/.well-known/openid-configuration`);
    expect(response.status).toBe(404);
  });
});

describe("client credentials", () => {
  it("issues an access token of RFC 9068", async () => {
    const at = await testIssuer(running);
    const { config, clientId } = await at.register({ access_token_ttl: 120 });
    const answer = await oauth.clientCredentialsGrant(config, { scope: "orders:read" });
    expect(answer).toMatchObject({ token_type: "bearer", expires_in: 120, scope: "orders:read" });
    expect(decodeProtectedHeader(answer.access_token)).toMatchObject({ alg: "ES256", typ: "at+jwt" });
    const claims = decodeJwt(answer.access_token);
    expect(claims).toMatchObject({
      iss: at.issuer,
      aud: `${testOrigin}/t/${at.tenant.slug}`,
      sub: clientId,
      client_id: clientId,
      scope: "orders:read",
    });
    expect(claims.jti).toEqual(expect.any(String));
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(120);
  });

  it("refuses a scope that no API of the tenant has", async () => {
    const { config } = await (await testIssuer(running)).register();
    await expect(oauth.clientCredentialsGrant(config, { scope: "orders:read payroll" })).rejects.toMatchObject({
      error: "invalid_scope",
    });
  });

  it("refuses an audience that no API of the tenant asks for", async () => {
    const { config } = await (await testIssuer(running)).register();
    await expect(
      oauth.clientCredentialsGrant(config, { scope: "orders:read", resource: "https://elsewhere.test" }),
    ).rejects.toMatchObject({ error: "invalid_target" });
  });

  it("refuses a client that may not use the grant, with the error of RFC 6749", async () => {
    const { config } = await (await testIssuer(running)).register({ grant_types: ["authorization_code"] });
    await expect(oauth.clientCredentialsGrant(config)).rejects.toMatchObject({ error: "unauthorized_client" });
  });

  it.each([
    ["a wrong secret", "wrong"],
    ["an empty secret", ""],
  ])("refuses %s", async (_what, secret) => {
    const at = await testIssuer(running);
    const { clientId } = await at.register({ token_endpoint_auth_method: "client_secret_post" });
    const response = await at.call("/token", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: clientId,
        client_secret: secret,
      }).toString(),
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: "invalid_client" });
  });

  it("takes no secret from the address", async () => {
    const at = await testIssuer(running);
    const { clientId, secret } = await at.register({ token_endpoint_auth_method: "client_secret_post" });
    const response = await at.call(`/token?client_id=${clientId}&client_secret=${secret}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "grant_type=client_credentials",
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await response.json()).not.toHaveProperty("access_token");
  });
});

describe("authorization code", () => {
  it("goes from sign-in and consent to tokens and claims about the person", async () => {
    const at = await testIssuer(running);
    const client = await at.register({ id_token_ttl: 90 });
    const personId = await person(at);
    const journey = await authorize(running, at, client, { personId, scope: "openid profile email orders:read" });
    expect(journey.callback.href.startsWith(testRedirectUri)).toBe(true);
    expect(journey.callback.searchParams.get("iss")).toBe(at.issuer);

    const tokens = await redeem(client, journey);
    expect(tokens.claims()).toMatchObject({ iss: at.issuer, aud: client.clientId, sub: personId });
    expect(decodeProtectedHeader(tokens.access_token)).toMatchObject({ alg: "ES256", typ: "at+jwt" });
    const claims = decodeJwt(tokens.access_token);
    expect(claims).toMatchObject({ sub: personId, client_id: client.clientId, iss: at.issuer });
    expect(String(claims["scope"]).split(" ").sort()).toEqual(["email", "openid", "orders:read", "profile"]);
    expect(tokens.refresh_token).toEqual(expect.any(String));

    const about = await oauth.fetchUserInfo(client.config, tokens.access_token, personId);
    expect(about).toMatchObject({ sub: personId, email: `${personId}@example.com` });
    expect(about.name).toEqual(expect.any(String));
  });

  it("asks for consent once, and again for what is new", async () => {
    const at = await testIssuer(running);
    const client = await at.register();
    const personId = await person(at);
    const first = await authorize(running, at, client, { personId, scope: "openid orders:read" });
    await redeem(client, first);

    const steps: string[] = [];
    const read = running.server.interactions.read;
    running.server.interactions.read = async (...visit) => {
      const view = await read(...visit);
      steps.push(`${view?.step ?? "gone"}:${view?.scopes.map(({ name }) => name).join(",") ?? ""}`);
      return view;
    };
    try {
      await authorize(running, at, client, { personId, scope: "openid orders:read" });
      expect(steps).toEqual(["sign_in:"]);
      await authorize(running, at, client, { personId, scope: "openid orders:read orders:write" });
      expect(steps).toEqual(["sign_in:", "sign_in:", "consent:orders:write"]);
    } finally {
      running.server.interactions.read = read;
    }
  });

  it("refuses a scope that no API of the tenant has, at the application", async () => {
    const at = await testIssuer(running);
    const client = await at.register();
    const journey = await authorize(running, at, client, { personId: newId(), scope: "openid payroll" });
    expect(journey.callback.searchParams.get("error")).toBe("invalid_scope");
  });

  it("tells the application that the person did not allow it", async () => {
    const at = await testIssuer(running);
    const { config } = await at.register();
    const browser = new Browser(running.server);
    const { url } = await browser.open(await authorizationUrl(config));
    const id = url.pathname.split("/").at(-1) ?? "";
    const next = await running.server.interactions.deny(at.tenant.slug, id, browser.cookiesFor(url.pathname));
    const { url: callback } = await browser.open(next?.continueTo ?? "");
    expect(callback.origin + callback.pathname).toBe(testRedirectUri);
    expect(callback.searchParams.get("error")).toBe("access_denied");
  });

  it("shows and answers a request only in the browser in which it began", async () => {
    const at = await testIssuer(running);
    const { config } = await at.register();
    const personId = await person(at);
    const [mine, theirs] = [new Browser(running.server), new Browser(running.server)];
    const { url } = await mine.open(await authorizationUrl(config));
    await theirs.open(await authorizationUrl(config));
    const id = url.pathname.split("/").at(-1) ?? "";
    for (const cookies of ["", theirs.cookiesFor(url.pathname), `latchkey_interaction=${id}`]) {
      expect(await running.server.interactions.read(at.tenant.slug, id, cookies)).toBeNull();
      expect(
        await running.server.interactions.signIn(at.tenant.slug, id, { cookies, personId, signedInAt }),
      ).toBeNull();
      expect(await running.server.interactions.deny(at.tenant.slug, id, cookies)).toBeNull();
    }
  });

  it("signs in nobody who is no active member of the tenant", async () => {
    const [at, elsewhere] = await Promise.all([testIssuer(running), testIssuer(running)]);
    const { config } = await at.register();
    const stranger = await person(elsewhere);
    const browser = new Browser(running.server);
    const { url } = await browser.open(await authorizationUrl(config));
    const visitor = { cookies: browser.cookiesFor(url.pathname), personId: stranger, signedInAt };
    const id = url.pathname.split("/").at(-1) ?? "";
    expect(await running.server.interactions.signIn(at.tenant.slug, id, visitor)).toBeNull();
  });

  it.each([
    ["prompt=login", { prompt: "login" }],
    ["max_age", { max_age: "60" }],
  ])("takes no old sign-in where the application asks for a new one: %s", async (_what, parameters) => {
    const at = await testIssuer(running);
    const { config } = await at.register();
    const personId = await person(at);
    const browser = new Browser(running.server);
    const { url } = await browser.open(await authorizationUrl(config, parameters));
    const id = url.pathname.split("/").at(-1) ?? "";
    const cookies = browser.cookiesFor(url.pathname);
    const { read, signIn } = running.server.interactions;
    const hourAgo = new Date(Date.now() - 3_600_000);
    expect((await read(at.tenant.slug, id, cookies))?.signedInSince?.getTime()).toBeGreaterThan(hourAgo.getTime());
    expect(await signIn(at.tenant.slug, id, { cookies, personId, signedInAt: hourAgo })).toBeNull();
    expect(await signIn(at.tenant.slug, id, { cookies, personId, signedInAt: new Date() })).not.toBeNull();
  });

  it("lets nobody allow what somebody else was asked", async () => {
    const at = await testIssuer(running);
    const client = await at.register();
    const [asked, other] = [await person(at), await person(at)];
    const browser = new Browser(running.server);
    const { url } = await browser.open(await authorizationUrl(client.config));
    const { signIn, allow } = running.server.interactions;
    const pageOf = (page: URL, personId: PersonId) =>
      [
        at.tenant.slug,
        page.pathname.split("/").at(-1) ?? "",
        { cookies: browser.cookiesFor(page.pathname), personId, signedInAt },
      ] as const;
    const next = await signIn(...pageOf(url, asked));
    const consent = await browser.open(next?.continueTo ?? "");
    expect(await allow(...pageOf(consent.url, other))).toBeNull();
    expect(await allow(...pageOf(consent.url, asked))).not.toBeNull();
  });
});

describe("refresh", () => {
  it("rotates the refresh token, and ends the chain when one is used twice", async () => {
    const at = await testIssuer(running);
    const client = await at.register();
    const personId = await person(at);
    const first = await redeem(client, await authorize(running, at, client, { personId }));
    const second = await oauth.refreshTokenGrant(client.config, first.refresh_token ?? "");
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(decodeJwt(second.access_token)).toMatchObject({ sub: personId });

    const invalid = { error: "invalid_grant" };
    await expect(oauth.refreshTokenGrant(client.config, first.refresh_token ?? "")).rejects.toMatchObject(invalid);
    await expect(oauth.refreshTokenGrant(client.config, second.refresh_token ?? "")).rejects.toMatchObject(invalid);
    const portal = await at.portal();
    for (const { access_token } of [first, second]) {
      expect(await oauth.tokenIntrospection(portal, access_token)).toEqual({ active: false });
    }
  });

  it("lets one of two simultaneous uses through, and then none of the chain", async () => {
    const at = await testIssuer(running);
    const client = await at.register();
    const tokens = await redeem(client, await authorize(running, at, client, { personId: await person(at) }));
    const results = await Promise.allSettled(
      [1, 2, 3].map(() => oauth.refreshTokenGrant(client.config, tokens.refresh_token ?? "")),
    );
    const won = results.filter((result) => result.status === "fulfilled");
    expect(won.length).toBeLessThanOrEqual(1);
    const portal = await at.portal();
    for (const { value } of won) {
      await expect(oauth.refreshTokenGrant(client.config, value.refresh_token ?? "")).rejects.toMatchObject({
        error: "invalid_grant",
      });
      expect(await oauth.tokenIntrospection(portal, value.access_token)).toEqual({ active: false });
    }
  });

  it("gives a rotated token no longer life than its first one had left", async () => {
    const at = await testIssuer(running);
    const client = await at.register({ refresh_token_ttl: 600 });
    const first = await redeem(client, await authorize(running, at, client, { personId: await person(at) }));
    const second = await oauth.refreshTokenGrant(client.config, first.refresh_token ?? "");
    const [one, two] = await Promise.all(
      [first, second].map(({ refresh_token }) => oauth.tokenIntrospection(client.config, refresh_token ?? "")),
    );
    expect(one).toEqual({ active: false });
    expect(two).toMatchObject({ active: true });
    expect((two?.exp ?? 0) - Math.floor(Date.now() / 1000)).toBeLessThanOrEqual(600);
  });
});

describe("what is issued", () => {
  const lives = (jwt: string) => (decodeJwt(jwt).exp ?? 0) - (decodeJwt(jwt).iat ?? 0);

  it("lives as long as the client said of its kind, and is renewed for as long", async () => {
    const at = await testIssuer(running);
    const client = await at.register({
      ...{ application_token_ttl: 120, access_token_ttl: 240, id_token_ttl: 360, refresh_token_ttl: 480 },
    });
    const own = await oauth.clientCredentialsGrant(client.config);
    expect([own.expires_in, lives(own.access_token)]).toEqual([120, 120]);
    const journey = await authorize(running, at, client, { personId: await person(at) });
    const tokens = await redeem(client, journey);
    const renewed = await oauth.refreshTokenGrant(client.config, tokens.refresh_token ?? "");
    for (const { access_token, id_token, expires_in } of [tokens, renewed]) {
      expect([expires_in, lives(access_token), lives(id_token ?? "")]).toEqual([240, 240, 360]);
    }
    const { exp = 0, iat = 0 } = await oauth.tokenIntrospection(client.config, renewed.refresh_token ?? "");
    expect(exp - iat).toBeGreaterThan(470);
    expect(exp - iat).toBeLessThanOrEqual(480);
  });
});

describe("an authorization code", () => {
  it("works once: used again, it takes down what it had given", async () => {
    const at = await testIssuer(running);
    const client = await at.register();
    const journey = await authorize(running, at, client, { personId: await person(at) });
    const tokens = await redeem(client, journey);
    await expect(redeem(client, journey)).rejects.toMatchObject({ error: "invalid_grant" });
    expect(await oauth.tokenIntrospection(await at.portal(), tokens.access_token)).toEqual({ active: false });
    await expect(oauth.refreshTokenGrant(client.config, tokens.refresh_token ?? "")).rejects.toMatchObject({
      error: "invalid_grant",
    });
  });

  it("gives tokens to at most one of several simultaneous uses, and those die", async () => {
    const at = await testIssuer(running);
    const client = await at.register();
    const journey = await authorize(running, at, client, { personId: await person(at) });
    const results = await Promise.allSettled([1, 2, 3].map(() => redeem(client, journey)));
    const won = results.filter((result) => result.status === "fulfilled");
    expect(won.length).toBeLessThanOrEqual(1);
    for (const { value } of won) {
      expect(await oauth.tokenIntrospection(await at.portal(), value.access_token)).toEqual({ active: false });
    }
  });

  it("is of no use to another client", async () => {
    const at = await testIssuer(running);
    const [mine, theirs] = [await at.register(), await at.register()];
    const journey = await authorize(running, at, mine, { personId: await person(at) });
    await expect(redeem(theirs, journey)).rejects.toMatchObject({ error: "invalid_grant" });
  });

  it("is of no use with another verifier", async () => {
    const at = await testIssuer(running);
    const client = await at.register();
    const journey = await authorize(running, at, client, { personId: await person(at) });
    const verifier = oauth.randomPKCECodeVerifier();
    await expect(redeem(client, { ...journey, verifier })).rejects.toMatchObject({ error: "invalid_grant" });
  });
});

async function authorizationUrl(config: oauth.Configuration, parameters: Record<string, string> = {}): Promise<string> {
  return oauth.buildAuthorizationUrl(config, {
    redirect_uri: testRedirectUri,
    scope: "openid orders:read",
    code_challenge: await oauth.calculatePKCECodeChallenge(oauth.randomPKCECodeVerifier()),
    code_challenge_method: "S256",
    ...parameters,
  }).href;
}
