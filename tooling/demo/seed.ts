/**
 * A small believable world to look around in: tenants, people for each role, key managers, APIs, applications
 * and keys. Everything is made by the operations that people use, in their name.
 */
import { findMembershipOf, insertMembership } from "#lib/data/memberships.ts";
import { findPersonByEmail, insertPerson } from "#lib/data/people.ts";
import { findTenantBySlug } from "#lib/data/tenants.ts";
import { changeApiStatus } from "#lib/features/apis/change-status.ts";
import { createApi } from "#lib/features/apis/create.ts";
import { listApis } from "#lib/features/apis/read.ts";
import { createApplication } from "#lib/features/applications/create.ts";
import { listApplications } from "#lib/features/applications/list.ts";
import type { Context, Dependencies } from "#lib/features/context.ts";
import { createGatewayCredential } from "#lib/features/gateway-credentials/create.ts";
import { listGatewayCredentials } from "#lib/features/gateway-credentials/list.ts";
import { issueOneTimeLink } from "#lib/features/identity/one-time-links.ts";
import { discoverKeyManager } from "#lib/features/key-managers/discover.ts";
import { listKeyManagers } from "#lib/features/key-managers/list.ts";
import { registerKeyManager } from "#lib/features/key-managers/register.ts";
import type { KeysView } from "#lib/features/key-mappings/contract.ts";
import { generateKeys } from "#lib/features/key-mappings/generate.ts";
import { issueToken } from "#lib/features/key-mappings/issue-token.ts";
import { listKeys } from "#lib/features/key-mappings/list.ts";
import { resumeKeys } from "#lib/features/key-mappings/resume.ts";
import { listInvitations } from "#lib/features/people/list.ts";
import { revokeInvitation } from "#lib/features/people/revoke-invitation.ts";
import { permissionsOf, type Role } from "#lib/features/permissions.ts";
import { listPlans } from "#lib/features/plans/list.ts";
import { listSubscriptionsOfApplication } from "#lib/features/subscriptions/list.ts";
import { subscribe } from "#lib/features/subscriptions/subscribe.ts";
import { createTenant } from "#lib/features/tenants/create.ts";
import { isAppError } from "#lib/foundation/errors.ts";
import { newId, type PersonId, type TenantId } from "#lib/foundation/ids.ts";
import type { ExternalKeyManager } from "./key-manager-process.ts";
import type { DemoMemory } from "./memory.ts";
import { planName, sampleCall, worlds, type KeyManagerChoice, type World } from "./worlds.ts";

export type DemoPerson = { tenant: string; name: string; roles: string; url: string };

export type Demo = {
  /** Who still needs their link, which works once within 24 hours. */
  people: DemoPerson[];
  issuers: { tenant: string; keyManager: string; issuer: string }[];
  /** A question to the validator, ready for a shell; null while its keys are not finished. */
  question: string | null;
};

export type DemoServer = Pick<ExternalKeyManager, "wellKnownUrl" | "issuer" | "initialAccessToken" | "portalClient">;

type Tenant = Context["tenant"];
/** Somebody of the tenant who holds a role. */
type Cast = (role: Role) => Context;
type KeyManagerIds = Record<KeyManagerChoice, string | undefined>;

const linkLifeSeconds = 24 * 60 * 60;

/**
 * Makes what is missing of the demo. May be interrupted anywhere: the next run goes on. A tenant that was
 * finished once is left as people have made it since.
 */
export async function seedDemo(
  deps: Dependencies,
  { server, memory }: { server: DemoServer; memory: DemoMemory },
): Promise<Demo> {
  const demo: Demo = { people: [], issuers: [], question: null };
  for (const world of worlds) {
    const tenant = await ensureTenant(deps, world);
    const cast = await ensurePeople(deps, tenant, world);
    if (!memory.read().furnished.includes(tenant.id)) {
      await furnish(cast, world, server);
      const state = memory.read();
      memory.write({ ...state, furnished: [...state.furnished, tenant.id] });
    }
    demo.people.push(...(await linksFor(deps, world)));
    for (const { displayName, issuer } of (await listKeyManagers(cast("ADMINISTRATOR"), {})).items) {
      demo.issuers.push({ tenant: tenant.name, keyManager: displayName, issuer });
    }
    if (world.slug === sampleCall.tenant) demo.question = await sampleQuestion(cast, server, memory);
  }
  return demo;
}

async function ensureTenant(deps: Dependencies, { slug, name, people }: World): Promise<Tenant> {
  const known = await deps.database.inInstallation((ctx) => findTenantBySlug(ctx, slug));
  if (known) return known;
  const installation = { actor: { kind: "system", name: "Demo" }, requestId: newId(), deps } as const;
  const created = await createTenant(installation, { slug, name, administratorEmail: people[0]?.email ?? "" });
  return { id: created.id as TenantId, slug, name };
}

