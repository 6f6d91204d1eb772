/**
 * What the sign-in and consent pages need: to read what an application asks for, and to record what the
 * person decided. Every call carries the browser's cookies, and works only in the browser in which the
 * application's request began.
 */
import { ServerResponse } from "node:http";
import type { Grant, Provider } from "oidc-provider";
import type { Database } from "#lib/data/database.ts";
import { findAccount, listOfferedScopes } from "#lib/data/issuers.ts";
import type { PersonId, TenantId } from "#lib/foundation/ids.ts";
import { makeRequest } from "./made-request.ts";
import { identityScopes } from "./provider.ts";

/** Somebody at the page: the cookies that came with the request, and who the portal says it is, since when. */
export type Visitor = { cookies: string; personId: PersonId; signedInAt: Date };

export type InteractionView = {
  step: "sign_in" | "consent";
  clientName: string;
  /** Where the person will be sent back to, for the eye: a host, or the scheme of an installed application. */
  destination: string;
  tenantName: string;
  /** Who signed in to the application; null before that. */
  accountId: string | null;
  /** A sign-in from before this moment is not enough; null where any is (`prompt=login`, `max_age`). */
  signedInSince: Date | null;
  /** What is asked for and was not allowed before; empty while signing in. */
  scopes: { name: string; description: string }[];
};

export type InteractionOptions = {
  database: Database;
  provider: Provider;
  tenant: { id: TenantId; name: string };
};

/** The address at which the application's request goes on; on this server, and never an application's. */
export type Continuation = { continueTo: string };

const identityDescriptions: Partial<Record<string, string>> = {
  openid: "Recognise you when you come back",
  profile: "See your name",
  email: "See your e-mail address",
  offline_access: "Keep this access while you are away",
};

/** Reads what is asked; null where it has expired, was answered, or began in another browser. */
export async function readInteraction(
  { database, provider, tenant }: InteractionOptions,
  interactionId: string,
  cookies: string,
): Promise<InteractionView | null> {
  const interaction = await open(provider, interactionId, cookies);
  if (!interaction) return null;
  const client = await provider.Client.find(String(interaction.params["client_id"]));
  if (!client) return null;
  const offered = await database.inTenant(tenant.id, (tx) => listOfferedScopes(tx));
  const step = interaction.prompt.name === "consent" ? "consent" : "sign_in";
  const asked = step === "consent" ? missingScopes(interaction.prompt.details, interaction.params["scope"]) : [];
  return {
    step,
    clientName: client.clientName ?? client.clientId,
    destination: destinationOf(interaction.params["redirect_uri"]),
    tenantName: tenant.name,
    accountId: interaction.session?.accountId ?? null,
    signedInSince: signedInSince(interaction),
    scopes: asked.map((name) => ({
      name,
      description:
        identityDescriptions[name] ?? offered.filter((scope) => scope.name === name).map(describeScope)[0] ?? "",
    })),
  };
}

/** Signs the person in to the application that asks. @returns null where there is nothing to answer */
export async function signIn(
  { database, provider, tenant }: InteractionOptions,
  interactionId: string,
  { cookies, personId, signedInAt }: Visitor,
): Promise<Continuation | null> {
  const interaction = await open(provider, interactionId, cookies);
  if (interaction?.prompt.name !== "login") return null;
  const since = signedInSince(interaction);
  if (since && signedInAt < since) return null;
  if (!(await database.inTenant(tenant.id, (tx) => findAccount(tx, personId)))) return null;
  const ts = Math.floor(signedInAt.getTime() / 1000);
  return finish(provider, cookies, { login: { accountId: personId, ts, remember: false } });
}

