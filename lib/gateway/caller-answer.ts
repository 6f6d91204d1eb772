import type { ServerResponse } from "node:http";
import type { Refused, Verdict } from "#lib/token-validation/verdict.ts";
import { answerJson, answerStanding } from "./answer.ts";
import { challengeOf } from "./challenge.ts";
import { headersOfAllowed } from "./verdict-headers.ts";

/** Why a call may not pass, as its caller reads it. */
export type CallerAnswer = {
  status: number;
  headers: Record<string, string>;
  body: { code: string; reason: string; message: string };
};

/**
 * What the caller of an API is answered whose call may not pass: status, challenge (RFC 6750 §3), and a body with the
 * published code.
 */
export function refusalForCaller(verdict: Refused): CallerAnswer {
  const challenge = challengeOf(verdict);
  return {
    status: verdict.status,
    headers: {
      ...(challenge === null ? {} : { "WWW-Authenticate": challenge }),
      ...(verdict.retryAfterSeconds === undefined ? {} : { "Retry-After": String(verdict.retryAfterSeconds) }),
    },
    body: { code: String(verdict.code), reason: verdict.reason, message: verdict.message },
  };
}

/** The caller is not to blame for its gateway: there is no challenge, and nothing that it could do. */
function forGateway(reason: string, message: string): CallerAnswer {
  return { status: 503, headers: {}, body: { code: "900900", reason, message } };
}

/** What the caller is answered whose gateway has no credential, or one that does not stand. */
export const gatewayRefused = forGateway(
  "gateway_refused",
  "The gateway is not admitted. Its administrator must renew the gateway credential.",
);

/** What the caller is answered whose gateway does not say which call it asks about. */
export const gatewayMisconfigured = forGateway(
  "gateway_misconfigured",
  "The gateway does not say which call it asks about. Its configuration must be made as the documentation shows.",
);

/** Sends a verdict to a gateway that hands every answer but 2xx on to the caller as it is. */
export function answerForCaller(res: ServerResponse, verdict: Verdict): void {
  if (verdict.allowed) answerStanding(res, headersOfAllowed(verdict));
  else sendToCaller(res, refusalForCaller(verdict));
}

/** Sends what the gateway hands on to the caller. */
export function sendToCaller(res: ServerResponse, { status, headers, body }: CallerAnswer): void {
  answerJson(res, status, { body, headers });
}
