import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Secret } from "#lib/foundation/secret.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { thumbprintsOf } from "#lib/connector-kit/sign-in.ts";
import { signedAssertion } from "#lib/protocol/client-authentication.ts";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { bodies, calls, failureOf, openedOn, specOf, world } from "./testing.ts";

const app = selfSigned("app.test", { isRsa: true });
const other = selfSigned("other.test", { isRsa: true });
const keyOf = (certificate: string) => new X509Certificate(certificate).raw.toString("base64");
const byCertificate = (certificate = app.certificate) => ({
  authentication: { method: "private_key_jwt", certificate },
});
const inBrowser = { authentication: { method: "none", platform: "spa" } };

describe("making a client", () => {
  it("makes the application, its service principal and, last, its secret", async () => {
    const { vendor, directory, adapter } = world();
    const asked = specOf();
    const { ref } = await adapter.registerClient(asked);
    expect(calls(vendor)).toEqual([
      "POST /applications",
      "POST /servicePrincipals",
      "POST /applications/{id}/addPassword",
    ]);
    const made = directory.byAppId(ref.consumerKey);
    expect(made).toMatchObject({
      id: ref.vendorId,
      tags: [`latchkey:marker=${asked.marker}`, "latchkey:platform=web", "latchkey:grant=client_credentials"],
      api: { requestedAccessTokenVersion: 2 },
      passwordCredentials: [{ displayName: expect.stringMatching(/^Latchkey /) }],
    });
    expect(directory.principalOf(ref.consumerKey)).toBeDefined();
  });

  it("makes no secret for who signs with a certificate or has none, and gives every setting back", async () => {
    const { directory, adapter } = world();
    for (const [settings, kept] of [
      [byCertificate(), { authentication: { method: "private_key_jwt", certificate: app.certificate } }],
      [inBrowser, inBrowser],
      [
        {
          authentication: { method: "client_secret", secretDays: 30 },
          signInAudience: "AzureADMultipleOrgs",
          implicitIdTokens: true,
          homePageUrl: "https://app.example/",
          logoutUrl: "https://app.example/logout",
          privacyStatementUrl: "https://app.example/privacy",
          termsOfServiceUrl: "https://app.example/terms",
        },
        undefined,
      ],
    ] as const) {
      const grantTypes = ["authorization_code", "implicit", "refresh_token"];
      const redirectUris = ["https://app.example/callback"];
      const made = await adapter.registerClient(specOf({ settings, grantTypes, redirectUris }));
      expect(made.state).toMatchObject({ grantTypes, redirectUris, settings: kept ?? settings });
      expect((await adapter.readClient(made.ref))?.state).toEqual(made.state);
      const stored = directory.byAppId(made.ref.consumerKey);
      expect(stored?.passwordCredentials).toHaveLength(made.ref.consumerSecret ? 1 : 0);
    }
  });

  it("puts redirect URIs where the application runs", async () => {
    const { directory, adapter } = world();
    const grantTypes = ["authorization_code"];
    for (const [platform, member, uri] of [
      ["spa", "spa", "https://a.example"],
      ["native", "publicClient", "myapp://callback"],
    ] as const) {
      const settings = { authentication: { method: "none", platform } };
      const { ref } = await adapter.registerClient(specOf({ settings, grantTypes, redirectUris: [uri] }));
      expect(directory.byAppId(ref.consumerKey)).toMatchObject({
        [member]: { redirectUris: [uri] },
        web: { redirectUris: [] },
        isFallbackPublicClient: true,
      });
    }
  });

  it("refuses wishes that Entra would take and never fulfil, before anything is made", async () => {
    const { vendor, adapter } = world();
    expect(await failureOf(adapter.registerClient(specOf({ settings: inBrowser })))).toMatchObject({
      kind: "rejected",
      message: expect.stringContaining("client_credentials"),
    });
    const publicKey = new X509Certificate(app.certificate).publicKey.export({ type: "spki", format: "pem" }).toString();
    expect(await failureOf(adapter.registerClient(specOf({ settings: byCertificate(publicKey) })))).toMatchObject({
      kind: "rejected",
      message: expect.stringContaining("certificates only"),
    });
    expect(vendor.requests).toEqual([]);
  });

  const steps = [
    ["the service principal", /servicePrincipals$/],
    ["the secret", /addPassword$/],
  ] as const;
  it.each(steps)("leaves nothing behind where %s could not be made", async (_name, path) => {
    for (const fault of [
      "unreachable",
      { status: 500 },
      { status: 400, body: { error: { code: "x", message: "no" } } },
    ] as const) {
      const { vendor, directory, adapter } = world();
      const before = directory.applications.size;
      vendor.fail(fault, { method: "POST", path });
      const { kind } = await failureOf(adapter.registerClient(specOf()));
      expect(kind).toBe(typeof fault === "object" && fault.status === 400 ? "rejected" : "unreachable");
      expect(directory.applications.size).toBe(before);
      expect(directory.deleted.size).toBe(0);
    }
  });

  it("leaves no secret behind whose answer was lost", async () => {
    const { vendor, directory, adapter } = world();
    vendor.fail("error-after-write", { path: /addPassword$/ });
    expect((await failureOf(adapter.registerClient(specOf()))).kind).toBe("unreachable");
    expect([...directory.applications.values()].map(({ displayName }) => displayName)).not.toContain("App");
  });

  it("is found by its marker where the answer was lost or what was made could not be taken back", async () => {
    for (const break_ of ["lost", "stuck"] as const) {
      const { vendor, adapter, warnings } = world();
      const asked = specOf();
      if (break_ === "lost") vendor.fail("error-after-write", { method: "POST", path: /applications$/ });
      else
        for (const method of ["POST", "DELETE"])
          vendor.fail({ status: 500 }, { method, path: /(Principals|applications\/[^/]+)$/ });
      expect((await failureOf(adapter.registerClient(asked))).kind).toBe("unreachable");
      vendor.recover();
      expect(await adapter.findClients?.(asked.marker)).toHaveLength(1);
      expect(await adapter.findClients?.("latchkey-o'brien")).toEqual([]);
      expect(warnings).toEqual(break_ === "stuck" ? ["an unfinished application could not be deleted"] : []);
    }
  });
});

