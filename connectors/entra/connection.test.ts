import { decodeJwt, decodeProtectedHeader } from "jose";
import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { thumbprintsOf } from "#lib/connector-kit/sign-in.ts";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { graphOf, signInEndpointOf, tokenEndpointOf } from "./cloud.ts";
import { connection } from "./config.ts";
import { entra } from "./index.ts";
import { bodies, calls, failureOf, openedOn, specOf, tokenRequests, world } from "./testing.ts";

const portal = selfSigned("portal.test", { isRsa: true });
const stranger = selfSigned("stranger.test", { isRsa: true });
const portalKey = new X509Certificate(portal.certificate).raw.toString("base64");

const signIn = (clientId: string, changes: Record<string, unknown> = {}) => ({
  signIn: { method: "private_key_jwt", clientId, ...portal, ...changes },
});

describe("signing in", () => {
  it.each(["PS256", "RS256"])("by certificate names it by its digests, and signs with %s", async (algorithm) => {
    const { vendor } = world({ portalKey });
    await openedOn(vendor, { connection: signIn(vendor.portal.appId, { algorithm }) }).registerClient(specOf());
    const [form] = tokenRequests(vendor, "https://entra.test/graph/.default");
    expect(form?.get("client_secret")).toBeNull();
    const assertion = form?.get("client_assertion") ?? "";
    expect(decodeProtectedHeader(assertion)).toEqual({
      alg: algorithm,
      typ: "JWT",
      ...thumbprintsOf(portal.certificate),
    });
    const {
      portal: { appId },
    } = vendor;
    expect(decodeJwt(assertion)).toMatchObject({ iss: appId, sub: appId, aud: vendor.settings.endpoints.token });
  });

  it("refuses a certificate that is not the application's, a key that is not its, and a public key", async () => {
    const { vendor } = world({ portalKey });
    const { appId } = vendor.portal;
    const publicKey = new X509Certificate(portal.certificate).publicKey
      .export({ type: "spki", format: "pem" })
      .toString();
    for (const [changes, kind, words] of [
      [stranger, "credentials_refused", "the certificate is not one of the application's"],
      [{ privateKey: stranger.privateKey }, "credentials_refused", "or the key is not its"],
      [{ certificate: publicKey }, "misconfigured", "this is a public key"],
    ] as const) {
      const adapter = openedOn(vendor, { connection: signIn(appId, changes) });
      const error = await failureOf(adapter.registerClient(specOf()));
      expect(error).toMatchObject({ kind, message: expect.stringContaining(words) });
      const [probe] = (await adapter.checkAccess?.()) ?? [];
      expect(probe).toMatchObject({
        step: "sign_in",
        status: "failed",
        fix: expect.stringContaining("Certificates & secrets"),
      });
    }
  });

  it.each([
    ["not-an-id", "no application with this client id"],
    [crypto.randomUUID(), "no application with this client id"],
  ])("says that there is no application %s", async (clientId, words) => {
    const { vendor } = world();
    const adapter = openedOn(vendor, {
      connection: { signIn: { method: "client_secret", clientId, clientSecret: "secret" } },
    });
    const error = await failureOf(adapter.registerClient(specOf()));
    expect(error).toMatchObject({ kind: "credentials_refused", message: expect.stringContaining(words) });
  });

  it("happens once for many calls, and once more when the token has run out", async () => {
    const { vendor, adapter } = world();
    const { ref } = await adapter.registerClient(specOf());
    await Promise.all([adapter.readClient(ref), adapter.readClient(ref)]);
    const signIns = () => tokenRequests(vendor, "https://entra.test/graph/.default").length;
    expect(signIns()).toBe(1);
    vendor.pass(3600);
    expect(await adapter.readClient(ref)).not.toBeNull();
    expect(signIns()).toBe(2);
  });
});

