/** What ends a token before it expires, who may ask about one, and what one tenant knows of another. */
import { decodeJwt, decodeProtectedHeader } from "jose";
import * as oauth from "openid-client";
import { beforeAll, describe, expect, it } from "vitest";
import { installationDb, tenantDb } from "#lib/data/database.ts";
import { isOwnTokenRevoked } from "#lib/data/revocations.ts";
import { setPersonActive } from "#lib/features/people/set-active.ts";
import { newId, type PersonId } from "#lib/foundation/ids.ts";
import {
  authorize,
  ownConnectorId,
  redeem,
  testAuthorizationServer,
  testIssuer,
  testOrigin,
  type TestClient,
  type TestIssuer,
} from "#tooling/testing/authorization-server.ts";
import { createAuthorizationServer } from "./server.ts";

/** A clock that can be put forward, so that nobody waits for a cache to grow old. */
let ahead = 0;
const clock = { now: () => new Date(Date.now() + ahead) };
const running = testAuthorizationServer({ clock });
const { database } = running.deps;

let at: TestIssuer;
let client: TestClient;
let personId: PersonId;
beforeAll(async () => {
  at = await testIssuer(running);
  client = await at.register();
  personId = await person();
});

async function person(): Promise<PersonId> {
  const { actor } = await at.tenant.caller("DEVELOPER");
  if (actor.kind !== "person") throw new Error("not a person");
  return actor.personId;
}

const applicationToken = async (of: TestClient = client) =>
  (await oauth.clientCredentialsGrant(of.config, { scope: "orders:read" })).access_token;
const personTokens = async (of: TestClient = client, who: PersonId = personId) =>
  redeem(of, await authorize(running, at, of, { personId: who }));
const inactive = { active: false };
const invalidGrant = { error: "invalid_grant" };

describe("the unsafe defaults", () => {
  it.each([
    ["no token", undefined],
    ["an invented token", "invented"],
  ])("registration is closed to a caller with %s", async (_what, token) => {
    const response = await at.call("/reg", {
      method: "POST",
      headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify({ redirect_uris: ["https://app.test/callback"] }),
    });
    expect([400, 401]).toContain(response.status);
    expect(await response.json()).not.toHaveProperty("client_id");
  });

  it("registration is closed to another tenant's token, an access token and a registration access token", async () => {
    const elsewhere = await testIssuer(running);
    for (const token of [elsewhere.initialAccessToken, await applicationToken(), client.registrationToken]) {
      const response = await at.call("/reg", {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ redirect_uris: ["https://app.test/callback"] }),
      });
      expect(response.status).toBe(401);
    }
  });

  it("a client cannot introspect another client's tokens, signed or opaque", async () => {
    const curious = await at.register();
    const { access_token, refresh_token } = await personTokens();
    for (const token of [access_token, refresh_token ?? "", await applicationToken()]) {
      expect(await oauth.tokenIntrospection(curious.config, token)).toEqual(inactive);
      expect(await oauth.tokenIntrospection(client.config, token)).toMatchObject({ active: true });
      expect(await oauth.tokenIntrospection(await at.portal(), token)).toMatchObject({ active: true });
    }
  });

  it("no clear client secret, token or code reaches the database", async () => {
    const tokens = await personTokens();
    const journey = await authorize(running, at, client, { personId });
    const rows = await database.inTenant(at.tenant.id, (ctx) => tenantDb(ctx).authorizationState.findMany());
    const stored = JSON.stringify(rows);
    expect(rows.map(({ model }) => model)).toEqual(expect.arrayContaining(["Client", "RefreshToken", "Session"]));
    for (const secret of [
      client.secret,
      client.registrationToken,
      tokens.refresh_token,
      tokens.access_token,
      journey.callback.searchParams.get("code"),
    ]) {
      expect(secret).toEqual(expect.any(String));
      expect(stored).not.toContain(secret);
    }
  });

  it("nothing of a deleted client stays active", async () => {
    const doomed = await at.register();
    const application = await applicationToken(doomed);
    const { access_token, refresh_token } = await personTokens(doomed);
    const journey = await authorize(running, at, doomed, { personId });
    const deletion = await running.server.fetch(doomed.registrationUri, {
      method: "DELETE",
      headers: { authorization: `Bearer ${doomed.registrationToken}` },
    });
    expect(deletion.status).toBe(204);

    const portal = await at.portal();
    for (const token of [application, access_token, refresh_token ?? ""]) {
      expect(await oauth.tokenIntrospection(portal, token)).toEqual(inactive);
    }
    await expect(redeem(doomed, journey)).rejects.toMatchObject({ status: 401 });
    const left = await database.inTenant(at.tenant.id, (ctx) =>
      tenantDb(ctx).authorizationState.findMany({ where: { clientId: doomed.clientId } }),
    );
    expect(left).toEqual([]);
  });

  it.each([
    ["a confidential client", {}],
    ["a public client", { token_endpoint_auth_method: "none", grant_types: ["authorization_code"] }],
  ])("%s cannot leave PKCE out, and cannot choose the plain method", async (_what, metadata) => {
    const { config } = await at.register(metadata);
    for (const parameters of [{}, { code_challenge: "a".repeat(43), code_challenge_method: "plain" }]) {
      const start = oauth.buildAuthorizationUrl(config, {
        redirect_uri: "https://app.test/callback",
        scope: "openid",
        ...parameters,
      });
      const response = await running.server.fetch(start.href);
      const location = new URL(response.headers.get("location") ?? "");
      expect(location.searchParams.get("error")).toBe("invalid_request");
      expect(location.searchParams.has("code")).toBe(false);
    }
  });
});