describe("changing a client", () => {
  it("really changes it, keeps its secret and makes no further one", async () => {
    const { vendor, directory, adapter } = world();
    const { ref } = await adapter.registerClient(specOf());
    const change = specOf({
      name: "Renamed",
      redirectUris: ["https://a.example/callback"],
      grantTypes: ["authorization_code"],
    });
    const updated = await adapter.updateClient(ref, change);
    expect(updated.ref.consumerSecret?.reveal()).toBe(ref.consumerSecret?.reveal());
    expect(directory.byAppId(ref.consumerKey)).toMatchObject({
      displayName: "Renamed",
      web: { redirectUris: ["https://a.example/callback"] },
      passwordCredentials: [{}],
    });
    expect(calls(vendor).filter((call) => call.endsWith("addPassword"))).toHaveLength(1);
    expect(await adapter.issueToken?.(updated.ref, { scopes: [] })).toBeDefined();
  });

  it("keeps what others have set: tags, certificates, logo, URIs at other platforms, token version", async () => {
    const { vendor, directory, adapter } = world();
    const { app: made, secret } = vendor.makeByHand({
      tags: ["theirs"],
      web: { redirectUris: ["https://a.example"], homePageUrl: "https://a.example" },
      spa: { redirectUris: ["https://spa.example"] },
      api: { requestedAccessTokenVersion: 1 },
      keyCredentials: [
        { type: "AsymmetricX509Cert", usage: "Verify", displayName: "theirs", key: keyOf(other.certificate) },
      ],
    });
    directory.addPassword(made, { displayName: "theirs too" });
    (made["info"] as Record<string, unknown>)["logoUrl"] = "https://cdn.example/logo.png";
    // The portal did not make it, so it must be allowed to change any.
    const adapterOfAll = openedOn(vendor);
    const ref = { consumerKey: made.appId, consumerSecret: new Secret(secret) };
    expect((await failureOf(adapter.updateClient(ref, specOf()))).message).toContain("Application.ReadWrite.All");
    vendor.portalPermissions.push("Application.ReadWrite.All");
    vendor.pass(3600);
    const redirectUris = ["https://spa.example", "https://new.example"];
    await adapterOfAll.updateClient(ref, specOf({ redirectUris }));
    expect(directory.byAppId(made.appId)).toMatchObject({
      tags: [
        "theirs",
        expect.stringMatching(/^latchkey:/),
        "latchkey:platform=web",
        "latchkey:grant=client_credentials",
      ],
      web: { redirectUris: ["https://new.example"] },
      spa: { redirectUris: ["https://spa.example"] },
      info: { logoUrl: "https://cdn.example/logo.png" },
      api: { requestedAccessTokenVersion: 1 },
      keyCredentials: [{ displayName: "theirs" }],
      passwordCredentials: [{}, { displayName: "theirs too" }],
    });
    // Graph refuses a change of what it holds, so certificates that stay are not sent.
    expect(bodies(vendor, "PATCH /applications/{id}").at(-1)).not.toHaveProperty("keyCredentials");
  });

  it("does not believe its own notes where an administrator switched the implicit grant off", async () => {
    const { directory, adapter } = world();
    const { ref, state } = await adapter.registerClient(specOf({ grantTypes: ["authorization_code", "implicit"] }));
    expect(state.grantTypes).toEqual(["authorization_code", "implicit"]);
    const web = directory.byAppId(ref.consumerKey)?.["web"] as Record<string, unknown>;
    web["implicitGrantSettings"] = { enableAccessTokenIssuance: false, enableIdTokenIssuance: false };
    expect((await adapter.readClient(ref))?.state.grantTypes).toEqual(["authorization_code"]);
  });

  it("moves redirect URIs with the application", async () => {
    const { directory, adapter } = world();
    const redirectUris = ["https://a.example"];
    const { ref } = await adapter.registerClient(specOf({ redirectUris }));
    await adapter.updateClient(ref, specOf({ redirectUris, settings: inBrowser, grantTypes: ["authorization_code"] }));
    expect(directory.byAppId(ref.consumerKey)).toMatchObject({ web: { redirectUris: [] }, spa: { redirectUris } });
  });

  it("ends the secret where it is no longer used, and makes one where it is used again", async () => {
    const { directory, adapter } = world();
    const { ref } = await adapter.registerClient(specOf());
    const keyed = await adapter.updateClient(ref, specOf({ settings: byCertificate() }));
    expect(keyed.ref.consumerSecret).toBeUndefined();
    expect(directory.byAppId(ref.consumerKey)).toMatchObject({
      passwordCredentials: [],
      keyCredentials: [{ displayName: "Latchkey" }],
    });
    await adapter.updateClient(keyed.ref, specOf({ settings: byCertificate(other.certificate) }));
    expect(directory.byAppId(ref.consumerKey)?.keyCredentials).toMatchObject([{ key: keyOf(other.certificate) }]);
    const back = await adapter.updateClient(keyed.ref, specOf());
    expect(directory.byAppId(ref.consumerKey)).toMatchObject({ passwordCredentials: [{}], keyCredentials: [] });
    expect(await adapter.issueToken?.(back.ref, { scopes: [] })).toBeDefined();
  });
});

