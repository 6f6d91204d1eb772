import { decodeJwt, exportPKCS8, exportSPKI, generateKeyPair } from "jose";
import { describe, expect, it } from "vitest";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { connection } from "./config.ts";
import { auth0 } from "./index.ts";
import { apiIdentifier, openAuth0, portalPermissions, type SimulatedAuth0 } from "./simulator.ts";
import { addApi, findApi } from "./simulator-tenant.ts";
import { calls, failureOf, openedOn, specOf, world } from "./testing.ts";

const signIns = (vendor: SimulatedAuth0) => vendor.requests.filter(({ url }) => url.endsWith("/oauth/token")).length;
const api = ({ tenant }: SimulatedAuth0) => findApi(tenant, apiIdentifier) ?? expect.fail("The API is not there.");

/** Gives the portal's application a key or certificate in place of its secret. */
function usesCredential({ tenant, portal }: SimulatedAuth0, method: string, credential: Record<string, string>) {
  tenant.credentials.set(portal.client_id, [{ id: "cred_1", credential_type: "public_key", ...credential }]);
  delete portal.token_endpoint_auth_method;
  portal.client_authentication_methods = { [method]: { credentials: [{ id: "cred_1" }] } };
}

describe("signing in", () => {
  it("uses one token for many calls, and one more when Auth0 no longer takes it", async () => {
    const { vendor, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    await Promise.all([adapter.readClient(ref), adapter.readClient(ref)]);
    expect(signIns(vendor)).toBe(1);
    vendor.pass(86_401);
    expect(await adapter.readClient(ref)).not.toBeNull();
    expect(signIns(vendor)).toBe(2);
  });

  it("asks for the audience of the Management API and for nothing else", async () => {
    const { vendor, adapter } = await world();
    await adapter.readClient({ consumerKey: "none" });
    const form = new URLSearchParams(vendor.requests[0]?.body);
    expect(form.get("audience")).toBe("https://auth0.test/api/v2/");
    expect(form.get("scope")).toBeNull();
  });

  it("keeps the tenant's own audience where a custom domain stands before it, and calls the API there", async () => {
    const managementAudience = "https://tenant.eu.auth0.com/api/v2/";
    const { vendor, adapter } = await world({ managementAudience });
    expect((await adapter.registerClient(specOf())).ref.consumerKey).not.toBe("");
    expect(new URLSearchParams(vendor.requests[0]?.body).get("audience")).toBe(managementAudience);
    expect(new Set(vendor.requests.map(({ url }) => new URL(url).host))).toEqual(new Set(["auth0.test"]));
  });

  it("signs assertions for the issuer, slash and all", async () => {
    const vendor = await openAuth0({ origin: "https://auth0.test" });
    const { publicKey, privateKey } = await generateKeyPair("PS256", { extractable: true });
    usesCredential(vendor, "private_key_jwt", { pem: await exportSPKI(publicKey), alg: "PS256" });
    const key = await exportPKCS8(privateKey);
    const authentication = { method: "private_key_jwt", clientId: vendor.portal.client_id, privateKey: key };
    const adapter = openedOn(vendor, { authentication: { ...authentication, algorithm: "PS256" } });
    expect((await adapter.registerClient(specOf())).ref.consumerKey).not.toBe("");
    const assertion = new URLSearchParams(vendor.requests[0]?.body).get("client_assertion") ?? "";
    expect(decodeJwt(assertion).aud).toBe("https://auth0.test/");
    // Another algorithm than the one that the key was registered for.
    const other = openedOn(vendor, { authentication: { ...authentication, algorithm: "RS256" } });
    expect((await failureOf(other.registerClient(specOf()))).kind).toBe("credentials_refused");
  });

  it("connects with a certificate, at an address of its own where there is one", async () => {
    const vendor = await openAuth0({ origin: "https://auth0.test" });
    const { certificate, privateKey } = selfSigned("portal.example");
    usesCredential(vendor, "self_signed_tls_client_auth", { pem: certificate });
    const authentication = { method: "mutual_tls", clientId: vendor.portal.client_id, certificate, privateKey };
    expect((await openedOn(vendor, { authentication }).registerClient(specOf())).ref.consumerKey).not.toBe("");
    const stranger = { ...authentication, ...selfSigned("portal.example") };
    const refused = openedOn(vendor, { authentication: stranger }).registerClient(specOf());
    expect((await failureOf(refused)).kind).toBe("credentials_refused");
    const tokenUrl = "https://mtls.auth0.test/oauth/token";
    const elsewhere = openedOn(vendor, { authentication: { ...authentication, tokenUrl } });
    expect((await failureOf(elsewhere.registerClient(specOf()))).kind).toBe("unreachable");
    expect(vendor.requests.at(-1)?.url).toBe(tokenUrl);
  });
});

describe("the connection form", () => {
  const good = { authentication: { clientId: "a", clientSecret: "b" }, audience: "https://api.example" };
  const form = (changes: object) =>
    connection.safeParse({ ...good, authentication: { method: "client_secret", ...good.authentication }, ...changes });

  it.each(["https://tenant.eu.auth0.com/api/v2/", "https://login.example.com/api/v2"])(
    "refuses the Management API as the API of gateways: %s",
    (audience) => {
      expect(form({ audience }).error?.issues[0]).toMatchObject({ path: ["audience"] });
    },
  );

  it.each(["urn:ietf:params:oauth:token-type:jwt", "urn:auth0:x", "plain"])(
    "refuses a token type that Auth0 reserves or that is no address: %s",
    (exchangeTokenType) => {
      expect(form({ exchangeTokenType }).error?.issues[0]).toMatchObject({ path: ["exchangeTokenType"] });
    },
  );

  it("takes identifiers of APIs and token types of one's own", () => {
    expect(form({ audience: "orders", exchangeTokenType: "urn:example:partner" }).success).toBe(true);
  });
});

describe("the connection test", () => {
  it.each(portalPermissions.filter((name) => !name.includes("client_credentials")))(
    "names %s where it is missing, and where to tick it",
    async (missing) => {
      const { adapter } = await world({
        // Keys of clients are readable with either of two permissions.
        permissions: portalPermissions.filter((name) => name !== missing && !name.includes("client_credentials")),
      });
      const [signedIn, permissions] = (await adapter.checkAccess?.()) ?? [];
      expect(signedIn).toMatchObject({ step: "sign_in", status: "passed" });
      expect(permissions).toMatchObject({ step: "permissions", status: "failed" });
      expect(permissions?.summary).toContain(missing);
      expect(permissions?.fix).toContain(missing);
    },
  );

  it("changes nothing", async () => {
    const { vendor, adapter } = await world();
    await adapter.checkAccess?.();
    expect(calls(vendor).filter((call) => !/^GET |\/oauth\/token$/.test(call))).toEqual([]);
  });

  it("finds an API that is not there, one that signs with HS256, and one without machines", async () => {
    const { vendor, tenant } = await world();
    addApi(tenant, { identifier: "urn:symmetric", signing_alg: "HS256" });
    const people = { user: { policy: "allow_all" }, client: { policy: "deny_all" } };
    addApi(tenant, { identifier: "urn:people", subject_type_authorization: people });
    const adapter = openedOn(vendor, { furtherAudiences: ["urn:symmetric", "urn:people", "urn:absent"] });
    const probes = (await adapter.checkAccess?.()) ?? [];
    expect(probes.slice(2).map(({ status, summary }) => [status, summary])).toEqual([
      ["passed", `Auth0 has the API “${apiIdentifier}”.`],
      ["failed", expect.stringContaining("HS256")],
      ["warning", expect.stringContaining("urn:people")],
      ["failed", "Auth0 has no API with the identifier “urn:absent”."],
    ]);
    for (const { status, fix } of probes.slice(2)) expect(Boolean(fix)).toBe(status !== "passed");
  });

  it("does not take an API's id for the identifier of an API", async () => {
    const { vendor } = await world();
    const probes = (await openedOn(vendor, { audience: api(vendor).id }).checkAccess?.()) ?? [];
    expect(probes.at(-1)).toMatchObject({ status: "failed" });
  });

  it("tries what it may see where the token does not say", async () => {
    const { vendor, adapter } = await world();
    const answer = { access_token: "silent", token_type: "Bearer", expires_in: 60 };
    vendor.fail({ status: 200, body: answer }, { path: /oauth/ });
    vendor.fail({ status: 403, body: { errorCode: "insufficient_scope" } }, { path: /clients/ });
    const probes = (await adapter.checkAccess?.()) ?? [];
    expect(probes.map(({ status }) => status)).toEqual(["passed", "failed"]);
    expect(probes[1]?.fix).toContain("update:resource_servers");
  });
});

describe("refusals", () => {
  it("for want of a permission name it", async () => {
    const { adapter } = await world({ permissions: ["read:clients"] });
    expect(await failureOf(adapter.registerClient(specOf()))).toMatchObject({
      kind: "credentials_refused",
      message: expect.stringContaining("lacks a permission of the Auth0 Management API: create:clients"),
      reason: "Insufficient scope, expected any of: create:clients",
    });
  });

  it("of a tenant that is full are no matter of credentials", async () => {
    const { vendor, adapter } = await world();
    const body = {
      statusCode: 403,
      error: "Forbidden",
      message: "You have reached the limit.",
      errorCode: "too_many_entities",
    };
    vendor.fail({ status: 403, body }, { method: "POST", path: /\/clients$/ });
    expect(await failureOf(adapter.registerClient(specOf()))).toMatchObject({
      kind: "rejected",
      reason: "You have reached the limit.",
    });
  });

  it("for too many calls say how long to wait, by the moment that Auth0 names", async () => {
    const { vendor, adapter } = await world();
    await adapter.readClient({ consumerKey: "none" });
    vendor.fail("rate-limited");
    const { kind, retryAfterSeconds = 0, reason } = await failureOf(adapter.registerClient(specOf()));
    expect({ kind, reason }).toEqual({ kind: "rate_limited", reason: "Global limit has been reached" });
    expect(retryAfterSeconds).toBeGreaterThan(4);
    expect(retryAfterSeconds).toBeLessThan(9);
  });

  it("keep Auth0's words about a field", async () => {
    const { adapter } = await world();
    const settings = { initiateLoginUri: "https://app.example" };
    const error = await failureOf(adapter.registerClient(specOf({ settings, redirectUris: ["nowhere"] })));
    expect(error).toMatchObject({ kind: "rejected", reason: expect.stringContaining("on property callbacks.0") });
  });
});

describe("recognising a tenant", () => {
  const metadata = (issuer: string, more: object = {}) => ({ issuer, token_endpoint: `${issuer}oauth/token`, ...more });

  it("goes by the domain, or by endpoints that only Auth0 has", () => {
    expect(auth0.recognise?.(metadata("https://shop.eu.auth0.com/"))).toContain("auth0.com");
    const own = "https://login.example.com/";
    expect(auth0.recognise?.(metadata(own, { mfa_challenge_endpoint: `${own}mfa/challenge` }))).toContain("Auth0");
  });

  it("takes no other server for one", () => {
    for (const other of [
      metadata("https://login.example.com/"),
      metadata("https://evil.example/.auth0.com/"),
      { issuer: "https://shop.eu.auth0.com/", token_endpoint: "https://elsewhere.example/oauth/token" },
      {},
    ]) {
      expect(auth0.recognise?.(other)).toBeNull();
    }
  });
});
