/** The answer to "may this token call this API?": a value in both cases, never an exception. */

export type KeyType = "PRODUCTION" | "SANDBOX";

/** The call may pass. What the gateway and the backend may know about the caller. */
export type Allowed = {
  readonly allowed: true;
  readonly api: { readonly id: string; readonly name: string; readonly context: string; readonly version: string };
  readonly keyManager: { readonly id: string; readonly name: string };
  /** Null where the token names no client and the API does not ask for a subscription. */
  readonly consumerKey: string | null;
  readonly keyType: KeyType | null;
  /** Null where the API does not ask for a subscription and the consumer key belongs to no application. */
  readonly application: { readonly id: string; readonly name: string } | null;
  readonly subscription: { readonly id: string } | null;
  readonly plan: { readonly id: string; readonly name: string; readonly requestsPerMinute: number | null } | null;
  readonly subject: string | null;
  readonly scopes: readonly string[];
  /** The token's mapped claims, under their local names; the same object while what is known of the token is the same. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Seconds since the epoch; null where the key manager did not say (introspection only). */
  readonly expiresAt: number | null;
  /** Null where the tenant's backends get none. The gateway's part fills it in: the validator itself signs nothing. */
  readonly backendToken: BackendToken | null;
};

/** What the backend gets in place of the access token: a JWT of Latchkey's own, and the header to send it in. */
export type BackendToken = { readonly header: string; readonly token: string };

/** The call may not pass. */
export type Refused = {
  readonly allowed: false;
  readonly reason: Reason;
  /** The published error code, 900900 to 900914. */
  readonly code: number;
  /** HTTP status with which a gateway answers the caller. */
  readonly status: number;
  /** Plain ASCII words for the caller, the same for every call with this reason. */
  readonly message: string;
  /** How the token came, where it did not come as Bearer: the caller is answered in the same scheme. */
  readonly scheme?: "DPoP";
  /** Any one of these scopes would have been enough; for `scope_missing`. */
  readonly requiredScopes?: readonly string[];
  /** For refusals that pass by themselves (status 503). */
  readonly retryAfterSeconds?: number;
};

export type Verdict = Allowed | Refused;

type Refusal = { code: number; status: 400 | 401 | 403 | 404 | 503; message: string };

/**
 * Every reason for a refusal. Words are plain ASCII without quotation marks and backslashes, so that a
 * gateway may put them into a header or a JSON text as they are.
 */
