import type { z } from "zod";
import type { PermanentPlace, PermanentSettings } from "#lib/connector-kit/contract.ts";
import type { connection } from "./config.ts";

/**
 * Where a tenant's own authorization server stands, and how the portal authenticates to it. Both sides
 * derive the same secrets, so that none has to be handed over.
 */
export function ownServer({
  tenantId,
  tenantSlug,
  origin,
  derive,
}: PermanentPlace): PermanentSettings<z.input<typeof connection>> {
  const issuer = `${origin}/t/${tenantSlug}/oidc`;
  return {
    name: "built-in",
    displayName: "Built-in key manager",
    description: "The authorization server that comes with Latchkey.",
    wellKnownUrl: `${issuer}/.well-known/openid-configuration`,
    issuer,
    endpoints: {
      registration: `${issuer}/reg`,
      token: `${issuer}/token`,
      authorization: `${issuer}/auth`,
      introspection: `${issuer}/token/introspection`,
      revocation: `${issuer}/token/revocation`,
      userinfo: `${issuer}/me`,
    },
    signingKeys: { kind: "jwks", url: `${issuer}/jwks` },
    connection: {
      registrationToken: derive("built-in.registration", tenantId),
      introspectionClientId: "latchkey-portal",
      introspectionSecret: derive("built-in.introspection", tenantId),
    },
  };
}
