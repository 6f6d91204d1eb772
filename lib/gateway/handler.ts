import type { IncomingMessage, ServerResponse } from "node:http";
import { counter } from "#lib/foundation/metrics.ts";
import { readKeySetPath } from "#lib/features/backend-jwt/addresses.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { ValidationRequest, Validator } from "#lib/token-validation/validator.ts";
import { refuseForNow, type Verdict } from "#lib/token-validation/verdict.ts";
import { answerEmpty, answerJson } from "./answer.ts";
import { bearerToken } from "./bearer.ts";
import type { BackendJwts } from "./backend-jwts.ts";
import type { BackendKeySet } from "./backend-key-set.ts";
import type { GatewayCredentials } from "./credentials.ts";
import type { Asking } from "./call.ts";
import { gatewayRefused, refusalForCaller, sendToCaller } from "./caller-answer.ts";
import { answerEnvoy, envoyPrefix } from "./envoy-face.ts";
import { answerForwardAuth } from "./forward-auth-face.ts";
import { answerBatch, answerQuestion } from "./json-face.ts";
import { answerSubrequest } from "./nginx-face.ts";
import { headersOfRefused } from "./verdict-headers.ts";

export type GatewayDependencies = {
  validator: Validator;
  credentials: GatewayCredentials;
  /** Completes what is allowed with the JWT for the backend; every face answers with what comes of it. */
  backendJwts: Pick<BackendJwts, "complete">;
  backendKeySet: BackendKeySet;
};

type AnswerAdmitted = (req: IncomingMessage, res: ServerResponse, asking: Asking) => Promise<void>;

export type GatewayHandler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

const verdicts = counter({
  name: "latchkey_validation_verdicts_total",
  help: "Verdicts given to gateways, by error code; 0 is allowed.",
  labels: ["code"],
});

/**
 * The faces of the validator for gateways, below /gateway, and the keys of backend JWTs (`readKeySetPath`), which anybody
 * may read:
 *
 * - `POST /gateway/v1/validate` takes a question as JSON and answers with the verdict; `/gateway/v1/validate/batch`
 *   takes several.
 * - `/gateway/nginx/auth` is for nginx's `auth_request`, `/gateway/forward-auth` for Traefik and Caddy, and
 *   `/gateway/envoy/…` for Envoy's `ext_authz` over HTTP.
 *
 * A gateway proves itself with its credential in `X-Latchkey-Gateway`, or, where the caller's token does
 * not stand there, in `Authorization: Bearer`.
 */
export function createGatewayHandler(dependencies: GatewayDependencies): GatewayHandler {
  const { validator, credentials, backendJwts, backendKeySet } = dependencies;
  const counts = new Map<number, { inc(): void }>();
  function count(verdict: Verdict): void {
    const code = verdict.allowed ? 0 : verdict.code;
    let child = counts.get(code);
    if (!child) counts.set(code, (child = verdicts.labels({ code: String(code) })));
    child.inc();
  }
  async function validate(request: ValidationRequest): Promise<Verdict> {
    const judged = await validator.validate(request);
    const completed = judged.allowed ? backendJwts.complete(request.tenantId as TenantId, judged) : judged;
    const verdict = completed instanceof Promise ? await completed : completed;
    count(verdict);
    return verdict;
  }

  async function jsonFace(req: IncomingMessage, res: ServerResponse, answer: AnswerAdmitted): Promise<void> {
    if (req.method !== "POST") {
      const body = { code: "method.not_allowed", message: "Send a POST request." };
      return answerJson(res, 405, { body, headers: { Allow: "POST" } });
    }
    const admitted = await credentials.admit(gatewayHeader(req) ?? bearerToken(req.headers.authorization));
    if (admitted === "unavailable") return answerJson(res, 503, busy);
    if (admitted === "refused") return answerJson(res, 401, stranger);
    return answer(req, res, { tenantId: admitted.tenantId, validate });
  }

  async function nginxFace(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const admitted = await credentials.admit(gatewayHeader(req));
    if (admitted === "unavailable") return answerEmpty(res, 503, headersOfRefused(refuseForNow(1)));
    if (admitted === "refused") return answerEmpty(res, 401, { ...strangerHeaders });
    return answerSubrequest(req, res, { tenantId: admitted.tenantId, validate });
  }

  /** For gateways that hand the answer on to their caller. */
  async function callerFace(req: IncomingMessage, res: ServerResponse, answer: AnswerAdmitted): Promise<void> {
    const admitted = await credentials.admit(gatewayHeader(req));
    if (admitted === "unavailable") return sendToCaller(res, refusalForCaller(refuseForNow(1)));
    if (admitted === "refused") return sendToCaller(res, gatewayRefused);
    return answer(req, res, { tenantId: admitted.tenantId, validate });
  }

  return async (req, res) => {
    const url = req.url ?? "";
    const query = url.indexOf("?");
    const path = query < 0 ? url : url.slice(0, query);
    if (path === "/gateway/nginx/auth") return nginxFace(req, res);
    if (path === "/gateway/forward-auth") return callerFace(req, res, answerForwardAuth);
    if (path === "/gateway/v1/validate") return jsonFace(req, res, answerQuestion);
    if (path === "/gateway/v1/validate/batch") return jsonFace(req, res, answerBatch);
    if (path === envoyPrefix || path.startsWith(`${envoyPrefix}/`)) return callerFace(req, res, answerEnvoy);
    const keySetOwner = readKeySetPath(path);
    if (keySetOwner !== null) return backendKeySet(req, res, keySetOwner);
    answerJson(res, 404, { body: { code: "not_found", message: "There is nothing here." } });
  };
}

function gatewayHeader(req: IncomingMessage): string | undefined {
  const value = req.headers["x-latchkey-gateway"];
  return typeof value === "string" ? value : undefined;
}

const busy = {
  body: { code: "unavailable", message: "The gateway cannot be recognised at the moment. Try again shortly." },
  headers: { "Retry-After": "1" },
};

const stranger = {
  body: {
    code: "auth.failed",
    message: "The gateway credential is missing, wrong or revoked. An administrator makes one under Gateways.",
  },
  headers: { "WWW-Authenticate": 'Bearer realm="latchkey-gateway"' },
};

const strangerHeaders = {
  "X-Latchkey-Status": String(gatewayRefused.status),
  "X-Latchkey-Error": gatewayRefused.body.code,
  "X-Latchkey-Error-Reason": gatewayRefused.body.reason,
  "X-Latchkey-Error-Message": gatewayRefused.body.message,
};