describe("a client that others made", () => {
  it("is described by what it has", async () => {
    const { vendor, adapter } = world();
    const { app: web } = vendor.makeByHand({ web: { redirectUris: ["https://a.example"] } });
    expect((await adapter.readClient({ consumerKey: web.appId }))?.state).toMatchObject({
      grantTypes: ["authorization_code", "client_credentials", "refresh_token"],
      settings: { authentication: { method: "client_secret" } },
    });
    const native = vendor.directory.create({ displayName: "Native", isFallbackPublicClient: true }, "somebody");
    expect((await adapter.readClient({ consumerKey: native.appId }))?.state).toMatchObject({
      grantTypes: ["urn:ietf:params:oauth:grant-type:device_code"],
      settings: { authentication: { method: "none", platform: "native" } },
    });
  });

  it("is known by its id alone, letter by letter, and never by a part of it", async () => {
    const { vendor, adapter } = world();
    const { app: made, secret } = vendor.makeByHand();
    const consumerSecret = new Secret(secret);
    expect((await adapter.proveClient?.({ consumerKey: made.appId, consumerSecret }))?.ref.consumerKey).toBe(
      made.appId,
    );
    const sent = vendor.requests.length;
    for (const consumerKey of [made.appId.slice(0, 20), `${made.appId}'`, "*", ""])
      expect(await failureOf(adapter.proveClient?.({ consumerKey, consumerSecret }))).toMatchObject({
        kind: "not_found",
      });
    expect(vendor.requests).toHaveLength(sent);
    const shouted = { consumerKey: made.appId.toUpperCase(), consumerSecret };
    expect((await failureOf(adapter.proveClient?.(shouted))).kind).toBe("not_found");
    expect(await adapter.readClient(shouted)).toBeNull();
  });

  it("is not proven by a token that names another application", async () => {
    const { vendor, adapter } = world();
    const [mine, theirs] = [vendor.makeByHand(), vendor.makeByHand()];
    const refOf = ({ app: made, secret }: typeof mine) => ({
      consumerKey: made.appId,
      consumerSecret: new Secret(secret),
    });
    const token = await adapter.issueToken?.(refOf(theirs), { scopes: [] });
    await adapter.readClient(refOf(mine));
    const body = { token_type: "Bearer", expires_in: 3599, access_token: token?.accessToken.reveal() };
    vendor.fail({ status: 200, body }, { path: /token$/ });
    expect((await failureOf(adapter.proveClient?.(refOf(mine)))).kind).toBe("credentials_refused");
  });

  it("is proven although the API gives it nothing, because it asks for a token for itself", async () => {
    const { vendor, directory, adapter } = world();
    const api = directory.principalOf(vendor.api.appId);
    if (api) api.appRoleAssignmentRequired = true;
    const { app: made, secret } = vendor.makeByHand();
    const ref = { consumerKey: made.appId, consumerSecret: new Secret(secret) };
    expect((await adapter.proveClient?.(ref))?.ref.consumerKey).toBe(made.appId);
    const refused = await failureOf(adapter.issueToken?.(ref, { scopes: [] }));
    expect(refused).toMatchObject({ kind: "rejected", message: expect.stringContaining("grant it a scope") });
  });

  it("is proven by an assertion that its certificate verifies, and by no other", async () => {
    const { vendor, adapter } = world();
    const key = { type: "AsymmetricX509Cert", usage: "Verify", key: keyOf(app.certificate) };
    const { app: made } = vendor.makeByHand({ keyCredentials: [key] });
    const assert = async (clientId: string, { certificate, privateKey } = app) => {
      const method = "private_key_jwt" as const;
      const credentials = {
        method,
        clientId,
        privateKey: new Secret(privateKey),
        algorithm: "PS256",
        thumbprints: thumbprintsOf(certificate),
      };
      return new Secret(await signedAssertion(credentials, vendor.settings.endpoints.token ?? "", systemClock));
    };
    const ref = { consumerKey: made.appId };
    expect((await adapter.proveClient?.(ref, { assertion: await assert(made.appId) }))?.ref.consumerKey).toBe(
      made.appId,
    );
    const { app: foreign } = vendor.makeByHand({ keyCredentials: [key] });
    for (const assertion of [
      await assert(made.appId, other),
      await assert(foreign.appId),
      new Secret("no.jwt.at-all"),
    ]) {
      expect((await failureOf(adapter.proveClient?.(ref, { assertion }))).kind).toBe("credentials_refused");
    }
  });

  it("does not get the blame where the portal may not look", async () => {
    const { vendor, adapter } = world({ permissions: [] });
    const { app: made, secret } = vendor.makeByHand();
    const proof = adapter.proveClient?.({ consumerKey: made.appId, consumerSecret: new Secret(secret) });
    expect(await failureOf(proof)).toMatchObject({
      kind: "misconfigured",
      message: expect.stringContaining("lacks Application."),
    });
  });
});

