import type { IncomingMessage, ServerResponse } from "node:http";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { ValidationRequest } from "#lib/token-validation/validator.ts";
import { refuse, type Verdict } from "#lib/token-validation/verdict.ts";
import { bearerToken, hasTokenInQuery } from "./bearer.ts";
import { headersOfAllowed, headersOfRefused } from "./verdict-headers.ts";

/**
 * Answers a subrequest of nginx's `auth_request`: the original call stands in headers that the
 * configuration sets (docs/gateways/nginx). nginx understands 200, 401 and 403 here; the status, code and
 * words for the caller stand in headers. 503 makes nginx answer with an error, never let the call pass.
 */
export async function answerSubrequest(
  req: IncomingMessage,
  res: ServerResponse,
  { tenantId, validate }: { tenantId: TenantId; validate: (request: ValidationRequest) => Promise<Verdict> },
): Promise<void> {
  const method = req.headers["x-original-method"];
  const requestPath = req.headers["x-original-uri"];
  if (typeof method !== "string" || typeof requestPath !== "string") {
    return answerEmpty(res, 400, {
      "X-Latchkey-Error-Message": "The configuration must set X-Original-Method and X-Original-URI.",
    });
  }
  const verdict = hasTokenInQuery(requestPath)
    ? refuse("token_in_query")
    : await validate({
        tenantId,
        token: bearerToken(req.headers.authorization),
        method,
        target: { requestPath },
      });
  if (verdict.allowed) answerEmpty(res, 200, headersOfAllowed(verdict));
  else answerEmpty(res, subrequestStatus(verdict.status), headersOfRefused(verdict));
}

function subrequestStatus(status: number): number {
  return status === 401 || status === 503 ? status : 403;
}

export function answerEmpty(res: ServerResponse, status: number, headers: Record<string, string>): void {
  headers["Content-Length"] = "0";
  headers["Cache-Control"] = "no-store";
  res.writeHead(status, headers);
  res.end();
}
