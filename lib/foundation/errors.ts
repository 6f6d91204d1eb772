/**
 * Expected refusals: one catalogue, one error type.
 *
 * The same module may be loaded twice in one process (plain Node serves the front door, Next.js bundles
 * the pages), so errors are recognised by a mark on the object and never by `instanceof`.
 */

type CatalogueEntry = { status: number; retryable: boolean; message: string };

/** Every code, with the HTTP status it leaves as and the words a person reads when the thrower gave none. */
export const catalogue = {
  "auth.required": { status: 401, retryable: false, message: "Sign in to continue." },
  "auth.failed": { status: 401, retryable: false, message: "The e-mail address or the password is wrong." },
  "auth.link_invalid": {
    status: 410,
    retryable: false,
    message: "This link was used already or has expired. Ask for a new one.",
  },
  "auth.forbidden": { status: 403, retryable: false, message: "You do not have the permission for this." },
  "auth.sign_in_again": {
    status: 403,
    retryable: false,
    message: "This needs a sign-in of the last 15 minutes. Sign out and in again, then repeat it.",
  },
  "federation.failed": {
    status: 502,
    retryable: true,
    message: "The identity provider did not sign you in, or its answer could not be trusted. Try again.",
  },
  "federation.not_invited": {
    status: 403,
    retryable: false,
    message:
      "The identity provider knows you, but nobody has invited you here. Ask an administrator for an invitation.",
  },
  "federation.taken": {
    status: 409,
    retryable: false,
    message: "This account of the identity provider belongs to another person here.",
  },
  "federation.only_way": {
    status: 409,
    retryable: false,
    message:
      "This is your only way to sign in. Link another sign-in first, or ask an administrator for a password link.",
  },
  "auth.origin": { status: 403, retryable: false, message: "The request did not come from this portal." },
  "input.invalid": { status: 400, retryable: false, message: "Some fields need your attention." },
  "input.fixed": { status: 400, retryable: false, message: "Some fields cannot be changed any more." },
  "limit.exceeded": { status: 429, retryable: true, message: "Too many attempts. Wait a moment, then try again." },
  "revision.conflict": {
    status: 409,
    retryable: false,
    message: "Somebody else changed this in the meantime. Reload to see their version.",
  },
  "tenant.not_found": { status: 404, retryable: false, message: "There is no such tenant." },
  "tenant.conflict": { status: 409, retryable: false, message: "A tenant with this address exists already." },
  "tenant.suspended": {
    status: 403,
    retryable: false,
    message: "This tenant is suspended. Ask the operator of this installation.",
  },
  "person.not_found": { status: 404, retryable: false, message: "There is no such person here." },
  "person.conflict": { status: 409, retryable: false, message: "This person belongs to the tenant already." },
  "person.has_account": {
    status: 409,
    retryable: false,
    message: "Somebody with this address has an account already. Sign in, then open the link again to join.",
  },
  "person.last_administrator": {
    status: 409,
    retryable: false,
    message: "A tenant needs at least one active administrator.",
  },
  "invitation.not_found": { status: 404, retryable: false, message: "There is no such open invitation." },
  "identity_provider.not_found": { status: 404, retryable: false, message: "There is no such identity provider." },
  "identity_provider.conflict": {
    status: 409,
    retryable: false,
    message: "An identity provider with this name exists already.",
  },
  "key_manager.not_found": { status: 404, retryable: false, message: "There is no such key manager." },
  "key_manager.conflict": { status: 409, retryable: false, message: "A key manager with this name exists already." },
  "key_manager.issuer_conflict": {
    status: 409,
    retryable: false,
    message: "Another enabled key manager has this issuer already.",
  },
  "key_manager.in_use": { status: 412, retryable: false, message: "An API or an application uses this key manager." },
  "key_manager.permanent": {
    status: 412,
    retryable: false,
    message: "The built-in key manager cannot be deleted. It can be disabled.",
  },
  "key_manager.disabled": { status: 400, retryable: false, message: "This key manager is disabled." },
  "key_manager.not_allowed": {
    status: 400,
    retryable: false,
    message: "The administrator switched this off for this key manager.",
  },
  "key_manager.unsupported": { status: 400, retryable: false, message: "This key manager does not support that." },
  "key_manager.misconfigured": {
    status: 400,
    retryable: false,
    message: "The settings of the key manager do not work.",
  },
  "key_manager.unreachable": { status: 502, retryable: true, message: "The key manager could not be reached." },
  "key_manager.credentials_refused": {
    status: 502,
    retryable: false,
    message: "The key manager refused the credentials that the administrator configured.",
  },
  "key_manager.rejected": { status: 400, retryable: false, message: "The key manager refused the request." },
  "key_manager.rate_limited": {
    status: 503,
    retryable: true,
    message: "The key manager asks for fewer calls. Try again in a moment.",
  },
  "key_manager.bad_response": {
    status: 502,
    retryable: true,
    message: "The key manager sent an answer that cannot be understood.",
  },
  "discovery.failed": { status: 400, retryable: false, message: "Nothing could be read from this address." },
  "application.not_found": { status: 404, retryable: false, message: "There is no such application." },
  "application.conflict": { status: 409, retryable: false, message: "You have an application with this name already." },
  "application.in_use": {
    status: 412,
    retryable: false,
    message: "Keys of this application have to be removed first.",
  },
  "key_mapping.not_found": { status: 404, retryable: false, message: "There are no such keys." },
  "key_mapping.conflict": {
    status: 409,
    retryable: false,
    message: "Keys exist already for this application, key type and key manager.",
  },
  "key_mapping.claimed": { status: 409, retryable: false, message: "This consumer key is mapped already." },
  "key_mapping.unproven": {
    status: 400,
    retryable: false,
    message: "The key manager did not accept this consumer key with this consumer secret.",
  },
  "key_mapping.busy": { status: 409, retryable: true, message: "An operation on these keys is still under way." },
  "key_mapping.not_active": { status: 409, retryable: false, message: "These keys are not active." },
  "api.not_found": { status: 404, retryable: false, message: "There is no such API." },
  "api.conflict": {
    status: 409,
    retryable: false,
    message: "An API with this name and version, or this context and version, exists already.",
  },
  "api.in_use": { status: 412, retryable: false, message: "Applications are subscribed to this API." },
  "api.invalid_state": { status: 409, retryable: false, message: "The API is not in a state that allows this." },
  "plan.not_found": { status: 404, retryable: false, message: "There is no such plan." },
  "plan.conflict": { status: 409, retryable: false, message: "A plan with this name exists already." },
  "plan.in_use": { status: 412, retryable: false, message: "APIs or subscriptions use this plan." },
  "subscription.not_found": { status: 404, retryable: false, message: "There is no such subscription." },
  "subscription.conflict": {
    status: 409,
    retryable: false,
    message: "This application is subscribed to this API already.",
  },
  "gateway_credential.not_found": { status: 404, retryable: false, message: "There is no such gateway credential." },
  "gateway_credential.conflict": {
    status: 409,
    retryable: false,
    message: "A gateway credential with this name exists already.",
  },
  "webhook.not_found": { status: 404, retryable: false, message: "There is no such webhook." },
  "webhook.conflict": { status: 409, retryable: false, message: "A webhook with this name exists already." },
  not_found: { status: 404, retryable: false, message: "There is nothing here." },
  unavailable: {
    status: 503,
    retryable: true,
    message: "The service is busy or a part of it is away. Try again in a moment.",
  },
  internal: { status: 500, retryable: false, message: "Something went wrong on our side." },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

/** One problem with one field: a path such as `connection.clientSecret`, and what to do about it. */
export type FieldProblem = { path: string; message: string };

export type AppErrorOptions = {
  /** Replaces the catalogue's words. Shown to people: never a secret, never a raw vendor body. */
  message?: string;
  /** Problems by field; for `input.invalid` at least one. */
  fields?: readonly FieldProblem[];
  /** When to try again, for `limit.exceeded` and the like. */
  retryAfterSeconds?: number;
  cause?: unknown;
};

const mark = Symbol.for("latchkey.AppError");

/** An expected refusal with a code of the catalogue. Anything else that is thrown is a bug. */
export class AppError extends Error {
  readonly [mark] = true;
  readonly code: ErrorCode;
  readonly fields: readonly FieldProblem[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.message ?? catalogue[code].message, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.fields = options.fields ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** HTTP status of the catalogue. */
  get status(): number {
    return catalogue[this.code].status;
  }
}

/** Tells an expected refusal from a bug, whichever copy of this module made it. */
export function isAppError(value: unknown): value is AppError {
  return typeof value === "object" && value !== null && mark in value;
}

/** `input.invalid` for one field. */
export function fieldError(path: string, message: string): AppError {
  return new AppError("input.invalid", { message, fields: [{ path, message }] });
}
