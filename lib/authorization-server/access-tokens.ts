/**
 * Access tokens are signed and stand on their own (RFC 9068), so the library can neither introspect nor
 * revoke them. This file does, for the same endpoints and with the library's own client authentication.
 */
import { createLocalJWKSet, jwtVerify, type JWK } from "jose";
import type { KoaContextWithOIDC, Provider } from "oidc-provider";
import { z } from "zod";
import type { Database } from "#lib/data/database.ts";
import { findAccount } from "#lib/data/issuers.ts";
import { isOwnTokenRevoked, revokeOwnTokens } from "#lib/data/revocations.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { accessTokenAlgorithm } from "./signing.ts";

/** The client with which the portal introspects; it can do nothing else. */
export const portalClientId = "latchkey-portal";

/**
 * The claim that names who issued the token that was exchanged for this one. The subject is that server's, and
 * no person of ours, whatever it reads.
 */
export const subjectIssuerClaim = "idp";

const claimsShape = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  client_id: z.string(),
  exp: z.number(),
  iat: z.number(),
  jti: z.string(),
  scope: z.string().optional(),
  /** Present in a token that was exchanged: the issuer that knows the subject. */
  [subjectIssuerClaim]: z.string().optional(),
});
export type AccessTokenClaims = z.output<typeof claimsShape>;

export type AccessTokenOptions = {
  database: Database;
  clock: Clock;
  tenantId: TenantId;
  issuer: string;
  /** Public keys, as published. */
  published: JWK[];
};

export type AccessTokens = {
  /** The claims of a token that this issuer signed and that has not expired; null for anything else. */
  verify(token: string): Promise<AccessTokenClaims | null>;
  /** True while neither the token, its client nor its person was withdrawn. */
  isActive(claims: AccessTokenClaims, provider: Provider): Promise<boolean>;
  revoke(claims: AccessTokenClaims): Promise<void>;
};

export function createAccessTokens({ database, clock, tenantId, issuer, published }: AccessTokenOptions): AccessTokens {
  const keys = createLocalJWKSet({ keys: published });
  return {
    async verify(token) {
      const verified = await jwtVerify(token, keys, {
        issuer,
        typ: "at+jwt",
        algorithms: [accessTokenAlgorithm],
        currentDate: clock.now(),
      }).catch(() => null);
      // An unknown token is ordinary here (RFC 7662 §2.2), whatever is wrong with it.
      return verified && (claimsShape.safeParse(verified.payload).data ?? null);
    },
    async isActive({ jti, sub, client_id, iat, [subjectIssuerClaim]: subjectIssuer }, provider) {
      if (!(await provider.Client.find(client_id))) return false;
      return database.inTenant(tenantId, async (ctx) => {
        const issuedAt = new Date(iat * 1000);
        if (await isOwnTokenRevoked(ctx, { tokenId: jti, consumerKey: client_id, subject: sub, issuedAt }))
          return false;
        if (subjectIssuer !== undefined) return true;
        return sub === client_id || (await findAccount(ctx, sub)) !== null;
      });
    },
    revoke: ({ jti, exp }) =>
      database.inTenant(tenantId, (ctx) => revokeOwnTokens(ctx, [{ tokenId: jti, expiresAt: new Date(exp * 1000) }])),
  };
}

/**
 * Answers where the library refused a structured token. It refuses only after it has authenticated the
 * client, so that part stands.
 *
 * - Introspection (RFC 7662) is for the portal and for the client to which the token was issued; anybody
 *   else is told no more than of a token that does not exist.
 * - Revocation (RFC 7009) is for the token's own client; a foreign or unknown token is answered alike.
 */
export async function answerStructuredToken(ctx: KoaContextWithOIDC, tokens: AccessTokens): Promise<void> {
  const { client, params, route } = ctx.oidc;
  const token = params?.["token"];
  if (!client || typeof token !== "string") return;
  if (route !== "introspection" && route !== "revocation") return;
  if (errorOf(ctx.body) !== "unsupported_token_type") return;

  const claims = await tokens.verify(token);
  ctx.status = 200;
  ctx.set("cache-control", "no-store");
  if (route === "revocation") {
    if (claims?.client_id === client.clientId) await tokens.revoke(claims);
    ctx.body = "";
    return;
  }
  const mayKnow = mayIntrospect(client, claims?.client_id);
  const active = claims !== null && mayKnow && (await tokens.isActive(claims, ctx.oidc.provider));
  ctx.body = active ? { active: true, token_type: "Bearer", ...claims } : { active: false };
}

/** Who may learn about a token: the portal, and the client that holds it if it can prove who it is. */
export function mayIntrospect(
  caller: { clientId: string; tokenEndpointAuthMethod?: string | undefined },
  ownerId: string | undefined,
): boolean {
  if (caller.clientId === portalClientId) return true;
  return caller.tokenEndpointAuthMethod !== "none" && caller.clientId === ownerId;
}

/** The `error` member of an OAuth error answer. */
export function errorOf(body: unknown): unknown {
  return typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
}