export const refusals = {
  unavailable: {
    code: 900900,
    status: 503,
    message: "The token cannot be checked at the moment. Try again shortly.",
  },
  tenant_suspended: { code: 900900, status: 403, message: "This organisation is suspended." },
  token_malformed: { code: 900901, status: 401, message: "The access token is not well formed." },
  token_in_query: {
    code: 900901,
    status: 400,
    message: "Access tokens are not taken from the query string. Send the Authorization header.",
  },
  issuer_unknown: { code: 900901, status: 401, message: "The access token comes from an issuer that is not trusted." },
  key_manager_disabled: {
    code: 900901,
    status: 401,
    message: "The key manager that issued the access token is disabled.",
  },
  key_manager_not_accepted: {
    code: 900901,
    status: 401,
    message: "This API does not accept access tokens of this key manager.",
  },
  key_manager_ambiguous: {
    code: 900901,
    status: 401,
    message: "Several key managers could own this token. Let the API accept one, or tell them apart by token handling.",
  },
  key_manager_unmatched: {
    code: 900901,
    status: 401,
    message: "No key manager of this issuer handles access tokens with these claims.",
  },
  algorithm_refused: {
    code: 900901,
    status: 401,
    message: "The access token is signed with an algorithm that its key manager does not use.",
  },
  key_unknown: { code: 900901, status: 401, message: "The access token is signed with a key that is not published." },
  signature_invalid: { code: 900901, status: 401, message: "The signature of the access token is wrong." },
  claims_invalid: { code: 900901, status: 401, message: "The claims of the access token are not usable." },
  not_yet_valid: { code: 900901, status: 401, message: "The access token is not valid yet." },
  consumer_key_disagreement: {
    code: 900901,
    status: 401,
    message: "The access token names more than one consumer key.",
  },
  sender_constrained: {
    code: 900901,
    status: 401,
    message: "The access token is bound to its holder in a way that cannot be checked here.",
  },
  certificate_missing: {
    code: 900901,
    status: 401,
    message: "The access token is bound to a client certificate, and the call came without one.",
  },
  certificate_mismatch: {
    code: 900901,
    status: 401,
    message: "The access token is bound to another client certificate.",
  },
  dpop_required: {
    code: 900901,
    status: 401,
    message: "The access token is bound to a key of its holder. Send it as DPoP, with a proof.",
  },
  dpop_unbound: {
    code: 900901,
    status: 401,
    message: "The access token is bound to no key. Send it as Bearer.",
  },
  dpop_address_unknown: {
    code: 900900,
    status: 403,
    message: "The gateway does not say at which address it was called, so no DPoP proof can be checked.",
  },
  dpop_proof_missing: { code: 900901, status: 401, message: "The request carries no DPoP proof." },
  dpop_proof_invalid: { code: 900901, status: 401, message: "The DPoP proof is not well formed or wrongly signed." },
  dpop_proof_foreign: {
    code: 900901,
    status: 401,
    message: "The DPoP proof is signed with another key than the one that the access token is bound to.",
  },
  dpop_proof_untimely: { code: 900901, status: 401, message: "The DPoP proof is too old, or not valid yet." },
  dpop_proof_mismatch: {
    code: 900901,
    status: 401,
    message: "The DPoP proof was made for another method, address or access token.",
  },
  dpop_proof_replayed: { code: 900901, status: 401, message: "The DPoP proof was used before." },
  token_revoked: { code: 900901, status: 401, message: "The access token was revoked or is not active." },
  token_missing: { code: 900902, status: 401, message: "The request carries no access token." },
  token_expired: { code: 900903, status: 401, message: "The access token has expired." },
  token_type_wrong: { code: 900905, status: 401, message: "The token is not an access token." },
  api_unknown: { code: 900906, status: 404, message: "No published API has this address." },
  operations_unknown: {
    code: 900900,
    status: 403,
    message: "The gateway does not say which operations the call asks for, so none of them can be allowed.",
  },
  resource_unknown: { code: 900906, status: 404, message: "The API has no resource with this method and path." },
  subscription_blocked: { code: 900907, status: 403, message: "The subscription of the application is blocked." },
  subscription_production_blocked: {
    code: 900907,
    status: 403,
    message: "The subscription of the application is blocked for production keys.",
  },
  consumer_key_unknown: {
    code: 900908,
    status: 403,
    message: "The consumer key of the access token belongs to no application.",
  },
  not_subscribed: { code: 900908, status: 403, message: "The application is not subscribed to this API." },
  subscription_inactive: {
    code: 900909,
    status: 403,
    message: "The subscription of the application is on hold or was rejected.",
  },
  scope_missing: {
    code: 900910,
    status: 403,
    message: "The access token lacks the scope that this resource asks for.",
  },
  audience_refused: { code: 900914, status: 403, message: "The access token was made for another audience." },
} as const satisfies Record<string, Refusal>;

export type Reason = keyof typeof refusals;

const verdicts = Object.fromEntries(
  Object.entries(refusals).map(([reason, refusal]) => [reason, Object.freeze({ allowed: false, reason, ...refusal })]),
) as Record<Reason, Refused>;

/** The refusal for a reason; one shared, frozen object each. */
export function refuse(reason: Reason): Refused {
  return verdicts[reason];
}

/** A refusal that passes by itself. @param retryAfterSeconds when to try again */
export function refuseForNow(retryAfterSeconds: number): Refused {
  return { ...verdicts.unavailable, retryAfterSeconds: Math.max(1, Math.ceil(retryAfterSeconds)) };
}

/** A refusal that names the scopes of which any one would do. */
export function refuseScope(requiredScopes: readonly string[]): Refused {
  return { ...verdicts.scope_missing, requiredScopes };
}