describe("introspection", () => {
  it("says about a signed token what RFC 7662 lets it say", async () => {
    expect(await oauth.tokenIntrospection(await at.portal(), await applicationToken())).toMatchObject({
      active: true,
      iss: at.issuer,
      client_id: client.clientId,
      sub: client.clientId,
      scope: "orders:read",
      token_type: "Bearer",
      aud: `${testOrigin}/t/${at.tenant.slug}`,
    });
  });

  it.each([
    ["random text", "not-a-token"],
    ["a token without a signature", "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiJ4In0."],
  ])("calls %s inactive", async (_what, token) => {
    expect(await oauth.tokenIntrospection(await at.portal(), token)).toEqual(inactive);
  });

  it("calls a token with an altered signature, and an ID token, inactive", async () => {
    const token = await applicationToken();
    const [header = "", payload = ""] = token.split(".");
    const { id_token } = await personTokens();
    for (const wrong of [`${header}.${payload}.${"A".repeat(86)}`, id_token ?? ""]) {
      expect(await oauth.tokenIntrospection(await at.portal(), wrong)).toEqual(inactive);
    }
  });

  it("is closed to callers that prove nothing", async () => {
    const publicClient = await at.register({ token_endpoint_auth_method: "none", grant_types: ["authorization_code"] });
    const { access_token } = await personTokens(publicClient);
    expect(await oauth.tokenIntrospection(publicClient.config, access_token)).toEqual(inactive);
    const response = await at.call("/token/introspection", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ token: access_token }).toString(),
    });
    expect(response.status).toBe(400);
  });

  it("works for the portal's client and gives it nothing else", async () => {
    await expect(oauth.clientCredentialsGrant(await at.portal())).rejects.toMatchObject({
      error: "unauthorized_client",
    });
  });
});

describe("revocation", () => {
  it("ends a signed token, and answers a second time alike", async () => {
    const token = await applicationToken();
    await oauth.tokenRevocation(client.config, token);
    expect(await oauth.tokenIntrospection(await at.portal(), token)).toEqual(inactive);
    await oauth.tokenRevocation(client.config, token);
  });

  it("of a refresh token ends the access tokens given with it", async () => {
    const tokens = await personTokens();
    await oauth.tokenRevocation(client.config, tokens.refresh_token ?? "");
    expect(await oauth.tokenIntrospection(await at.portal(), tokens.access_token)).toEqual(inactive);
    await expect(oauth.refreshTokenGrant(client.config, tokens.refresh_token ?? "")).rejects.toMatchObject(
      invalidGrant,
    );
  });

  it("answers an unknown token and another client's token alike, and leaves the latter alone", async () => {
    const foreign = await at.register();
    const { access_token, refresh_token } = await personTokens();
    for (const token of ["unknown", access_token, refresh_token ?? ""]) {
      await oauth.tokenRevocation(foreign.config, token);
    }
    const portal = await at.portal();
    expect(await oauth.tokenIntrospection(portal, access_token)).toMatchObject({ active: true });
    expect(await oauth.tokenIntrospection(portal, refresh_token ?? "")).toMatchObject({ active: true });
  });
});

