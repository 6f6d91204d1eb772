/** Signing in through an identity provider. Who somebody is: the provider and its `sub`, never an address. */
import { insertAuditEvent } from "#lib/data/audit.ts";
import { isUniqueViolation, type InstallationContext } from "#lib/data/database.ts";
import { findFederatedPerson, insertFederatedIdentity, type Identity } from "#lib/data/federated-identities.ts";
import { findSignInProvider, listSignInProviders, type SignInProvider } from "#lib/data/identity-providers.ts";
import { findMembershipOf, insertMembership } from "#lib/data/memberships.ts";
import { findPerson, findPersonByEmail, insertPerson } from "#lib/data/people.ts";
import { isConnectorError } from "#lib/foundation/connector-error.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { newId, parseId, type IdentityProviderId, type PersonId, type TenantId } from "#lib/foundation/ids.ts";
import { OpenIdEndpoints, redeemCode, type OpenIdClaims, type Redemption } from "#lib/protocol/authorization-code.ts";
import type { Dependencies, InstallationCaller } from "../context.ts";
import { EmailInput } from "../identity/contract.ts";
import { redirectUriOf, secretPlace } from "./verbs.ts";

export { OpenIdEndpoints, type OpenIdClaims, type SignInProvider };

type Caller = Pick<InstallationCaller, "deps" | "requestId">;
export type Entered = { personId: PersonId; tenantId: TenantId };

/** The provider under an id, where somebody may sign in through it now. */
export async function openSignInProvider({ database }: Dependencies, id: unknown): Promise<SignInProvider | null> {
  const known = parseId<IdentityProviderId>(id);
  return known ? database.inInstallation((ctx) => findSignInProvider(ctx, known)) : null;
}

/** The providers that a tenant's sign-in page offers; none for an unknown tenant. */
export async function offeredProviders(
  { database }: Dependencies,
  slug: string,
): Promise<{ id: string; name: string }[]> {
  return database.inInstallation((ctx) => listSignInProviders(ctx, slug));
}

/**
 * Redeems what the provider sent back.
 *
 * @throws {AppError} `federation.failed`
 */
export async function authenticate(
  { vault, outbound, clock, origin }: Dependencies,
  provider: SignInProvider,
  flow: Pick<Redemption, "returned" | "expected">,
): Promise<OpenIdClaims> {
  const place = secretPlace(provider.tenant.id, provider.id);
  const redemption: Redemption = {
    ...flow,
    issuer: provider.issuer,
    clientId: provider.clientId,
    clientSecret: vault.open(place, provider.sealedClientSecret),
    endpoints: OpenIdEndpoints.parse(provider.endpoints),
    redirectUri: redirectUriOf(origin, provider.id),
  };
  try {
    return await redeemCode({ fetch: outbound, clock }, redemption);
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    throw new AppError("federation.failed", { cause: error });
  }
}

/**
 * The person behind an identity. Somebody new is let in where the provider gives first roles, as a person of
 * their own: whatever address the provider names, no existing person is taken for them.
 *
 * @throws {AppError} `federation.not_invited`; `auth.forbidden` where they are disabled
 */
export async function enterThrough(caller: Caller, provider: SignInProvider, claims: OpenIdClaims): Promise<Entered> {
  return againAfterRace(() => caller.deps.database.inInstallation((ctx) => enter(ctx, { caller, provider, claims })));
}

/** Tries once more where another window has just stored the same identity or person: now it is found. */
export function againAfterRace<T>(attempt: () => Promise<T>): Promise<T> {
  return attempt().catch((error: unknown) => {
    if (!isUniqueViolation(error)) throw error;
    return attempt();
  });
}

type Entering = { caller: Caller; provider: SignInProvider; claims: OpenIdClaims };

async function enter(ctx: InstallationContext, { caller, provider, claims }: Entering): Promise<Entered> {
  const { tenant, initialRoles } = provider;
  const identity = identityOf(provider, claims);
  const known = await findFederatedPerson(ctx, identity);
  if (known) {
    const person = await findPerson(ctx, known);
    const membership = await findMembershipOf(ctx, { tenantId: tenant.id, personId: known });
    if (!person?.isActive || !membership?.isActive) {
      throw new AppError("auth.forbidden", { message: `Your access to ${tenant.name} is disabled.` });
    }
    return { personId: known, tenantId: tenant.id };
  }
  if (initialRoles.length === 0) throw new AppError("federation.not_invited");
  const person = await insertPerson(ctx, { email: await ownAddress(ctx, claims), name: nameOf(claims) });
  await insertMembership(ctx, { tenantId: tenant.id, personId: person.id, roles: initialRoles });
  await insertFederatedIdentity(ctx, { ...identity, personId: person.id });
  await insertAuditEvent(
    { ...ctx, tenantId: tenant.id },
    {
      actorId: person.id,
      actorName: person.name,
      action: "person.join",
      subjectType: "person",
      subjectId: person.id,
      subjectName: person.name,
      after: { identityProvider: provider.name, roles: initialRoles },
      requestId: caller.requestId,
    },
  );
  return { personId: person.id, tenantId: tenant.id };
}

/** The key under which somebody is known: provider and `sub` (OpenID Connect Core 1.0 §5.7). */
export function identityOf(provider: SignInProvider, { sub }: Pick<OpenIdClaims, "sub">): Identity {
  return { tenantId: provider.tenant.id, identityProviderId: provider.id, subject: sub };
}

/** What somebody new is called: by a name that the provider gives, cut to the length that a name may have. */
export function nameOf({ name, preferred_username, email }: OpenIdClaims): string {
  return (name || preferred_username || email || "Unnamed").trim().slice(0, 120) || "Unnamed";
}

/** The address that the provider vouches for, while nobody has it; otherwise one that belongs to nobody (RFC 2606 §2). */
async function ownAddress(ctx: InstallationContext, { email, email_verified }: OpenIdClaims): Promise<string> {
  const parsed = email_verified ? EmailInput.safeParse(email) : undefined;
  if (parsed?.success && !(await findPersonByEmail(ctx, parsed.data))) return parsed.data;
  return `${newId()}@federated.invalid`;
}
