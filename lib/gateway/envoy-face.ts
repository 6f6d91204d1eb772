import type { IncomingMessage, ServerResponse } from "node:http";
import { judgeCall, type Asking } from "./call.ts";
import { answerForCaller } from "./caller-answer.ts";

/** What Envoy is told to put before the path of the call (`path_prefix`). */
export const envoyPrefix = "/gateway/envoy";

/**
 * Answers Envoy's `ext_authz` over HTTP: Envoy repeats the call itself, its method and its path behind a prefix, without
 * a body. It lets the call pass on 200 and answers the caller with status, headers and body of everything else, but 5xx,
 * which it takes for a failure and answers in words of its own configuration.
 */
export async function answerEnvoy(req: IncomingMessage, res: ServerResponse, asking: Asking): Promise<void> {
  const requestPath = (req.url ?? "").slice(envoyPrefix.length);
  const { method = "", headers } = req;
  answerForCaller(res, await judgeCall({ method, requestPath, authorization: headers.authorization }, asking));
}
