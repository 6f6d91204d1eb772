import type { IncomingMessage, ServerResponse } from "node:http";
import { readKeySetPath } from "#lib/features/backend-jwt/addresses.ts";
import { whenThere, type Soon } from "#lib/foundation/soon.ts";
import { refuseForNow } from "#lib/token-validation/verdict.ts";
import { answerEmpty, answerJson } from "./answer.ts";
import { bearerOrPassword, bearerToken } from "./bearer.ts";
import type { BackendKeySet } from "./backend-key-set.ts";
import type { GatewayCredentials } from "./credentials.ts";
import type { Asking, Validate } from "./call.ts";
import { gatewayRefused, refusalForCaller, sendToCaller } from "./caller-answer.ts";
import { answerEnvoy, envoyPrefix } from "./envoy-face.ts";
import type { EventStreams } from "./event-streams.ts";
import { answerForwardAuth } from "./forward-auth-face.ts";
import { answerBatch, answerQuestion } from "./json-face.ts";
import { answerIntrospection, type Inspect } from "./introspection-face.ts";
import { answerSubrequest } from "./nginx-face.ts";
import { headersOfRefused } from "./verdict-headers.ts";

/** Answers a request, at once where everything is known that it takes. */
export type GatewayHandler = (req: IncomingMessage, res: ServerResponse) => Soon<void>;

export type GatewayDependencies = {
  validate: Validate;
  inspect: Inspect;
  credentials: Pick<GatewayCredentials, "admit">;
  backendKeySet: BackendKeySet;
  /** Takes over what authorization servers revoked. */
  revocations: GatewayHandler;
  eventStreams: Pick<EventStreams, "open">;
};

type AnswerAdmitted = (req: IncomingMessage, res: ServerResponse, asking: Asking) => Soon<void>;

/**
 * The faces of the validator for gateways, below /gateway, and the keys of backend JWTs (`readKeySetPath`), which anybody
 * may read:
 *
 * - `POST /gateway/v1/validate` takes a question as JSON and answers with the verdict; `/gateway/v1/validate/batch`
 *   takes several. `POST /gateway/v1/introspect` is introspection (RFC 7662).
 * - `/gateway/nginx/auth` is for nginx's `auth_request`, `/gateway/forward-auth` for Traefik and Caddy, and
 *   `/gateway/envoy/…` for Envoy's `ext_authz` over HTTP.
 *
 * `GET /gateway/v1/events` is a stream of what changes; to `POST /gateway/v1/revocations` authorization servers report.
 *
 * A gateway proves itself with its credential in `X-Latchkey-Gateway`, or, where the caller's token does
 * not stand there, in `Authorization: Bearer`; for introspection, also as the password of HTTP Basic.
 */
export function createGatewayHandler(dependencies: GatewayDependencies): GatewayHandler {
  const { validate, inspect, credentials, backendKeySet, revocations, eventStreams } = dependencies;

  async function jsonFace(req: IncomingMessage, res: ServerResponse, answer: AnswerAdmitted): Promise<void> {
    if (req.method !== "POST") return answerJson(res, 405, notPost);
    const admitted = await credentials.admit(gatewayHeader(req) ?? bearerToken(req.headers.authorization));
    if (admitted === "unavailable") return answerJson(res, 503, busy);
    if (admitted === "refused") return answerJson(res, 401, stranger);
    return answer(req, res, { tenantId: admitted.tenantId, validate });
  }

  async function introspectionFace(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.method !== "POST") return answerJson(res, 405, notPost);
    const admitted = await credentials.admit(gatewayHeader(req) ?? bearerOrPassword(req.headers.authorization));
    if (admitted === "unavailable") return answerJson(res, 503, busyForClient);
    if (admitted === "refused") return answerJson(res, 401, strangeClient);
    return answerIntrospection(req, res, { tenantId: admitted.tenantId, validate, inspect });
  }

  function nginxFace(req: IncomingMessage, res: ServerResponse): Soon<void> {
    return whenThere(credentials.admit(gatewayHeader(req)), (admitted) => {
      if (admitted === "unavailable") return answerEmpty(res, 503, headersOfRefused(refuseForNow(1)));
      if (admitted === "refused") return answerEmpty(res, 401, strangerHeaders);
      return answerSubrequest(req, res, { tenantId: admitted.tenantId, validate });
    });
  }

  async function eventFace(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.method !== "GET") return answerJson(res, 405, notGet);
    const credential = gatewayHeader(req) ?? bearerToken(req.headers.authorization);
    const admitted = await credentials.admit(credential);
    if (admitted === "unavailable") return answerJson(res, 503, busy);
    if (admitted === "refused") return answerJson(res, 401, stranger);
    const isAdmitted = async () => (await credentials.admit(credential)) !== "refused";
    return eventStreams.open(req, res, { tenantId: admitted.tenantId, isAdmitted });
  }

  /** For gateways that hand the answer on to their caller. */
  function callerFace(req: IncomingMessage, res: ServerResponse, answer: AnswerAdmitted): Soon<void> {
    return whenThere(credentials.admit(gatewayHeader(req)), (admitted) => {
      if (admitted === "unavailable") return sendToCaller(res, refusalForCaller(refuseForNow(1)));
      if (admitted === "refused") return sendToCaller(res, gatewayRefused);
      return answer(req, res, { tenantId: admitted.tenantId, validate });
    });
  }

  return (req, res) => {
    const url = req.url ?? "";
    const query = url.indexOf("?");
    const path = query < 0 ? url : url.slice(0, query);
    if (path === "/gateway/nginx/auth") return nginxFace(req, res);
    if (path === "/gateway/forward-auth") return callerFace(req, res, answerForwardAuth);
    if (path === "/gateway/v1/validate") return jsonFace(req, res, answerQuestion);
    if (path === "/gateway/v1/validate/batch") return jsonFace(req, res, answerBatch);
    if (path === "/gateway/v1/revocations") return revocations(req, res);
    if (path === "/gateway/v1/events") return eventFace(req, res);
    if (path === "/gateway/v1/introspect") return introspectionFace(req, res);
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

const notPost = {
  body: { code: "method.not_allowed", message: "Send a POST request." },
  headers: { Allow: "POST" },
};

const notGet = {
  body: { code: "method.not_allowed", message: "Send a GET request." },
  headers: { Allow: "GET" },
};

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

/** In the words of OAuth 2.0 (RFC 6749 §5.2). */
const strangeClient = {
  body: { error: "invalid_client", error_description: stranger.body.message },
  headers: { "WWW-Authenticate": 'Basic realm="latchkey-gateway", Bearer realm="latchkey-gateway"' },
};

const busyForClient = {
  body: { error: "temporarily_unavailable", error_description: busy.body.message },
  headers: busy.headers,
};

const strangerHeaders = {
  "X-Latchkey-Status": String(gatewayRefused.status),
  "X-Latchkey-Error": gatewayRefused.body.code,
  "X-Latchkey-Error-Reason": gatewayRefused.body.reason,
  "X-Latchkey-Error-Message": gatewayRefused.body.message,
};