describe("clouds", () => {
  const base = {
    signIn: { method: "client_secret", clientId: "x", clientSecret: "y" },
    resourceAppId: crypto.randomUUID(),
  };
  const settingsOf = (cloud: Record<string, unknown>, token: string) => ({
    issuer: "https://issuer.test",
    endpoints: { token },
    signingKeys: { kind: "none" } as const,
    connection: connection.parse({ ...base, cloud }),
  });

  it.each([
    ["global", "login.microsoftonline.com", "https://graph.microsoft.com"],
    ["us_government", "login.microsoftonline.us", "https://graph.microsoft.us"],
    ["us_government_dod", "login.microsoftonline.us", "https://dod-graph.microsoft.us"],
    ["china", "login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"],
    ["china", "login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"],
  ])("%s: %s and %s belong together", (name, host, graph) => {
    const settings = settingsOf({ name }, `https://${host}/contoso/oauth2/v2.0/token`);
    expect(graphOf(settings.connection)).toBe(graph);
    expect(tokenEndpointOf(settings)).toBe(settings.endpoints.token);
    expect(signInEndpointOf(settings)).toBe(settings.endpoints.token);
    const other = settingsOf({ name: name === "global" ? "china" : "global" }, settings.endpoints.token);
    expect(() => tokenEndpointOf(other)).toThrow("belongs to another cloud");
  });

  it("takes other hosts, for the portal's own sign-in too", () => {
    const token = "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/oauth2/v2.0/token";
    expect(tokenEndpointOf(settingsOf({ name: "global" }, token))).toBe(token);
    const hosts = {
      name: "custom",
      graphUrl: "https://graph.example/",
      loginUrl: "https://login.microsoftonline.com/",
    };
    const custom = settingsOf(hosts, token);
    expect(graphOf(custom.connection)).toBe("https://graph.example");
    expect(tokenEndpointOf(custom)).toBe(token);
    expect(signInEndpointOf(custom)).toBe(
      "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token",
    );
  });

  it.each([
    "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    "https://login.microsoftonline.com/organizations/oauth2/v2.0/token",
    "https://login.microsoftonline.com/contoso/oauth2/token",
  ])("refuses %s: it is not one tenant's, or of version 1", async (token) => {
    const { vendor } = world();
    const settings = { ...vendor.settings, endpoints: { token }, connection: connection.parse(vendor.connectionInput) };
    const adapter = entra.open(settings, { fetch: vendor.fetch, clock: { now: () => new Date() }, log: {} as never });
    const error = await failureOf(adapter.registerClient?.(specOf()));
    expect(error).toMatchObject({ kind: "misconfigured", message: expect.stringContaining("Token endpoint") });
    expect(vendor.requests).toEqual([]);
  });
});

describe("replicas", () => {
  const early = (code: string, detail?: string) => ({
    status: code === "Request_ResourceNotFound" ? 404 : code === "Authorization_RequestDenied" ? 403 : 400,
    body: {
      error: {
        code,
        message:
          "When using this permission, the backing application of the service principal being created must in the local tenant",
        ...(detail && { details: [{ code: detail, message: "…", target: "appId" }] }),
      },
    },
  });
  const principals = { method: "POST", path: /servicePrincipals$/ };

  it.each([
    ["Request_ResourceNotFound", undefined],
    ["Request_BadRequest", "NoBackingApplicationObject"],
    // To a caller that may only manage what it owns.
    ["Authorization_RequestDenied", undefined],
  ])("that answer %s (%s) are asked again", async (code, detail) => {
    const { vendor, adapter } = world();
    vendor.fail(early(code, detail), { ...principals, times: 2 });
    await adapter.registerClient(specOf());
    expect(bodies(vendor, "POST /servicePrincipals")).toHaveLength(3);
  });

  it("are given up after the time in the connection, and what was made is taken back", async () => {
    const { vendor, directory, adapter } = world({ connection: { replicationWaitSeconds: 1 } });
    const before = directory.applications.size;
    vendor.fail(early("Request_BadRequest", "NoBackingApplicationObject"), principals);
    expect((await failureOf(adapter.registerClient(specOf()))).kind).toBe("rejected");
    expect(bodies(vendor, "POST /servicePrincipals").length).toBeGreaterThan(1);
    expect(directory.applications.size).toBe(before);
  });

  it("get no second chance for any other refusal, and none long after a write", async () => {
    const { vendor, adapter } = world();
    vendor.fail({ status: 400, body: { error: { code: "Request_BadRequest", message: "No." } } }, principals);
    expect(await failureOf(adapter.registerClient(specOf()))).toMatchObject({ kind: "rejected", reason: "No." });
    expect(bodies(vendor, "POST /servicePrincipals")).toHaveLength(1);
    vendor.recover();
    const { ref } = await adapter.registerClient(specOf());
    vendor.fail("replication-delay");
    const later = openedOn(vendor);
    vendor.directory.applications.delete(ref.vendorId ?? "");
    const sent = calls(vendor).length;
    expect(await later.readClient(ref)).toBeNull();
    expect(calls(vendor)).toHaveLength(sent + 1);
  });

  it("do not make a client that was just made look gone", async () => {
    const { vendor, adapter } = world();
    const { ref } = await adapter.registerClient(specOf());
    vendor.fail({ ...early("Request_ResourceNotFound") }, { method: "GET", times: 2 });
    expect(await adapter.readClient(ref)).not.toBeNull();
  });
});

describe("throttling and paging", () => {
  it("understands seconds with fractions", async () => {
    const { vendor, adapter } = world();
    vendor.fail({ status: 429, headers: { "retry-after": "2.128" } }, { path: /applications$/ });
    const refused = await failureOf(adapter.registerClient(specOf()));
    expect(refused).toMatchObject({ kind: "rate_limited", retryAfterSeconds: 3 });
  });

  it.each(["https://elsewhere.test/v1.0/applications", "https://entra.test/_/applications"])(
    "takes its token to no next page at %s",
    async (link) => {
      const { vendor, adapter } = world();
      vendor.fail(
        { status: 200, body: { value: [], "@odata.nextLink": link } },
        { method: "GET", path: /applications$/ },
      );
      expect((await failureOf(adapter.findClients?.("x"))).kind).toBe("bad_response");
      expect(vendor.requests.map(({ url }) => url)).not.toContain(link);
    },
  );

  it("gives up on a list that never ends", async () => {
    const { vendor, adapter } = world();
    const link = "https://entra.test/graph/v1.0/applications?$skiptoken=1";
    vendor.fail(
      { status: 200, body: { value: [], "@odata.nextLink": link } },
      { method: "GET", path: /applications$/ },
    );
    expect((await failureOf(adapter.findClients?.("x"))).kind).toBe("bad_response");
  });
});

