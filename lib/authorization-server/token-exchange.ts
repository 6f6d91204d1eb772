/**
 * Token exchange (RFC 8693): a token of another key manager of the tenant for one of this server. Whether that
 * token is good is decided outside (`VerifySubjectToken`); here stands what the client gets for it.
 */
import { errors, type Client, type Provider } from "oidc-provider";
import type { Clock } from "#lib/foundation/clock.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { isMappableClaim } from "#lib/foundation/claims.ts";
import { subjectIssuerClaim } from "./access-tokens.ts";
import { lifetimeOf, tokenExchangeGrant } from "./client-metadata.ts";
import type { Scopes } from "./scopes.ts";
import { accessTokenAlgorithm } from "./signing.ts";

/** A token of another server that was found good: whose it is, and what of it is carried over. */
export type SubjectToken = {
  issuer: string;
  subject: string;
  /** Mapped claims, under their local names. */
  claims: Readonly<Record<string, unknown>>;
  /** Seconds since the epoch. */
  expiresAt: number;
};

/**
 * Judges a token that is to be exchanged.
 *
 * @returns why it is refused, in words for a developer
 */
export type VerifySubjectToken = (
  tenantId: TenantId,
  token: string,
) => Promise<{ accepted: SubjectToken } | { refused: string }>;

export type TokenExchange = {
  register(provider: Provider): void;
  /** Writes the subject and the mapped claims into the payload of a token that was exchanged. */
  complete(token: object, payload: Record<string, unknown>): void;
};

export type TokenExchangeOptions = {
  clock: Clock;
  tenant: { id: TenantId };
  verifySubjectToken: VerifySubjectToken;
  /** Audience of tokens that name none. */
  audience: string;
  scopes: Pick<Scopes, "offer" | "refuseUngranted">;
};

const tokenType = (name: string) => `urn:ietf:params:oauth:token-type:${name}`;
/** RFC 8693 §3. ID tokens are made for their client and open no API, so they are not exchanged. */
const subjectTokenTypes = [tokenType("access_token"), tokenType("jwt")];
const parameters = [
  "subject_token",
  "subject_token_type",
  "requested_token_type",
  "actor_token",
  "resource",
  "audience",
  "scope",
] as const;
type Parameters = Partial<Record<(typeof parameters)[number], string>>;

/** The grant for one tenant's provider. */
export function createTokenExchange(options: TokenExchangeOptions): TokenExchange {
  const { clock, tenant, verifySubjectToken, audience, scopes: known } = options;
  const subjects = new WeakMap<object, SubjectToken>();

  async function resourceServerOf(provider: Provider, client: Client, given: Parameters) {
    const wanted = given.resource ?? given.audience ?? audience;
    const { scopes, audiences } = await known.offer();
    if (!audiences.has(wanted)) throw new errors.InvalidTarget("no API here has this audience");
    const asked = (given.scope ?? "").split(" ").filter(Boolean);
    const unknown = asked.find((scope) => !scopes.has(scope));
    if (unknown !== undefined) throw new errors.InvalidScope("no API here has this scope", unknown);
    await known.refuseUngranted(client, asked);
    const resourceServer = new provider.ResourceServer(wanted, {
      audience: wanted,
      scope: [...scopes].join(" "),
      accessTokenFormat: "jwt",
      jwt: { sign: { alg: accessTokenAlgorithm } },
    });
    return { resourceServer, scope: asked.join(" ") };
  }

  async function exchange(provider: Provider, client: Client, given: Parameters) {
    checkParameters(given);
    const verdict = await verifySubjectToken(tenant.id, given.subject_token ?? "");
    // RFC 8693 §2.2.2: a subject token that is not acceptable is an invalid request.
    if ("refused" in verdict) throw new errors.InvalidRequest(verdict.refused);
    const { accepted } = verdict;
    const { resourceServer, scope } = await resourceServerOf(provider, client, given);
    const token = new provider.ClientCredentials({ client, ...(scope && { scope }) });
    token.resourceServer = resourceServer;
    // The token speaks for a person, and never outlives what it was handed out for.
    const left = Math.floor(accepted.expiresAt - clock.now().getTime() / 1000);
    const expiresIn = Math.min(lifetimeOf(client, "access_token_ttl"), left);
    if (expiresIn <= 0) throw new errors.InvalidRequest("the subject token has expired");
    Object.assign(token, { expiresIn });
    subjects.set(token, accepted);
    const value = await token.save();
    return {
      access_token: value,
      issued_token_type: tokenType("access_token"),
      token_type: token.tokenType,
      expires_in: expiresIn,
      ...(scope && { scope }),
    };
  }

  return {
    register(provider) {
      provider.registerGrantType<Parameters>(
        tokenExchangeGrant,
        async (ctx) => {
          const { client, params } = ctx.oidc;
          ctx.body = await exchange(provider, client, params);
        },
        parameters,
      );
    },
    complete(token, payload) {
      const subject = subjects.get(token);
      if (!subject) return;
      const mapped = Object.entries(subject.claims).filter(([name]) => isMappableClaim(name));
      Object.assign(payload, Object.fromEntries(mapped), {
        sub: subject.subject,
        [subjectIssuerClaim]: subject.issuer,
      });
    },
  };
}

/** @throws {errors.InvalidRequest} naming the parameter */
function checkParameters(given: Parameters): void {
  if (!given.subject_token) throw new errors.InvalidRequest("missing required parameter 'subject_token'");
  if (!given.subject_token_type) throw new errors.InvalidRequest("missing required parameter 'subject_token_type'");
  if (!subjectTokenTypes.includes(given.subject_token_type)) {
    throw new errors.InvalidRequest(`subject_token_type must be one of ${subjectTokenTypes.join(", ")}`);
  }
  const requested = given.requested_token_type;
  if (requested !== undefined && !subjectTokenTypes.includes(requested)) {
    throw new errors.InvalidRequest(`requested_token_type must be one of ${subjectTokenTypes.join(", ")}`);
  }
  // Accepting one without acting on it would promise delegation that the token does not show.
  if (given.actor_token) throw new errors.InvalidRequest("actor_token is not supported by this server");
}