/** Makes the people who are missing, as members; nobody's roles are changed. */
async function ensurePeople(deps: Dependencies, tenant: Tenant, { people }: World): Promise<Cast> {
  const contexts: { roles: Role[]; ctx: Context }[] = [];
  for (const { name, email, roles } of people) {
    const person = await deps.database.inInstallation(async (ctx) => {
      const known = (await findPersonByEmail(ctx, email)) ?? (await insertPerson(ctx, { name, email }));
      const place = { tenantId: tenant.id, personId: known.id };
      if (!(await findMembershipOf(ctx, place))) await insertMembership(ctx, { ...place, roles });
      return known;
    });
    const actor = { kind: "person", personId: person.id, name, email, isOperator: false } as const;
    contexts.push({
      roles,
      ctx: { tenant, actor, permissions: permissionsOf(roles), requestId: newId<PersonId>(), deps },
    });
  }
  return (role) => {
    const found = contexts.find(({ roles }) => roles.includes(role));
    if (!found) throw new Error(`The demo's tenant ${tenant.slug} lacks a person with the role ${role}.`);
    return found.ctx;
  };
}

async function furnish(cast: Cast, world: World, server: DemoServer): Promise<void> {
  await withdrawInvitations(cast("ADMINISTRATOR"), world);
  const keyManagers = await ensureKeyManagers(cast("ADMINISTRATOR"), world, server);
  const plan = (await listPlans(cast("CREATOR"), {})).find(({ name }) => name === planName);
  if (!plan) throw new Error(`The tenant ${world.slug} lacks the plan ${planName}.`);
  const apiIds = new Map<string, string>();
  for (const api of world.apis) apiIds.set(api.name, await ensureApi(cast("CREATOR"), api, { plan, keyManagers }));
  for (const application of world.applications) {
    const id = await ensureApplication(cast("DEVELOPER"), application);
    await ensureSubscriptions(cast("DEVELOPER"), id, {
      planId: plan.id,
      apiIds: application.subscribesTo.map((name) => apiIds.get(name) ?? ""),
    });
    for (const choice of application.keysAt) {
      await ensureKeys(cast("DEVELOPER"), { applicationId: id, keyManagerId: keyManagers[choice] ?? "" });
    }
  }
}

/** A new tenant invites its first administrator, who is a member here already. */
async function withdrawInvitations(ctx: Context, { people }: World): Promise<void> {
  const addresses = people.map(({ email }) => email);
  for (const { id, email } of (await listInvitations(ctx, {})).items) {
    if (addresses.includes(email)) await revokeInvitation(ctx, { id });
  }
}

async function ensureKeyManagers(ctx: Context, { external }: World, server: DemoServer): Promise<KeyManagerIds> {
  const { items } = await listKeyManagers(ctx, {});
  const own = items.find(({ permanent }) => permanent)?.id;
  if (!external) return { own, external: undefined };
  const known = items.find(({ name }) => name === external.name);
  return { own, external: known?.id ?? (await connect(ctx, external, server)) };
}

/** Connects the server as an administrator would: from its address, with what discovery finds. */
async function connect(ctx: Context, words: NonNullable<World["external"]>, server: DemoServer): Promise<string> {
  const { connector, values } = await discoverKeyManager(ctx, { wellKnownUrl: server.wellKnownUrl });
  const { clientId, clientSecret } = server.portalClient;
  const created = await registerKeyManager(ctx, {
    ...values,
    ...words,
    connectorId: connector.id,
    connection: {
      registration: { method: "initial_access_token", token: server.initialAccessToken },
      introspection: {
        method: "client",
        clientId,
        authentication: { method: "client_secret_basic", clientSecret },
      },
    },
  });
  return created.id;
}

async function ensureApi(
  ctx: Context,
  { accepts, ...api }: World["apis"][number],
  { plan, keyManagers }: { plan: { id: string }; keyManagers: KeyManagerIds },
): Promise<string> {
  const { items } = await listApis(ctx, { search: api.name });
  const known = items.find(({ name, version }) => name === api.name && version === api.version);
  const keyManagerIds = accepts?.map((choice) => keyManagers[choice] ?? "") ?? [];
  const { id, status } =
    known ??
    (await createApi(ctx, { ...api, planIds: [plan.id], acceptAllKeyManagers: accepts === undefined, keyManagerIds }));
  if (status === "CREATED") await changeApiStatus(ctx, { id, change: "publish" });
  return id;
}