describe("the connection test", () => {
  it("passes with the least that is needed, and changes nothing", async () => {
    const { vendor, adapter } = world();
    expect((await adapter.checkAccess?.())?.map(({ step, status }) => `${step} ${status}`)).toEqual([
      "sign_in passed",
      "permissions passed",
      "permissions passed",
      "issuer passed",
    ]);
    expect(calls(vendor).filter((call) => !call.startsWith("GET"))).toEqual([]);
  });

  it.each([
    [[], "failed", "lacks Application.ReadWrite.OwnedBy", "18a4783c-866b-4cc7-a460-3d5e5662c884=Role"],
    [
      ["Application.ReadWrite.OwnedBy", "Application.Read.All"],
      "warning",
      "lacks AppRoleAssignment.ReadWrite.All and DelegatedPermissionGrant.ReadWrite.All",
      "06b708a9-e830-4db3-a914-8e69da51d44f=Role 8e8e4742-1d95-4f68-9d56-6ee75648c72a=Role",
    ],
  ])("with permissions %j says what is missing and how to grant it", async (permissions, status, summary, fix) => {
    const { vendor, adapter } = world({ permissions });
    const probe = (await adapter.checkAccess?.())?.[1];
    expect(probe).toMatchObject({
      status,
      summary: expect.stringContaining(summary),
      fix: expect.stringContaining(fix),
    });
    expect(probe?.fix).toContain(`az ad app permission admin-consent --id ${vendor.portal.appId}`);
  });

  it("compares the issuer with a real token of the API", async () => {
    const v1 = "https://entra.test/sts/0f5c1ee3-4c7d-4c52-9d0e-6a1d9d7c3b21/";
    for (const [options, expected] of [
      [
        { apiVersion: null },
        { status: "failed", detail: v1, fix: expect.stringContaining("--requested-access-token-version 2") },
      ],
      [
        { apiVersion: 1, connection: { tokenVersion: "1" } },
        { status: "failed", fix: `Set the issuer of this key manager to ${v1}` },
      ],
      [{ apiVersion: 1, connection: { tokenVersion: "1" }, issuer: v1 }, { status: "passed" }],
    ] as const) {
      const { adapter } = world(options);
      expect((await adapter.checkAccess?.())?.at(-1)).toMatchObject({ step: "issuer", ...expected });
    }
  });

  it("cannot compare where the API demands an assignment, and says so", async () => {
    const { vendor, directory, adapter } = world();
    const api = directory.principalOf(vendor.api.appId);
    if (api) api.appRoleAssignmentRequired = true;
    const probe = (await adapter.checkAccess?.())?.at(-1);
    expect(probe).toMatchObject({ step: "issuer", status: "warning", detail: expect.stringContaining("AADSTS501051") });
  });

  it("looks for the API", async () => {
    const { vendor, adapter } = world();
    vendor.directory.applications.delete(vendor.api.id);
    const [, , api] = (await adapter.checkAccess?.()) ?? [];
    expect(api).toMatchObject({ status: "failed", fix: expect.stringContaining("Application id of the API") });
  });
});

describe("tokens of both versions", () => {
  it.each([
    [2, "azp", { iss: expect.stringMatching(/\/v2\.0$/), ver: "2.0" }],
    [1, "appid", { iss: expect.stringMatching(/\/sts\/.*\/$/), ver: "1.0" }],
  ] as const)("version %i names the client in %s, which is looked for", async (apiVersion, claim, expected) => {
    const { adapter } = world({ apiVersion, connection: { tokenVersion: String(apiVersion) } });
    const { ref } = await adapter.registerClient(specOf());
    const token = await adapter.issueToken?.(ref, { scopes: [] });
    const claims = decodeJwt(token?.accessToken.reveal() ?? "");
    expect(claims).toMatchObject({ ...expected, [claim]: ref.consumerKey });
    expect(entra.trust.consumerKeyClaims).toContain(claim);
  });
});

describe("recognition", () => {
  it("knows a tenant by what only Entra publishes", async () => {
    const { vendor } = world();
    const metadata = (await (await vendor.fetch(vendor.wellKnownUrl)).json()) as Record<string, unknown>;
    expect(entra.recognise?.(metadata)).toContain("Entra");
    expect(
      entra.recognise?.({ issuer: "https://a.example", token_endpoint: "https://a.example/oauth2/v2.0/token" }),
    ).toBeNull();
    expect(entra.recognise?.({ ...metadata, token_endpoint: "https://a.example/token" })).toBeNull();
  });
});
