/** An identity provider that is stored and never asked: for tests that begin with what it said of somebody. */
import { randomUUID } from "node:crypto";
import { insertIdentityProvider } from "#lib/data/identity-providers.ts";
import type { Context } from "#lib/features/context.ts";
import { openSignInProvider, type SignInProvider } from "#lib/features/identity-providers/sign-in.ts";
import type { Role } from "#lib/features/permissions.ts";
import { newId, type IdentityProviderId } from "#lib/foundation/ids.ts";

/** A new provider of the caller's tenant, through which somebody may sign in. @param initialRoles none by default */
export async function testIdentityProvider(ctx: Context, initialRoles: Role[] = []): Promise<SignInProvider> {
  const id = newId<IdentityProviderId>();
  await ctx.deps.database.inTenant(ctx.tenant.id, (tx) =>
    insertIdentityProvider(tx, id, {
      name: `Staff ${id.slice(-6)}`,
      issuer: "https://staff.example",
      clientId: "portal",
      sealedClientSecret: "never opened",
      endpoints: {},
      initialRoles,
      enabled: true,
    }),
  );
  const provider = await openSignInProvider(ctx.deps, id);
  if (!provider) throw new Error("not usable");
  return provider;
}

/** What a provider says of somebody whom nobody knows yet. */
export const stranger = () => ({ sub: randomUUID(), name: "Grace Hopper", email: `${randomUUID()}@staff.example` });
