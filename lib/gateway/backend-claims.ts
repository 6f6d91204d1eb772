/** The claims of backend JWTs: what a verdict says, in the names that the backend understands. */
import { ownClaims, type BackendJwtDialect, type OwnClaim } from "#lib/features/backend-jwt/contract.ts";
import { isMappableClaim } from "#lib/foundation/claims.ts";
import type { Allowed } from "#lib/token-validation/verdict.ts";

type Values = Record<string, unknown>;
type Dialect = {
  write: Record<OwnClaim, (verdict: Allowed) => Values>;
  /** Every name that the dialect may write: no mapped claim passes for one of them, even where it is left out. */
  names: ReadonlySet<string>;
};

const wso2Prefix = "http://wso2.org/claims/";

const dialects: Record<BackendJwtDialect, Dialect> = {
  LATCHKEY: {
    write: {
      sub: ({ subject }) => ({ sub: subject }),
      client_id: ({ consumerKey }) => ({ client_id: consumerKey }),
      key_type: ({ keyType }) => ({ key_type: keyType }),
      // A list, because a scope of some servers holds a space.
      scopes: ({ scopes }) => ({ scopes }),
      application: ({ application }) => ({ application }),
      subscription: ({ subscription }) => ({ subscription }),
      plan: ({ plan }) => ({ plan: plan && { id: plan.id, name: plan.name } }),
      api: ({ api }) => ({ api }),
      key_manager: ({ keyManager }) => ({ key_manager: keyManager }),
    },
    names: new Set(ownClaims),
  },
  WSO2: {
    write: {
      sub: ({ subject, consumerKey }) => ({
        sub: subject,
        ...wso2({
          enduser: subject,
          usertype: isOfApplication(subject, consumerKey) ? "APPLICATION" : "Application_User",
        }),
      }),
      client_id: ({ consumerKey }) => ({ client_id: consumerKey, azp: consumerKey }),
      key_type: ({ keyType }) => wso2({ keytype: keyType }),
      // One text, separated by spaces: a scope that holds one would read as two.
      scopes: ({ scopes }) => ({ scope: scopes.filter((scope) => !scope.includes(" ")).join(" ") || null }),
      application: ({ application }) =>
        wso2({
          applicationid: application?.id,
          applicationUUId: application?.id,
          applicationname: application?.name,
        }),
      subscription: () => ({}),
      plan: ({ plan }) => wso2({ tier: plan?.name }),
      api: ({ api }) => wso2({ apiname: api.name, apicontext: audienceOf(api), version: api.version }),
      key_manager: () => ({}),
    },
    names: new Set(
      wso2Names(
        "enduser usertype keytype applicationid applicationUUId applicationname tier apiname apicontext version".split(
          " ",
        ),
      ),
    ),
  },
};

/**
 * What a backend JWT says, without its times. Facts that a call does not have are left out, and so are mapped claims
 * under a name that says something of its own here.
 *
 * @param omitted claims that the tenant leaves out, by the names of our own dialect or of mapped claims
 */
export function backendClaims(
  verdict: Allowed,
  { issuer, dialect, omittedClaims }: { issuer: string; dialect: BackendJwtDialect; omittedClaims: readonly string[] },
): Values {
  const { write, names } = dialects[dialect];
  const mayPass = (name: string) => !names.has(name) && !omittedClaims.includes(name) && isMappableClaim(name);
  const mapped = Object.entries(verdict.claims).filter(([name]) => mayPass(name));
  const own = ownClaims.filter((name) => !omittedClaims.includes(name)).map((name) => write[name](verdict));
  const told = own
    .flatMap((values) => Object.entries(values))
    .filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries([...mapped, ...told, ["iss", issuer], ["aud", audienceOf(verdict.api)]]);
}

/** The API as its callers address it, which is the audience that its backend expects. */
export function audienceOf({ context, version }: Allowed["api"]): string {
  return `${context}/${version}`;
}

/** A token that a client got for itself speaks for the client (RFC 9068 §2.2). */
function isOfApplication(subject: string | null, consumerKey: string | null): boolean {
  return subject === null || subject === consumerKey;
}

function wso2(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${wso2Prefix}${name}`, value]));
}

function wso2Names(names: readonly string[]): string[] {
  return names.map((name) => `${wso2Prefix}${name}`);
}