describe("a person who is disabled", () => {
  it.each([
    [
      "in the installation",
      (id: PersonId) =>
        database.inInstallation((ctx) =>
          installationDb(ctx).person.update({ where: { id }, data: { status: "DISABLED" } }),
        ),
    ],
    [
      "in the tenant",
      (id: PersonId) =>
        database.inTenant(at.tenant.id, (ctx) =>
          tenantDb(ctx).membership.updateMany({ where: { personId: id }, data: { status: "DISABLED" } }),
        ),
    ],
  ])("%s holds no live token, refresh token or code", async (_where, disable) => {
    const leaving = await person();
    const tokens = await personTokens(client, leaving);
    const journey = await authorize(running, at, client, { personId: leaving });
    await disable(leaving);
    expect(await oauth.tokenIntrospection(await at.portal(), tokens.access_token)).toEqual(inactive);
    await expect(oauth.refreshTokenGrant(client.config, tokens.refresh_token ?? "")).rejects.toMatchObject(
      invalidGrant,
    );
    await expect(redeem(client, journey)).rejects.toMatchObject(invalidGrant);
    await expect(oauth.fetchUserInfo(client.config, tokens.access_token, leaving)).rejects.toThrow();
  });

  it("has their access tokens on the deny list, which gateways read", async () => {
    const leaving = await person();
    const { access_token } = await personTokens(client, leaving);
    const administrator = await at.tenant.caller("ADMINISTRATOR");
    const member = await database.inTenant(at.tenant.id, (ctx) =>
      tenantDb(ctx).membership.findFirstOrThrow({ where: { personId: leaving }, select: { id: true } }),
    );
    await setPersonActive(administrator, { id: member.id, active: false });
    const tokenId = decodeJwt(access_token).jti ?? "";
    const token = { tokenId, consumerKey: "another", subject: "another", issuedAt: new Date() };
    expect(await database.inTenant(at.tenant.id, (ctx) => isOwnTokenRevoked(ctx, token))).toBe(true);
  });
});