describe("deleting a client", () => {
  it("removes it for good, also where an earlier attempt stopped half-way", async () => {
    const { vendor, directory, adapter } = world();
    const { ref } = await adapter.registerClient(specOf());
    const end = vendor.fail({ status: 503 }, { method: "DELETE", path: /deletedItems/ });
    expect((await failureOf(adapter.deleteClient(ref))).kind).toBe("unreachable");
    expect(directory.deleted.size).toBe(1);
    end();
    await adapter.deleteClient(ref);
    expect(directory.deleted.size).toBe(0);
    expect(directory.principalOf(ref.consumerKey)).toBeUndefined();
  });

  it("says what remains where the portal may not remove it for good", async () => {
    const { vendor, directory, adapter, warnings } = world();
    const { ref } = await adapter.registerClient(specOf());
    const body = { error: { code: "Authorization_RequestDenied", message: "Insufficient privileges." } };
    vendor.fail({ status: 403, body }, { method: "DELETE", path: /deletedItems/ });
    await adapter.deleteClient(ref);
    expect(directory.deleted.size).toBe(1);
    expect(warnings).toEqual([expect.stringContaining("can be restored for 30 days")]);
  });

  it("never removes for good what belongs to another client", async () => {
    const { directory, adapter } = world();
    const { ref } = await adapter.registerClient(specOf());
    directory.deleted.set(ref.vendorId ?? "", {
      ...directory.applications.get(ref.vendorId ?? ""),
      appId: "another",
    } as never);
    directory.applications.delete(ref.vendorId ?? "");
    const elsewhere = { consumerKey: crypto.randomUUID(), ...(ref.vendorId && { vendorId: ref.vendorId }) };
    await adapter.deleteClient(elsewhere);
    expect(directory.deleted.size).toBe(1);
  });
});