async function ensureApplication(
  ctx: Context,
  { name, description }: Pick<World["applications"][number], "name" | "description">,
): Promise<string> {
  const { items } = await listApplications(ctx, { search: name });
  const known = items.find((application) => application.name === name);
  return (known ?? (await createApplication(ctx, { name, description }))).id;
}

async function ensureSubscriptions(
  ctx: Context,
  applicationId: string,
  { planId, apiIds }: { planId: string; apiIds: string[] },
): Promise<void> {
  const { items } = await listSubscriptionsOfApplication(ctx, { applicationId, limit: 100 });
  const subscribed = new Set(items.map(({ api }) => api.id));
  for (const apiId of apiIds) {
    if (!subscribed.has(apiId)) await subscribe(ctx, { applicationId, apiId, planId });
  }
}

/**
 * Production keys. What an earlier run left unfinished is finished, or is in the reconciler's hands. A client of
 * which nobody knows whether it stands at the server may stay there: it is the demo's own server.
 */
async function ensureKeys(ctx: Context, place: { applicationId: string; keyManagerId: string }): Promise<void> {
  const keys = await productionKeys(ctx, place);
  if (keys === undefined) {
    await generateKeys(ctx, {
      ...place,
      keyType: "PRODUCTION",
      grantTypes: ["client_credentials"],
      firstToken: false,
    });
  } else if (keys.state !== "ACTIVE" && !keys.operation?.running) {
    await resumeKeys(ctx, { id: keys.id, acceptDuplicate: true });
  }
}

async function productionKeys(
  ctx: Context,
  { applicationId, keyManagerId }: { applicationId: string; keyManagerId: string },
): Promise<KeysView | undefined> {
  const keys = await listKeys(ctx, { applicationId, keyType: "PRODUCTION" });
  return keys.find(({ keyManager }) => keyManager.id === keyManagerId);
}

async function linksFor(deps: Dependencies, world: World): Promise<DemoPerson[]> {
  return deps.database.inInstallation(async (ctx) => {
    const links: DemoPerson[] = [];
    for (const { name, email, roles } of world.people) {
      const person = await findPersonByEmail(ctx, email);
      if (!person || person.passwordHash !== null) continue;
      const { url } = await issueOneTimeLink(ctx, deps, {
        personId: person.id,
        purpose: "FIRST_SIGN_IN",
        lifeSeconds: linkLifeSeconds,
      });
      links.push({ tenant: world.name, name, roles: roles.join(", ").toLowerCase(), url });
    }
    return links;
  });
}

/** The sample call as a question that a gateway would ask, with a fresh token of the external key manager. */
async function sampleQuestion(cast: Cast, server: DemoServer, memory: DemoMemory): Promise<string | null> {
  const developer = cast("DEVELOPER");
  const { items } = await listApplications(developer, { search: sampleCall.application });
  const application = items.find(({ name }) => name === sampleCall.application);
  const keyManager = (await listKeyManagers(cast("ADMINISTRATOR"), {})).items.find(
    ({ issuer }) => issuer === server.issuer,
  );
  if (!application || !keyManager?.enabled) return null;
  const keys = await productionKeys(developer, { applicationId: application.id, keyManagerId: keyManager.id });
  if (!keys?.can.issueToken) return null;
  const token = await issueToken(developer, { id: keys.id, scopes: [...sampleCall.scopes] }).catch((error: unknown) => {
    // What people have changed since, such as a subscription, is no reason to fail.
    if (isAppError(error)) return null;
    throw error;
  });
  if (!token) return null;
  const { method, requestPath } = sampleCall;
  const credential = await ensureGatewayCredential(cast("ADMINISTRATOR"), memory);
  return [
    `curl -s ${developer.deps.origin}/gateway/v1/validate`,
    `-H 'Authorization: Bearer ${credential}'`,
    "-H 'Content-Type: application/json'",
    `-d '${JSON.stringify({ method, requestPath, token: token.accessToken })}'`,
  ].join(" \\\n    ");
}

async function ensureGatewayCredential(ctx: Context, memory: DemoMemory): Promise<string> {
  const { items } = await listGatewayCredentials(ctx, { limit: 100 });
  const kept = memory.read().gatewayCredential;
  if (kept !== undefined && items.some(({ prefix, revokedAt }) => kept.startsWith(prefix) && revokedAt === null)) {
    return kept;
  }
  // Revoked ones keep their names, and so does one that an interrupted run made and never showed.
  const names = new Set(items.map(({ name }) => name));
  const name = Array.from({ length: 101 }, (_, index) => `Demo gateway ${index + 1}`).find((one) => !names.has(one));
  const { credential } = await createGatewayCredential(ctx, { name: name ?? `Demo gateway ${newId()}` });
  memory.write({ ...memory.read(), gatewayCredential: credential });
  return credential;
}
