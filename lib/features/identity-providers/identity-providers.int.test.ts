import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { insertPerson } from "#lib/data/people.ts";
import type { PersonId } from "#lib/foundation/ids.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import type { Context } from "../context.ts";
import { listPeople } from "../people/list.ts";
import { setPersonActive } from "../people/set-active.ts";
import { linkIdentity } from "./own-identities.ts";
import { authenticate, enterThrough, offeredProviders, openSignInProvider, type SignInProvider } from "./sign-in.ts";
import {
  addIdentityProvider,
  deleteIdentityProvider,
  editIdentityProvider,
  getIdentityProvider,
  listIdentityProviders,
  setIdentityProviderEnabled,
} from "./verbs.ts";

const clientSecret = "canary-client-secret";
/** Whom the provider signs in next, and what it says of them. */
let account = { sub: "ada", email: "ada@example.com", email_verified: true, name: "Ada Lovelace" };
let server: Server;
let issuer: string;

/** An OpenID provider that nobody here wrote, on loopback. It registers the one redirect URI of each test. */
beforeAll(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "portal",
        client_secret: clientSecret,
        redirect_uris: ["http://latchkey.test/callback"],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    cookies: { keys: ["test"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ ...account, sub }) }),
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client?.clientId ?? "",
        accountId: ctx.oidc.session?.accountId ?? "",
      });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  // Every test has its own redirect URI, which this server takes without asking.
  provider.Client.prototype.redirectUriAllowed = () => true;
  const answer = provider.callback();
  server.on("request", (req: IncomingMessage, res: ServerResponse) => {
    void (req.url?.startsWith("/interaction/")
      ? provider.interactionFinished(req, res, { login: { accountId: account.sub } })
      : answer(req, res));
  });
});
afterAll(() => server.close());

const sent: string[] = [];
const outbound: OutboundFetch = (url, init) => {
  sent.push(url);
  return fetch(url, { method: init?.method ?? "GET", headers: init?.headers ?? {}, body: init?.body ?? null });
};

async function administrator() {
  const deps = testDependencies({ outbound });
  const tenant = await testTenant(deps);
  return { deps, tenant, admin: await tenant.caller("ADMINISTRATOR") };
}

const wanted = () => ({
  name: "Company sign-in",
  issuer,
  clientId: "portal",
  clientSecret,
  initialRoles: ["DEVELOPER" as const],
});

const expected = { state: "state-1", nonce: "nonce-1", codeVerifier: "verifier-".repeat(6) };

async function opened(admin: Context, id: string): Promise<SignInProvider> {
  const provider = await openSignInProvider(admin.deps, id);
  if (!provider) throw new Error("not usable");
  return provider;
}

