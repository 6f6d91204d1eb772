import type { Provider } from "oidc-provider";
import type { Database } from "#lib/data/database.ts";
import { findAccount } from "#lib/data/issuers.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { subjectIssuerClaim, type AccessTokens } from "./access-tokens.ts";
import type { JsonAnswer } from "./management.ts";
import { accountClaims } from "./provider.ts";

export type UserinfoOptions = {
  database: Database;
  tenantId: TenantId;
  issuer: string;
  provider: Provider;
  accessTokens: AccessTokens;
};

/** Claims about the person for whom a token was issued (OpenID Connect Core §5.3). */
export async function answerUserinfo(options: UserinfoOptions, token: string): Promise<JsonAnswer> {
  const { database, tenantId, issuer, provider, accessTokens } = options;
  const claims = await accessTokens.verify(token);
  if (!claims || !(await accessTokens.isActive(claims, provider))) return refuse(issuer, 401, "invalid_token");
  // Of a subject that another server knows there is nothing to tell.
  if (claims[subjectIssuerClaim] !== undefined) return refuse(issuer, 403, "insufficient_scope");
  const scopes = new Set(claims.scope?.split(" "));
  if (!scopes.has("openid")) return refuse(issuer, 403, "insufficient_scope");
  const account = await database.inTenant(tenantId, (ctx) => findAccount(ctx, claims.sub));
  return account ? { status: 200, body: accountClaims(account, scopes) } : refuse(issuer, 401, "invalid_token");
}

/** RFC 6750 §3. */
function refuse(issuer: string, status: number, error: string): JsonAnswer {
  return { status, body: { error }, headers: { "www-authenticate": `Bearer realm="${issuer}", error="${error}"` } };
}
