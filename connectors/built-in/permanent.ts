import type { PermanentPlace, PermanentSettings } from "#lib/connector-kit/contract.ts";
import type { Secret } from "#lib/foundation/secret.ts";

type ConnectionInput = { registrationToken: Secret; introspectionClientId: string; introspectionSecret: Secret };

/**
 * The tenant's own key manager: an issuer below the installation's address, and secrets that the
 * authorization server derives in the same way.
 */
export function permanentSettings({
  tenantId,
  tenantSlug,
  origin,
  derive,
}: PermanentPlace): PermanentSettings<ConnectionInput> {
  const issuer = `${origin}/t/${tenantSlug}/oidc`;
  return {
    name: "built-in",
    displayName: "Built-in",
    description: "The authorization server of this installation.",
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