/** Walks a browser through the provider, until it is sent back. */
async function signInAt(admin: Context, id: string): Promise<{ code?: string; state?: string; iss?: string }> {
  const { redirectUri } = await getIdentityProvider(admin, { id });
  const start = new URL(`${issuer}/auth`);
  start.search = new URLSearchParams({
    client_id: "portal",
    response_type: "code",
    scope: "openid email profile",
    redirect_uri: redirectUri,
    state: expected.state,
    nonce: expected.nonce,
    code_challenge: createHash("sha256").update(expected.codeVerifier).digest("base64url"),
    code_challenge_method: "S256",
  }).toString();
  const jar = new Map<string, string>();
  let next = start.href;
  for (let hop = 0; hop < 8; hop += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(next, { redirect: "manual", headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    next = new URL(response.headers.get("location") ?? "/", next).href;
    if (next.startsWith(redirectUri)) return Object.fromEntries(new URL(next).searchParams);
  }
  throw new Error(`The provider did not send the browser back: ${next}`);
}

async function wayIn(admin: Context, id: string) {
  const provider = await opened(admin, id);
  const claims = await authenticate(admin.deps, provider, { returned: await signInAt(admin, id), expected });
  return enterThrough(admin, provider, claims);
}

describe("identity providers", () => {
  it("are added from their issuer, with the secret sealed and never shown", async () => {
    const { admin, tenant } = await administrator();
    const view = await addIdentityProvider(admin, wanted());
    expect(view).toMatchObject({
      issuer,
      enabled: true,
      redirectUri: `http://latchkey.test/api/auth/callback/${view.id}`,
    });
    const { rows, audit } = await admin.deps.database.inTenant(tenant.id, async (tx) => ({
      rows: await tenantDb(tx).identityProvider.findMany(),
      audit: await tenantDb(tx).auditEvent.findMany(),
    }));
    expect(audit).toMatchObject([{ action: "identity_provider.add", subjectName: "Company sign-in" }]);
    expect(JSON.stringify([view, rows, audit])).not.toContain(clientSecret);
    expect(await offeredProviders(admin.deps, tenant.slug)).toEqual([{ id: view.id, name: "Company sign-in" }]);
  });

  it("are not added when nothing answers there; the field says so and nothing is stored", async () => {
    const { admin } = await administrator();
    await expect(addIdentityProvider(admin, { ...wanted(), issuer: `${issuer}/nothing` })).rejects.toMatchObject({
      code: "discovery.failed",
      fields: [{ path: "issuer" }],
    });
    expect(await listIdentityProviders(admin, {})).toEqual([]);
  });

  it("sign somebody new in as a person of their own with the first roles, and know them again", async () => {
    const { admin } = await administrator();
    account = { ...account, sub: randomUUID(), email: `${randomUUID()}@example.com` };
    const { id } = await addIdentityProvider(admin, wanted());
    const first = await wayIn(admin, id);
    expect((await listPeople(admin, { role: "DEVELOPER" })).items).toMatchObject([
      { personId: first.personId, name: "Ada Lovelace", email: account.email },
    ]);
    expect(await wayIn(admin, id)).toEqual(first);
  });

  it("never sign in as an existing person because of an address, verified or not", async () => {
    const { admin } = await administrator();
    const victim = await admin.deps.database.inInstallation((ctx) =>
      insertPerson(ctx, { email: `${randomUUID()}@example.com`, name: "Victim" }),
    );
    const { id } = await addIdentityProvider(admin, wanted());
    for (const email_verified of [true, false]) {
      account = { ...account, sub: randomUUID(), email: victim.email, email_verified };
      expect((await wayIn(admin, id)).personId).not.toBe(victim.id);
    }
    account = { ...account, email_verified: true };
  });

  it("ask for an invitation where no first roles are given", async () => {
    const { admin } = await administrator();
    account = { ...account, sub: randomUUID() };
    const { id } = await addIdentityProvider(admin, { ...wanted(), initialRoles: [] });
    await expect(wayIn(admin, id)).rejects.toMatchObject({ code: "federation.not_invited" });
  });

  it("are linked by the person who is signed in, and to one person only", async () => {
    const { admin, tenant } = await administrator();
    const [one, two] = await Promise.all([tenant.caller("DEVELOPER"), tenant.caller("DEVELOPER")]);
    const personOf = (ctx: Context) => (ctx.actor as { personId: PersonId }).personId;
    account = { ...account, sub: randomUUID() };
    const { id } = await addIdentityProvider(admin, { ...wanted(), initialRoles: [] });
    const provider = await opened(admin, id);
    await linkIdentity(admin, provider, { subject: account.sub, personId: personOf(one) });
    expect((await wayIn(admin, id)).personId).toBe(personOf(one));
    await expect(
      linkIdentity(admin, provider, { subject: account.sub, personId: personOf(two) }),
    ).rejects.toMatchObject({ code: "federation.taken" });
  });

  it("refuse a foreign state or issuer without sending anything, and a foreign nonce or verifier", async () => {
    const { admin } = await administrator();
    account = { ...account, sub: randomUUID() };
    const { id } = await addIdentityProvider(admin, wanted());
    const provider = await opened(admin, id);
    const returned = await signInAt(admin, id);
    expect(returned.iss).toBe(issuer);
    const refused = { code: "federation.failed" };
    sent.length = 0;
    const { iss: _iss, ...withoutIssuer } = returned;
    for (const wrong of [
      { ...returned, state: "other" },
      { ...returned, iss: "https://evil.example" },
      withoutIssuer,
    ]) {
      await expect(authenticate(admin.deps, provider, { returned: wrong, expected })).rejects.toMatchObject(refused);
    }
    expect(sent).toEqual([]);
    for (const wrong of [{ nonce: "other" }, { codeVerifier: "x".repeat(50) }]) {
      const again = await signInAt(admin, id);
      await expect(
        authenticate(admin.deps, provider, { returned: again, expected: { ...expected, ...wrong } }),
      ).rejects.toMatchObject(refused);
    }
  });

  it("let nobody in who is disabled, nor through a provider that is switched off", async () => {
    const { admin, tenant } = await administrator();
    account = { ...account, sub: randomUUID(), email: `${randomUUID()}@example.com` };
    const { id } = await addIdentityProvider(admin, wanted());
    await wayIn(admin, id);
    const [member] = (await listPeople(admin, { role: "DEVELOPER" })).items;
    await setPersonActive(admin, { id: member?.id ?? "", active: false });
    await expect(wayIn(admin, id)).rejects.toMatchObject({ code: "auth.forbidden" });
    await setIdentityProviderEnabled(admin, { id, enabled: false });
    expect(await openSignInProvider(admin.deps, id)).toBeNull();
    expect(await offeredProviders(admin.deps, tenant.slug)).toEqual([]);
  });

  it("keep their secret when it is left blank, and are deleted with the identities known through them", async () => {
    const { admin } = await administrator();
    account = { ...account, sub: randomUUID() };
    const { id } = await addIdentityProvider(admin, wanted());
    const edit = { id, name: "Renamed", clientId: "portal", clientSecret: "", initialRoles: ["CREATOR" as const] };
    expect(await editIdentityProvider(admin, edit)).toMatchObject({ name: "Renamed", initialRoles: ["CREATOR"] });
    await wayIn(admin, id);
    await deleteIdentityProvider(admin, { id });
    expect(await listIdentityProviders(admin, {})).toEqual([]);
  });

  it("are the administrators' business, in their own tenant", async () => {
    const { admin, tenant } = await administrator();
    const other = await administrator();
    const { id } = await addIdentityProvider(admin, wanted());
    const absent = { code: "identity_provider.not_found" };
    expect(await listIdentityProviders(other.admin, {})).toEqual([]);
    await expect(getIdentityProvider(other.admin, { id })).rejects.toMatchObject(absent);
    await expect(setIdentityProviderEnabled(other.admin, { id, enabled: false })).rejects.toMatchObject(absent);
    await expect(deleteIdentityProvider(other.admin, { id })).rejects.toMatchObject(absent);
    for (const role of ["CREATOR", "DEVELOPER"] as const) {
      const caller = await tenant.caller(role);
      const forbidden = { code: "auth.forbidden" };
      await expect(listIdentityProviders(caller, {})).rejects.toMatchObject(forbidden);
      await expect(addIdentityProvider(caller, wanted())).rejects.toMatchObject(forbidden);
      await expect(deleteIdentityProvider(caller, { id })).rejects.toMatchObject(forbidden);
    }
  });
});
