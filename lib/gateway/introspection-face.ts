import type { IncomingMessage, ServerResponse } from "node:http";
import { isRefused } from "#lib/token-validation/facts.ts";
import type { Inspected, Validator } from "#lib/token-validation/validator.ts";
import type { Allowed, Refused } from "#lib/token-validation/verdict.ts";
import { answerJson, readBody } from "./answer.ts";
import { hasTokenInQuery } from "./bearer.ts";
import { httpMethod } from "./http-method.ts";
import type { Asking } from "./call.ts";

export type Inspect = Validator["inspect"];

const maximumBodyBytes = 64 * 1024;

/** What is asked: a token, and perhaps the call that it should open. */
type Question = { token: string; call: { method: string; requestPath: string } | null };

/**
 * Answers introspection (RFC 7662 §2) to a gateway that proved itself: `token` as a form, and JSON with what is true about
 * it, whatever it opens. With `method` and `path`, which are an extension of ours, the token is active only where it opens
 * that call. Everything that is wrong with a token makes it inactive, and no more is said of it (§2.2).
 */
export async function answerIntrospection(
  req: IncomingMessage,
  res: ServerResponse,
  { tenantId, validate, inspect }: Asking & { inspect: Inspect },
): Promise<void> {
  const body = await readBody(req, maximumBodyBytes);
  if (body === null) return refuseRequest(res, 413, `The request is larger than ${maximumBodyBytes} bytes.`);
  const question = readQuestion(new URLSearchParams(body));
  if (typeof question === "string") return refuseRequest(res, 400, question);
  const { token, call } = question;
  if (call === null) {
    const inspected = await inspect(tenantId, token);
    return isRefused(inspected) ? answerInactive(res, inspected) : answerActive(res, membersOf(inspected));
  }
  if (hasTokenInQuery(call.requestPath)) return answerJson(res, 200, { body: { active: false } });
  const { method, requestPath } = call;
  const verdict = await validate({ tenantId, token, method, target: { requestPath } });
  if (!verdict.allowed) return answerInactive(res, verdict);
  const { api, application, subscription, plan, keyType } = verdict;
  const latchkey = { api, application, subscription, plan, keyType };
  const inspected = await inspect(tenantId, token);
  // Where several key managers could own the token, the API alone tells whose it is.
  const isOwner = !isRefused(inspected) && inspected.anchor.keyManagerId === verdict.keyManager.id;
  answerActive(res, { ...(isOwner ? membersOf(inspected) : membersOfCall(verdict)), latchkey });
}

/** What is asked, or what is wrong with the question. */
function readQuestion(form: URLSearchParams): Question | string {
  for (const name of ["token", "method", "path"]) {
    if (form.getAll(name).length > 1) return `Send the parameter ${name} once.`;
  }
  const token = form.get("token");
  const method = form.get("method");
  const requestPath = form.get("path");
  if (!token) return "Send the parameter token, in a form.";
  if (method === null && requestPath === null) return { token, call: null };
  if (method === null || !httpMethod.test(method)) return "Send the parameter method as an HTTP method, beside path.";
  if (requestPath === null || !/^\/.{0,16383}$/.test(requestPath)) {
    return "Send the parameter path as the path of the call, beginning with a slash, beside method.";
  }
  return { token, call: { method, requestPath } };
}

function answerActive(res: ServerResponse, members: Record<string, unknown>): void {
  answerJson(res, 200, { body: { active: true, ...members } });
}

/** Facts under the names of RFC 7662 §2.2; what a token does not say is left out. */
function membersOf({ facts, anchor }: Inspected): Record<string, unknown> {
  const { consumerKey, subject, scopes, audiences, expiresAt, notBefore, issuedAt, tokenId, binding } = facts;
  return withoutNull({
    iss: anchor.issuer,
    client_id: consumerKey,
    sub: subject,
    scope: scopes.length > 0 ? scopes.join(" ") : null,
    aud: audiences.length > 1 ? audiences : (audiences[0] ?? null),
    exp: expiresAt,
    nbf: notBefore,
    iat: issuedAt,
    jti: tokenId,
    // Whoever asks must hold the caller to it (RFC 8705 §3.2, RFC 9449 §6.2).
    token_type: binding?.key ? "DPoP" : "Bearer",
    cnf: binding && withoutNull({ "x5t#S256": binding.certificate, jkt: binding.key }),
  });
}

/** What the verdict says of a token; one that is bound to something is never allowed here. */
function membersOfCall({ consumerKey, subject, scopes, expiresAt }: Allowed): Record<string, unknown> {
  const scope = scopes.length > 0 ? scopes.join(" ") : null;
  return withoutNull({ client_id: consumerKey, sub: subject, scope, exp: expiresAt, token_type: "Bearer" });
}

function withoutNull(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}

/** No verdict yet is not the same as inactive: whoever asks may ask again. */
function answerInactive(res: ServerResponse, { status, message, retryAfterSeconds }: Refused): void {
  if (retryAfterSeconds === undefined) return answerJson(res, 200, { body: { active: false } });
  const body = { error: "temporarily_unavailable", error_description: message };
  answerJson(res, status, { body, headers: { "Retry-After": String(retryAfterSeconds) } });
}

function refuseRequest(res: ServerResponse, status: number, description: string): void {
  const body = { error: "invalid_request", error_description: description };
  answerJson(res, status, { body, ...(status === 413 && { headers: { Connection: "close" } }) });
}
