import "server-only";
import { forbidden, redirect } from "next/navigation";
import { cache } from "react";

import type { Context, InstallationCaller } from "#lib/features/context.ts";
import type { PersonView, TenantChoice } from "#lib/features/identity/contract.ts";
import { activeMembership, actorOf, contextOf, type LiveSession } from "#lib/features/identity/session.ts";
import { rolesGranting, type Permission, type Role } from "#lib/features/permissions.ts";
import { runtime } from "#lib/runtime.ts";
import { currentPath, requestId } from "./request.ts";
import { currentSession } from "./session.ts";

/** Why the page of this request was refused, for the page that says who can help. */
const denial = cache((): { roles: readonly Role[] | "OPERATOR" | null } => ({ roles: null }));

/** The roles that would have opened the refused page; "OPERATOR" for operators' pages. */
export function deniedRoles(): readonly Role[] | "OPERATOR" | null {
  return denial().roles;
}

/**
 * The caller of a page, in the active tenant. Sends strangers to the sign-in page and back afterwards,
 * people without a tenant to the page that says so, and answers 403 where the permission is missing.
 */
export async function requireContext(permission?: Permission): Promise<Context> {
  const session = await requireSession();
  const context = contextOf(session, { requestId: await requestId(), deps: runtime().deps });
  if (!context) redirect(session.person.isOperator ? "/operator/tenants" : "/no-tenant");
  if (permission && !context.permissions.has(permission)) {
    denial().roles = rolesGranting(permission);
    forbidden();
  }
  return context;
}

/** The session of a page that needs a person but no tenant. Sends strangers to the sign-in page. */
export async function requireSession(): Promise<LiveSession> {
  const session = await currentSession();
  if (session) return session;
  const path = await currentPath();
  return redirect(path === "/" ? "/sign-in" : `/sign-in?returnTo=${encodeURIComponent(path)}`);
}

/** The caller of an operator's page. Answers 403 to anybody else. */
export async function requireOperator(): Promise<InstallationCaller> {
  const session = await requireSession();
  if (!session.person.isOperator) {
    denial().roles = "OPERATOR";
    forbidden();
  }
  return { actor: actorOf(session), requestId: await requestId(), deps: runtime().deps };
}

/** Who is signed in, and where: what the shell shows. Null for strangers. */
export type CurrentPerson = {
  person: PersonView;
  tenants: TenantChoice[];
  activeTenant: TenantChoice | null;
  /** The tenant whose identity provider signed them in, and which alone they reach. */
  within: TenantChoice | null;
  /** Tenants of theirs that want another sign-in. */
  beyond: Omit<TenantChoice, "roles">[];
};

export async function currentPerson(): Promise<CurrentPerson | null> {
  const session = await currentSession();
  if (!session) return null;
  const active = activeMembership(session);
  const tenants = session.memberships.map(({ tenant, roles }) => ({ ...tenant, roles }));
  return {
    person: session.person,
    tenants,
    activeTenant: tenants.find(({ id }) => id === active?.tenant.id) ?? null,
    within: tenants.find(({ id }) => id === session.withinTenantId) ?? null,
    beyond: session.beyond.tenants,
  };
}
