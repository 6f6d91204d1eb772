import { judgeCall, type Asking } from "./call.ts";
import { gatewayMisconfigured, refusalForCaller, type CallerAnswer } from "./caller-answer.ts";
import { headersOfAllowed } from "./verdict-headers.ts";

/** What is read of Envoy's `CheckRequest`; on the wire, every field may be missing. */
export type CheckRequest = {
  attributes?: {
    source?: { certificate?: string };
    request?: { http?: { method?: string; headers?: Record<string, string>; path?: string } };
  };
};

type HeaderValueOption = { header: { key: string; value: string }; appendAction: number };

/** What is written of Envoy's `CheckResponse`. */
export type CheckResponse = { status: { code: number } } & (
  | { okResponse: { headers: HeaderValueOption[] } }
  | { deniedResponse: { status: { code: number }; headers: HeaderValueOption[]; body: string } }
);

/** google.rpc.Code: Envoy lets a call pass on OK alone. */
const ok = { code: 0 };
const permissionDenied = { code: 7 };
/** HeaderAppendAction: whatever the caller sent under that name is replaced. */
const overwriteOrAdd = 2;

/**
 * Answers a question of Envoy's `ext_authz` over gRPC (envoy.service.auth.v3.Authorization/Check). The call stands in
 * its attributes: the method, the path as the request line had it, and the headers by lower-case name.
 *
 * @param origin the gateway's public address, for tokens that are bound to a key (RFC 9449)
 */
export async function answerCheck(
  { attributes }: CheckRequest,
  asking: Asking,
  origin: string | undefined,
): Promise<CheckResponse> {
  const { method, path: requestPath, headers = {} } = attributes?.request?.http ?? {};
  if (!method || !requestPath) return denied(gatewayMisconfigured);
  // In protobuf, a text that is not there is an empty one.
  const certificate = attributes?.source?.certificate || undefined;
  const { authorization, dpop: proof } = headers;
  const verdict = await judgeCall(
    { method, requestPath, authorization, proof, vouched: { origin, certificate } },
    asking,
  );
  if (!verdict.allowed) return denied(refusalForCaller(verdict));
  return { status: ok, okResponse: { headers: toOptions(headersOfAllowed(verdict).all) } };
}

/** An answer for the caller, in whose words Envoy refuses the call. */
export function denied({ status, headers, body }: CallerAnswer): CheckResponse {
  const own = { "Content-Type": "application/json", "Cache-Control": "no-store" };
  return {
    status: permissionDenied,
    deniedResponse: {
      status: { code: status },
      headers: toOptions({ ...headers, ...own }),
      body: JSON.stringify(body),
    },
  };
}

function toOptions(headers: Readonly<Record<string, string>>): HeaderValueOption[] {
  return Object.entries(headers).map(([key, value]) => ({ header: { key, value }, appendAction: overwriteOrAdd }));
}
