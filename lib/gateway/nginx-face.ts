import type { IncomingMessage, ServerResponse } from "node:http";
import { whenThere, type Soon } from "#lib/foundation/soon.ts";
import type { Verdict } from "#lib/token-validation/verdict.ts";
import { answerEmpty, answerStanding } from "./answer.ts";
import { judgeCall, type Asking } from "./call.ts";
import { headersOfAllowed, headersOfRefused } from "./verdict-headers.ts";
import { vouched } from "./vouched.ts";

/**
 * Answers a subrequest of nginx's `auth_request`: the original call stands in headers that the
 * configuration sets (docs/gateways/nginx). nginx understands 200, 401 and 403 here; the status, code and
 * words for the caller stand in headers. 503 makes nginx answer with an error, never let the call pass.
 */
export function answerSubrequest(req: IncomingMessage, res: ServerResponse, asking: Asking): Soon<void> {
  const method = req.headers["x-original-method"];
  const requestPath = req.headers["x-original-uri"];
  if (typeof method !== "string" || typeof requestPath !== "string") {
    return answerEmpty(res, 400, {
      "X-Latchkey-Error-Message": "The configuration must set X-Original-Method and X-Original-URI.",
    });
  }
  const { authorization, dpop: proof } = req.headers;
  const verdict = judgeCall({ method, requestPath, authorization, proof, vouched: vouched(req) }, asking);
  return whenThere(verdict, (known) => answerVerdict(res, known));
}

function answerVerdict(res: ServerResponse, verdict: Verdict): void {
  if (verdict.allowed) answerStanding(res, headersOfAllowed(verdict));
  else answerEmpty(res, subrequestStatus(verdict.status), headersOfRefused(verdict));
}

function subrequestStatus(status: number): number {
  return status === 401 || status === 503 ? status : 403;
}