describe("tenants", () => {
  it("know nothing of each other's tokens and clients", async () => {
    const elsewhere = await testIssuer(running);
    const token = await applicationToken();
    expect(await oauth.tokenIntrospection(await elsewhere.portal(), token)).toEqual(inactive);
    const intruder = await elsewhere.configure(client.clientId, undefined, oauth.ClientSecretBasic(client.secret));
    await expect(oauth.clientCredentialsGrant(intruder)).rejects.toMatchObject({ status: 401 });
    const management = client.registrationUri.replace(at.issuer, elsewhere.issuer);
    const read = await running.server.fetch(management, {
      headers: { authorization: `Bearer ${client.registrationToken}` },
    });
    expect(read.status).toBe(401);
  });

  it("that are suspended have no authorization server, within 5 seconds", async () => {
    const suspended = await testIssuer(running);
    const { config } = await suspended.register();
    await oauth.clientCredentialsGrant(config);
    await database.inInstallation((ctx) =>
      installationDb(ctx).tenant.update({ where: { id: suspended.tenant.id }, data: { status: "SUSPENDED" } }),
    );
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await expect(oauth.clientCredentialsGrant(config)).rejects.toThrow();
    expect((await suspended.call("/jwks")).status).toBe(404);
  });

  it("whose own key manager is disabled issue no tokens, within 5 seconds", async () => {
    const off = await testIssuer(running);
    const { config } = await off.register();
    await oauth.clientCredentialsGrant(config);
    await database.inTenant(off.tenant.id, (ctx) =>
      tenantDb(ctx).keyManager.create({
        data: {
          id: newId(),
          tenantId: off.tenant.id,
          name: "own",
          displayName: "Own",
          connectorId: ownConnectorId,
          enabled: false,
          issuer: off.issuer,
          endpoints: {},
          signingKeys: { kind: "none" },
          connection: {},
          sealedSecrets: {},
        },
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await expect(oauth.clientCredentialsGrant(config)).rejects.toMatchObject({ error: "unauthorized_client" });
    const page = await off.call("/auth?client_id=x");
    expect(page.status).toBe(403);
    expect(await page.text()).toContain("switched off");
    expect((await off.call("/jwks")).status).toBe(200);
  });
});

describe("signing keys", () => {
  type KeySet = { keys: Record<string, unknown>[] };
  const keysOf = async (issuer: TestIssuer) => ((await (await issuer.call("/jwks")).json()) as KeySet).keys;

  it("are made once, however many ask first", async () => {
    const fresh = await testIssuer(running);
    const otherProcess = createAuthorizationServer({ ...running.deps, connectorIds: [ownConnectorId] });
    const sets = await Promise.all(
      [running.server, otherProcess, running.server, otherProcess].map((server) => server.publicKeys(fresh.tenant.id)),
    );
    for (const set of sets) expect(set).toEqual(sets[0]);
    expect(sets[0]).toHaveLength(2);
  });

  it("publish no private part", async () => {
    for (const key of await keysOf(at)) {
      for (const member of ["d", "p", "q", "dp", "dq", "qi", "k"]) expect(key).not.toHaveProperty(member);
    }
    expect(await running.server.publicKeys(at.tenant.id)).toEqual(await keysOf(at));
  });

  it("overlap: the new one is published before it signs, the old one until its tokens have expired", async () => {
    const rotating = await testIssuer(running);
    const { config } = await rotating.register();
    const tokenKey = async () =>
      String(decodeProtectedHeader((await oauth.clientCredentialsGrant(config)).access_token).kid);
    const published = async () => (await running.server.publicKeys(rotating.tenant.id)).map(({ kid }) => kid);
    const before = await tokenKey();
    const early = (await oauth.clientCredentialsGrant(config)).access_token;

    try {
      await running.server.rotateSigningKeys(rotating.tenant.id);
      expect(await published()).toHaveLength(4);
      expect(await tokenKey()).toBe(before);

      ahead = 120_000;
      await new Promise((resolve) => setTimeout(resolve, 2_100));
      const after = await tokenKey();
      expect(after).not.toBe(before);
      expect(await published()).toEqual(expect.arrayContaining([before, after]));
      expect(await oauth.tokenIntrospection(await rotating.portal(), early)).toMatchObject({ active: true });

      ahead = 25 * 60 * 60 * 1000 + 600_000;
      await new Promise((resolve) => setTimeout(resolve, 2_100));
      expect(await published()).not.toContain(before);
    } finally {
      ahead = 0;
    }
  });

  it("are removed for good once they are published no more", async () => {
    const old = await testIssuer(running);
    await running.server.rotateSigningKeys(old.tenant.id);
    const inTenant = <T>(work: (keys: ReturnType<typeof tenantDb>["signingKey"]) => Promise<T>) =>
      database.inTenant(old.tenant.id, (ctx) => work(tenantDb(ctx).signingKey));
    await running.server.rotateSigningKeys(old.tenant.id);
    await inTenant((keys) =>
      keys.updateMany({ where: { retiredAt: { not: null } }, data: { expiresAt: new Date(Date.now() - 1000) } }),
    );
    const { signingKeys } = await running.server.maintain();
    expect(signingKeys).toBeGreaterThanOrEqual(2);
    const left = await inTenant((keys) => keys.findMany({ select: { retiredAt: true } }));
    expect(left.map(({ retiredAt }) => retiredAt)).toEqual([null, null]);
  });

  it("rotate by themselves when they are old", async () => {
    const ageing = await testIssuer(running);
    const [first] = await running.server.publicKeys(ageing.tenant.id);
    const aged = new Date(Date.now() - 91 * 24 * 60 * 60 * 1000);
    await database.inTenant(ageing.tenant.id, (ctx) =>
      tenantDb(ctx).signingKey.updateMany({ data: { createdAt: aged } }),
    );
    expect((await running.server.maintain()).rotated).toBeGreaterThanOrEqual(1);
    const now = await running.server.publicKeys(ageing.tenant.id);
    expect(now.map(({ kid }) => kid)).toContain(first?.kid);
    expect(now).toHaveLength(4);
  });
});
