import { decodeJwt, decodeProtectedHeader, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import type { ClientRef } from "#lib/connector-kit/contract.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { auth0 } from "./index.ts";
import { apiIdentifier } from "./simulator.ts";
import { addApi, addClient, addRefreshToken, findApi } from "./simulator-tenant.ts";
import { failureOf, openedOn, specOf, world } from "./testing.ts";

const exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";

describe("a token", () => {
  it.each([
    ["access_token", "azp", "JWT"],
    ["rfc9068_profile", "client_id", "at+jwt"],
  ])("of the dialect %s names the client in %s", async (dialect, claim, type) => {
    const { tenant, adapter } = await world();
    const api = findApi(tenant, apiIdentifier);
    if (api) api.token_dialect = dialect;
    const { ref } = await adapter.registerClient(specOf());
    const token = (await adapter.issueToken?.(ref, { scopes: [] }))?.accessToken.reveal() ?? "";
    expect(decodeJwt(token)).toMatchObject({
      iss: "https://auth0.test/",
      aud: apiIdentifier,
      [claim]: ref.consumerKey,
    });
    expect(auth0.trust.consumerKeyClaims).toContain(claim);
    expect(decodeProtectedHeader(token).typ).toBe(type);
    expect(auth0.trust.tokenTypes).toContain(type.toLowerCase());
  });

  it("is asked for by the way that the client uses", async () => {
    const { adapter } = await world();
    for (const method of ["client_secret_post", "client_secret_basic"]) {
      const { ref } = await adapter.registerClient(specOf({ settings: { authentication: { method } } }));
      expect((await adapter.issueToken?.(ref, { scopes: [] }))?.expiresInSeconds).toBe(86_400);
    }
  });

  it("that is not granted is refused as such, in Auth0's words, and is no matter of the secret", async () => {
    const { tenant, adapter } = await world();
    for (const method of ["client_secret_post", "client_secret_basic"]) {
      const stranger = addClient(tenant, { name: "No grant", token_endpoint_auth_method: method });
      const ref = { consumerKey: stranger.client_id, consumerSecret: new Secret(stranger.client_secret) };
      expect(await failureOf(adapter.issueToken?.(ref, { scopes: [] }))).toMatchObject({
        kind: "rejected",
        reason: expect.stringContaining('You need to create a "client-grant"'),
      });
    }
  });

  it("is for the API that the client was made for", async () => {
    const { vendor, tenant } = await world();
    addApi(tenant, { identifier: "urn:payments" });
    const adapter = openedOn(vendor, { furtherAudiences: ["urn:payments"] });
    const { ref } = await adapter.registerClient(specOf({ settings: { audience: "urn:payments" } }));
    const token = await adapter.issueToken?.(ref, { scopes: [] });
    expect(decodeJwt(token?.accessToken.reveal() ?? "").aud).toBe("urn:payments");
  });

  it("cannot be had without a secret", async () => {
    const { adapter } = await world();
    expect((await failureOf(adapter.issueToken?.({ consumerKey: "abc" }, { scopes: [] }))).kind).toBe("unsupported");
  });
});

describe("a new secret", () => {
  it("works at once; the old one works on for thirty seconds, and no longer", async () => {
    const { vendor, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    const rotated = await adapter.rotateSecret?.(ref);
    if (!rotated) throw new Error("There is no new secret.");
    for (const known of [ref, rotated.ref]) {
      expect((await adapter.issueToken?.(known, { scopes: [] }))?.tokenType).toBe("Bearer");
    }
    vendor.pass(auth0.consumerSecrets.overlapSeconds + 1);
    expect((await failureOf(adapter.issueToken?.(ref, { scopes: [] }))).kind).toBe("credentials_refused");
    expect((await adapter.issueToken?.(rotated.ref, { scopes: [] }))?.tokenType).toBe("Bearer");
  });

  it("that does not come with the answer is no success", async () => {
    const { vendor, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    vendor.fail({ status: 200, body: { client_id: ref.consumerKey } }, { path: /rotate-secret$/ });
    expect((await failureOf(adapter.rotateSecret?.(ref))).kind).toBe("bad_response");
  });
});

describe("an assertion", () => {
  async function keyedClient(grantTypes: string[]) {
    const { vendor, tenant, adapter } = await world();
    const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
    const authentication = { method: "private_key_jwt", publicKey: await exportSPKI(publicKey) };
    const { ref } = await adapter.registerClient(specOf({ settings: { authentication }, grantTypes }));
    const assertion = async (key: CryptoKey = privateKey) =>
      new Secret(
        await new SignJWT({})
          .setProtectedHeader({ alg: "RS256" })
          .setIssuer(ref.consumerKey)
          .setSubject(ref.consumerKey)
          .setAudience("https://auth0.test/")
          .setJti(crypto.randomUUID())
          .setIssuedAt()
          .setExpirationTime("1m")
          .sign(key),
      );
    return { vendor, tenant, adapter, ref, assertion };
  }

  it.each([[["client_credentials"]], [["authorization_code"]]])(
    "proves a client that has a key and %j",
    async (grantTypes) => {
      const { adapter, ref, assertion } = await keyedClient(grantTypes);
      const proven = await adapter.proveClient?.(ref, { assertion: await assertion() });
      expect(proven?.ref).toEqual({ consumerKey: ref.consumerKey });
    },
  );

  it("proves a client without a grant for the API", async () => {
    const { tenant, adapter, ref, assertion } = await keyedClient(["client_credentials"]);
    for (const grant of [...tenant.grants.values()])
      if (grant.client_id === ref.consumerKey) tenant.grants.delete(grant.id);
    expect((await adapter.proveClient?.(ref, { assertion: await assertion() }))?.ref.consumerKey).toBe(ref.consumerKey);
  });

  it("of another key, of another client, or used before proves nothing", async () => {
    const { adapter, ref, assertion } = await keyedClient(["client_credentials"]);
    const { privateKey } = await generateKeyPair("RS256");
    const used = await assertion();
    await adapter.proveClient?.(ref, { assertion: used });
    const other = await adapter.registerClient(specOf());
    const cases: [ClientRef, Secret, string][] = [
      [ref, await assertion(privateKey), "credentials_refused"],
      [ref, used, "credentials_refused"],
      [other.ref, await assertion(), "unsupported"],
      [{ consumerKey: "unknown" }, await assertion(), "not_found"],
    ];
    for (const [client, proof, kind] of cases) {
      expect((await failureOf(adapter.proveClient?.(client, { assertion: proof }))).kind).toBe(kind);
    }
  });
});

describe("token exchange", () => {
  const subjectTokenType = "urn:ietf:params:oauth:token-type:jwt";
  const partnerToken = new Secret("a-token-of-a-partner");
  const request = { subjectToken: partnerToken, subjectTokenType, scopes: ["orders"] };

  async function exchanging(connection: Record<string, unknown> = {}) {
    const { vendor, tenant, adapter } = await world({ connection });
    tenant.partnerTokens.set(partnerToken.reveal(), "auth0|partner");
    findApi(tenant, apiIdentifier)?.scopes.push({ value: "orders" });
    const made = await adapter.registerClient(specOf({ grantTypes: ["client_credentials", exchangeGrant] }));
    return { vendor, tenant, adapter, made };
  }

  it("goes through the tenant's profile, for a client that was given the grant", async () => {
    const { vendor, tenant, adapter, made } = await exchanging();
    expect(made.state.grantTypes).toEqual(["client_credentials", exchangeGrant]);
    expect(tenant.clients.get(made.ref.consumerKey)).toMatchObject({
      grant_types: ["client_credentials"],
      token_exchange: { allow_any_profile_of_type: ["custom_authentication"] },
    });
    const token = await adapter.exchangeToken?.(made.ref, request);
    expect(token?.scopes).toEqual(["orders"]);
    expect(decodeJwt(token?.accessToken.reveal() ?? "")).toMatchObject({ sub: "auth0|partner", aud: apiIdentifier });
    expect(vendor.requests.at(-1)?.body).toContain("urn%3Alatchkey%3Apartner-token");
  });

  it("is refused for another token, for a client without the grant, and for another API", async () => {
    const { adapter, made } = await exchanging();
    const unknown = { ...request, subjectToken: new Secret("nobody-knows-this-one") };
    expect((await failureOf(adapter.exchangeToken?.(made.ref, unknown))).kind).toBe("rejected");
    const plain = await adapter.registerClient(specOf());
    expect((await failureOf(adapter.exchangeToken?.(plain.ref, request))).kind).toBe("rejected");
    const elsewhere = { ...request, audience: "https://auth0.test/api/v2/" };
    expect((await failureOf(adapter.exchangeToken?.(made.ref, elsewhere))).kind).toBe("rejected");
    const updated = await adapter.updateClient(made.ref, specOf());
    expect(updated.state.grantTypes).toEqual(["client_credentials"]);
  });

  it("says what is missing where the tenant has no profile", async () => {
    const { adapter, made } = await exchanging({ exchangeTokenType: "" });
    expect(await failureOf(adapter.exchangeToken?.(made.ref, request))).toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining("custom token exchange profile"),
    });
  });
});

describe("a refresh token", () => {
  async function signedIn(method: string) {
    const { vendor, tenant, adapter } = await world();
    const asked = specOf({ grantTypes: ["refresh_token"], settings: { authentication: { method } } });
    const { ref } = await adapter.registerClient(asked);
    const token = addRefreshToken(tenant, { clientId: ref.consumerKey, audience: apiIdentifier, subject: "auth0|ada" });
    return { vendor, tenant, adapter, ref, token };
  }

  /** What Auth0 says to the client that asks for an access token with it. */
  async function refreshed({ vendor, ref, token }: Awaited<ReturnType<typeof signedIn>>): Promise<number> {
    const { consumerKey, consumerSecret } = ref;
    const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: token, client_id: consumerKey });
    if (consumerSecret) body.set("client_secret", consumerSecret.reveal());
    return (await vendor.fetch("https://auth0.test/oauth/token", { method: "POST", body: body.toString() })).status;
  }

  it.each(["client_secret_post", "none"])("is dead once it is revoked, for a client that uses %s", async (method) => {
    const held = await signedIn(method);
    expect(await refreshed(held)).toBe(200);
    await held.adapter.revokeToken?.(held.ref, new Secret(held.token), "refresh_token");
    expect(await refreshed(held)).toBe(403);
  });

  it("is revoked for a client that uses client_secret_basic, too", async () => {
    const { tenant, adapter, ref, token } = await signedIn("client_secret_basic");
    await adapter.revokeToken?.(ref, new Secret(token), "refresh_token");
    expect(tenant.refreshTokens.size).toBe(0);
  });

  it("of another client stays", async () => {
    const held = await signedIn("client_secret_post");
    const other = await held.adapter.registerClient(specOf());
    await held.adapter.revokeToken?.(other.ref, new Secret(held.token), "refresh_token");
    expect(await refreshed(held)).toBe(200);
  });

  it("is revoked, an access token is not: that is refused before anything is sent", async () => {
    const { vendor, adapter, ref } = await signedIn("client_secret_post");
    const sent = vendor.requests.length;
    expect(await failureOf(adapter.revokeToken?.(ref, new Secret("any"), "access_token"))).toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining("refresh tokens only"),
    });
    expect(vendor.requests).toHaveLength(sent);
  });
});
