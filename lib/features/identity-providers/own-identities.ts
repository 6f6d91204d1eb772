/** The signed-in person's own identities at the identity providers of their tenants: seeing, linking, unlinking. */
import { insertAuditEvent } from "#lib/data/audit.ts";
import type { InstallationContext } from "#lib/data/database.ts";
import {
  deleteFederatedIdentity,
  findFederatedPerson,
  insertFederatedIdentity,
  listIdentitiesOf,
} from "#lib/data/federated-identities.ts";
import { listProvidersFor } from "#lib/data/identity-providers.ts";
import { findMembershipOf } from "#lib/data/memberships.ts";
import { findPerson, lockPerson } from "#lib/data/people.ts";
import { revokeSessionsOf } from "#lib/data/sessions.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { PersonId, TenantId } from "#lib/foundation/ids.ts";
import type { InstallationCaller } from "../context.ts";
import { isRecentSignIn, type LiveSession } from "../identity/session.ts";
import { parseInput } from "../verb.ts";
import { OwnIdentityRef, type OwnWaysInView } from "./contract.ts";
import { againAfterRace, identityOf, type SignInProvider } from "./sign-in.ts";

type Caller = Pick<InstallationCaller, "deps" | "requestId">;

/**
 * How the person of a session may sign in, and at which providers of their tenants they could link an identity; of the
 * one tenant alone where the session reaches no other.
 */
export async function readOwnWaysIn({ deps }: Caller, session: LiveSession): Promise<OwnWaysInView> {
  const { id: personId } = session.person;
  return deps.database.inInstallation(async (ctx) => {
    const person = await findPerson(ctx, personId);
    const identities = (await listIdentitiesOf(ctx, personId)).filter(reachedBy(session));
    const providers = (await listProvidersFor(ctx, personId)).filter(reachedBy(session));
    const linked = new Set(identities.map(({ provider }) => provider.id));
    return {
      hasPassword: (person?.passwordHash ?? null) !== null,
      identities: identities.map(({ id, provider, tenant, createdAt, opens }) => ({
        id,
        provider: provider.name,
        tenant: tenant.name,
        linkedAt: createdAt.toISOString(),
        opens,
      })),
      linkable: providers
        .filter(({ id }) => !linked.has(id))
        .map(({ id, name, tenant }) => ({ id, name, tenant: tenant.name })),
      mayChange: isRecentSignIn(deps, session),
    };
  });
}

/**
 * Whether the person of a session may set out to link an identity at a provider.
 *
 * @throws {AppError} `auth.sign_in_again`; `identity_provider.not_found` where they do not belong to its tenant
 */
export function requireMayLink({ deps }: Caller, session: LiveSession, provider: SignInProvider): void {
  if (!session.memberships.some(({ tenant }) => tenant.id === provider.tenant.id)) {
    throw new AppError("identity_provider.not_found");
  }
  requireRecentSignIn(deps, session);
}

/**
 * Adds an identity to a person who is signed in and asked for it. One that is theirs already stays as it is.
 *
 * @throws {AppError} `federation.taken` where it is another person's; `federation.not_invited` where the person
 *   does not belong to the provider's tenant
 */
export async function linkIdentity(
  caller: Caller,
  provider: SignInProvider,
  { subject, personId }: { subject: string; personId: PersonId },
): Promise<void> {
  const { tenant } = provider;
  const identity = identityOf(provider, { sub: subject });
  const attempt = () =>
    caller.deps.database.inInstallation(async (ctx) => {
      const owner = await findFederatedPerson(ctx, identity);
      if (owner === personId) return;
      if (owner) throw new AppError("federation.taken");
      const person = await findPerson(ctx, personId);
      const membership = await findMembershipOf(ctx, { tenantId: tenant.id, personId });
      if (!person?.isActive || !membership?.isActive) throw new AppError("federation.not_invited");
      await insertFederatedIdentity(ctx, { ...identity, personId });
      const change = { action: "person.link", after: { identityProvider: provider.name } } as const;
      await note(ctx, caller, { tenantId: tenant.id, person, change });
    });
  return againAfterRace(attempt);
}

/**
 * Takes an identity away from the person of a session, and ends their other sessions: it may have opened one.
 *
 * @throws {AppError} `auth.sign_in_again`; `not_found` for anybody else's, and beyond the session's reach; `federation.only_way` where the person
 *   has no password and no other identity that opens
 */
export async function unlinkIdentity(caller: Caller, session: LiveSession, raw: { id: string }): Promise<void> {
  const { deps } = caller;
  const { id } = parseInput(OwnIdentityRef, raw);
  requireRecentSignIn(deps, session);
  const personId = session.person.id;
  await deps.database.inInstallation(async (ctx) => {
    await lockPerson(ctx, personId);
    const person = await findPerson(ctx, personId);
    const identities = await listIdentitiesOf(ctx, personId);
    const gone = identities.filter(reachedBy(session)).find((identity) => identity.id === id);
    if (!person || !gone) throw new AppError("not_found");
    const hasAnother = identities.some((other) => other.id !== id && other.opens);
    if (person.passwordHash === null && !hasAnother) throw new AppError("federation.only_way");
    await deleteFederatedIdentity(ctx, gone.id);
    await revokeSessionsOf(ctx, { personId, except: session.id, now: deps.clock.now() });
    const change = { action: "person.unlink", before: { identityProvider: gone.provider.name } } as const;
    await note(ctx, caller, { tenantId: gone.tenant.id, person, change });
  });
}

/** What a session that a tenant's identity provider opened may see and change: the identities at that tenant's. */
function reachedBy({ withinTenantId }: LiveSession) {
  return ({ tenant }: { tenant: { id: TenantId } }) => withinTenantId === null || tenant.id === withinTenantId;
}

/** Whoever finds a browser open for hours must not be able to change who comes in tomorrow. */
function requireRecentSignIn(deps: Caller["deps"], session: LiveSession): void {
  if (!isRecentSignIn(deps, session)) throw new AppError("auth.sign_in_again");
}

type Change = { action: string; before?: unknown; after?: unknown };
type Note = { tenantId: TenantId; person: { id: PersonId; name: string }; change: Change };

/** In the audit of the provider's tenant, whose administrators run it. */
function note(ctx: InstallationContext, { requestId }: Caller, { tenantId, person, change }: Note): Promise<void> {
  return insertAuditEvent(
    { ...ctx, tenantId },
    {
      actorId: person.id,
      actorName: person.name,
      subjectType: "person",
      subjectId: person.id,
      subjectName: person.name,
      requestId,
      ...change,
    },
  );
}