/** Allows everything that is asked for. @returns null where there is nothing to answer, or somebody else asked */
export async function allow(
  { database, provider, tenant }: InteractionOptions,
  interactionId: string,
  { cookies, personId }: Visitor,
): Promise<Continuation | null> {
  const interaction = await open(provider, interactionId, cookies);
  if (interaction?.prompt.name !== "consent" || interaction.session?.accountId !== personId) return null;
  if (!(await database.inTenant(tenant.id, (tx) => findAccount(tx, personId)))) return null;
  const grant =
    (interaction.grantId && (await provider.Grant.find(interaction.grantId))) ||
    new provider.Grant({ accountId: personId, clientId: String(interaction.params["client_id"]) });
  addMissing(grant, interaction.prompt.details, interaction.params["scope"]);
  return finish(provider, cookies, { consent: { grantId: await grant.save() } });
}

/** Tells the application that the person did not allow it. @returns null where there is nothing to answer */
export async function deny(
  { provider }: InteractionOptions,
  interactionId: string,
  cookies: string,
): Promise<Continuation | null> {
  if (!(await open(provider, interactionId, cookies))) return null;
  return finish(provider, cookies, {
    error: "access_denied",
    error_description: "the person did not allow the access",
  });
}

async function open(provider: Provider, interactionId: string, cookies: string) {
  const { req, res } = exchange(cookies);
  const interaction = await provider.interactionDetails(req, res).catch(() => null);
  // The cookie decides; the address must say the same, so that nobody is shown another request than they think.
  return interaction?.uid === interactionId ? interaction : null;
}

async function finish(
  provider: Provider,
  cookies: string,
  result: Parameters<Provider["interactionResult"]>[2],
): Promise<Continuation> {
  const { req, res } = exchange(cookies);
  return { continueTo: await provider.interactionResult(req, res, result) };
}

/** The library takes Node's request for the cookies in it; pages have only these. */
function exchange(cookies: string) {
  const req = makeRequest({ method: "GET", headers: { cookie: cookies } });
  return { req, res: new ServerResponse(req) };
}

/**
 * From when on a sign-in counts (OpenID Connect Core §3.1.2.1). Asking for a new one means one after the
 * request; both count in whole seconds.
 */
function signedInSince({ iat, prompt, params }: Awaited<ReturnType<Provider["interactionDetails"]>>): Date | null {
  if (prompt.name !== "login") return null;
  if (prompt.reasons.includes("login_prompt")) return new Date(iat * 1000);
  const maximumAge = params["max_age"] === undefined ? Number.NaN : Number(params["max_age"]);
  return Number.isSafeInteger(maximumAge) ? new Date((iat - maximumAge) * 1000) : null;
}

type PromptDetails = Record<string, unknown>;

function scopeList(scope: unknown): string[] {
  return typeof scope === "string" ? scope.split(" ").filter(Boolean) : [];
}

function missingOf(details: PromptDetails) {
  const identity = (details["missingOIDCScope"] ?? []) as string[];
  const resources = (details["missingResourceScopes"] ?? {}) as Record<string, string[]>;
  return { identity, resources };
}

/** What is new; everything asked for where nothing is, since an installed application asks each time. */
function missingScopes(details: PromptDetails, requested: unknown): string[] {
  const { identity, resources } = missingOf(details);
  const missing = new Set([...identity, ...Object.values(resources).flat()]);
  return missing.size > 0 ? [...missing] : scopeList(requested);
}

function addMissing(grant: Grant, details: PromptDetails, requested: unknown): void {
  const { identity, resources } = missingOf(details);
  const identityAsked = scopeList(requested).filter((scope) => identityScopes.some((name) => name === scope));
  const granted = identity.length > 0 ? identity : identityAsked;
  if (granted.length > 0) grant.addOIDCScope(granted.join(" "));
  for (const [resource, scopes] of Object.entries(resources)) grant.addResourceScope(resource, scopes.join(" "));
}

function describeScope({ description, apiName }: { description: string; apiName: string }): string {
  return description ? `${description} (${apiName})` : apiName;
}

function destinationOf(redirectUri: unknown): string {
  const url = typeof redirectUri === "string" ? URL.parse(redirectUri) : null;
  if (!url) return "";
  return url.host || url.protocol.replace(/:$/, "");
}
