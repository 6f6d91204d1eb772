import type { IncomingMessage, ServerResponse } from "node:http";
import { whenThere, type Soon } from "#lib/foundation/soon.ts";
import { judgeCall, type Asking } from "./call.ts";
import { answerForCaller, gatewayMisconfigured, sendToCaller } from "./caller-answer.ts";
import { vouched } from "./vouched.ts";

/**
 * Answers Traefik's ForwardAuth, Caddy's `forward_auth` and what is made like them: the original call stands in
 * `X-Forwarded-Method` and `X-Forwarded-Uri`. They let a call pass on 2xx and copy headers of the answer into it;
 * any other answer goes to the caller as it is.
 *
 * Where Caddy is given no query to ask at, it repeats the caller's: that one vouches for nothing.
 */
export function answerForwardAuth(req: IncomingMessage, res: ServerResponse, asking: Asking): Soon<void> {
  const method = req.headers["x-forwarded-method"];
  const requestPath = req.headers["x-forwarded-uri"];
  if (typeof method !== "string" || typeof requestPath !== "string") return sendToCaller(res, gatewayMisconfigured);
  const { authorization, dpop: proof } = req.headers;
  const own = queryOf(req.url) === queryOf(requestPath) ? undefined : vouched(req);
  const verdict = judgeCall({ method, requestPath, authorization, proof, vouched: own }, asking);
  return whenThere(verdict, (known) => answerForCaller(res, known));
}

function queryOf(address = ""): string {
  const at = address.indexOf("?");
  return at < 0 ? "" : address.slice(at + 1);
}
