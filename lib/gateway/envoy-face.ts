import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { whenThere, type Soon } from "#lib/foundation/soon.ts";
import { judgeCall, type Asking } from "./call.ts";
import { answerForCaller } from "./caller-answer.ts";
import type { Vouched } from "./vouched.ts";

/** What Envoy is told to put before the path of the call (`path_prefix`). */
export const envoyPrefix = "/gateway/envoy";

/**
 * Answers Envoy's `ext_authz` over HTTP: Envoy repeats the call itself, its method and its path behind a prefix, without
 * a body. It lets the call pass on 200 and answers the caller with status, headers and body of everything else, but 5xx,
 * which it takes for a failure and answers in words of its own configuration.
 */
export function answerEnvoy(req: IncomingMessage, res: ServerResponse, asking: Asking): Soon<void> {
  const requestPath = (req.url ?? "").slice(envoyPrefix.length);
  const { method = "", headers } = req;
  const { authorization, dpop: proof } = headers;
  const vouched = vouchedIn(headers);
  const verdict = judgeCall({ method, requestPath, authorization, proof, vouched }, asking);
  return whenThere(verdict, (known) => answerForCaller(res, known));
}

/**
 * What Envoy's configuration says about the call, in headers that it adds (`headers_to_add`), for tokens that are bound to
 * their holder: `X-Latchkey-Origin` is the public address, `X-Latchkey-Client-Certificate` names the header in which Envoy
 * hands the client's certificate on. The query, in which other gateways say so, is the caller's here.
 */
function vouchedIn(headers: IncomingHttpHeaders): Vouched {
  const certificateHeader = headers["x-latchkey-client-certificate"];
  return {
    origin: textOf(headers["x-latchkey-origin"]),
    certificate: textOf(typeof certificateHeader === "string" ? headers[certificateHeader.toLowerCase()] : undefined),
  };
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}
