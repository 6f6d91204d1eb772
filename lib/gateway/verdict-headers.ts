import type { Allowed, Refused } from "#lib/token-validation/verdict.ts";
import { StandingHeaders } from "./answer.ts";
import { challengeOf } from "./challenge.ts";
import { saysTheSame } from "./same-verdict.ts";

/**
 * What the backend may know, as headers, and the JWT that says it once more with a signature. But for the header of the
 * latter, every name begins with X-Latchkey-, so that a gateway can take away whatever a caller sent under that name.
 * Facts that a call does not have are left out.
 */
export function headersOfAllowed(verdict: Allowed): StandingHeaders {
  const known = kept.get(verdict.claims);
  if (known && hasSameToken(known.verdict, verdict) && saysTheSame(known.verdict, verdict)) return known.headers;
  const headers = new StandingHeaders(headersOfFacts(verdict));
  // A token that is used at two APIs in turn is written anew each time; most are used at one.
  kept.set(verdict.claims, { verdict, headers });
  return headers;
}

function hasSameToken({ backendToken: before }: Allowed, { backendToken: now }: Allowed): boolean {
  return before?.token === now?.token && before?.header === now?.header;
}

/** What was written for a token last, by the object that stands for it. */
const kept = new WeakMap<object, { verdict: Allowed; headers: StandingHeaders }>();

function headersOfFacts(verdict: Allowed): Record<string, string> {
  const { api, application, plan } = verdict;
  const headers: Record<string, string> = {
    "X-Latchkey-Api-Id": api.id,
    "X-Latchkey-Api-Name": headerText(api.name),
    "X-Latchkey-Api-Version": headerText(api.version),
    "X-Latchkey-Key-Manager": headerText(verdict.keyManager.name),
  };
  if (application) {
    headers["X-Latchkey-Application-Id"] = application.id;
    headers["X-Latchkey-Application-Name"] = headerText(application.name);
  }
  if (verdict.consumerKey !== null) headers["X-Latchkey-Consumer-Key"] = headerText(verdict.consumerKey);
  if (verdict.keyType !== null) headers["X-Latchkey-Key-Type"] = verdict.keyType;
  if (verdict.subject !== null) headers["X-Latchkey-Subject"] = headerText(verdict.subject);
  if (verdict.scopes.length > 0) headers["X-Latchkey-Scopes"] = verdict.scopes.map(scopeText).join(" ");
  if (plan) headers["X-Latchkey-Plan"] = headerText(plan.name);
  if (verdict.expiresAt !== null) headers["X-Latchkey-Expires-At"] = String(verdict.expiresAt);
  if (verdict.backendToken) headers[verdict.backendToken.header] = verdict.backendToken.token;
  return headers;
}

/** Everything a gateway needs to answer the caller itself; plain enough to be put into a JSON text. */
export function headersOfRefused(verdict: Refused): Record<string, string> {
  const challenge = challengeOf(verdict);
  return {
    "X-Latchkey-Status": String(verdict.status),
    "X-Latchkey-Error": String(verdict.code),
    "X-Latchkey-Error-Reason": verdict.reason,
    "X-Latchkey-Error-Message": verdict.message,
    // nginx copies the standard header into its own answer on 401 only; the second name serves every status.
    ...(challenge === null ? {} : { "X-Latchkey-Challenge": challenge }),
    ...(verdict.retryAfterSeconds === undefined ? {} : { "Retry-After": String(verdict.retryAfterSeconds) }),
  };
}

const plain = /^[\x21-\x24\x26-\x7e]+(?: [\x21-\x24\x26-\x7e]+)*$/;

/**
 * A text as it stands in a header: printable ASCII as it is; a percent sign and everything else, such as
 * letters beyond ASCII, percent-encoded as UTF-8. `decodeURIComponent` gives the text back.
 */
export function headerText(text: string): string {
  if (plain.test(text)) return text;
  const encoded = text.toWellFormed().replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);
  // White space at the ends would be lost on the way.
  return encoded.replace(/^ +| +$/g, encodeURIComponent);
}

/** Some servers send scopes as a list, in which one may hold a space. */
function scopeText(scope: string): string {
  return headerText(scope).replaceAll(" ", "%20");
}
