import type { IncomingMessage, ServerResponse } from "node:http";
import { judgeCall, type Asking } from "./call.ts";
import { answerForCaller, gatewayMisconfigured, sendToCaller } from "./caller-answer.ts";
import { vouched } from "./vouched.ts";

/**
 * Answers Traefik's ForwardAuth, Caddy's `forward_auth` and what is made like them: the original call stands in
 * `X-Forwarded-Method` and `X-Forwarded-Uri`. They let a call pass on 2xx and copy headers of the answer into it;
 * any other answer goes to the caller as it is.
 */
export async function answerForwardAuth(req: IncomingMessage, res: ServerResponse, asking: Asking): Promise<void> {
  const method = req.headers["x-forwarded-method"];
  const requestPath = req.headers["x-forwarded-uri"];
  if (typeof method !== "string" || typeof requestPath !== "string") return sendToCaller(res, gatewayMisconfigured);
  const { authorization, dpop: proof } = req.headers;
  const verdict = await judgeCall({ method, requestPath, authorization, proof, vouched: vouched(req) }, asking);
  answerForCaller(res, verdict);
}
