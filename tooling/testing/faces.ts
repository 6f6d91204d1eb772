/** Every face of the validator, served on loopback and asked as its gateways ask. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { fileURLToPath } from "node:url";
import { Client, credentials as channel, loadPackageDefinition, Metadata } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { Pool, type Dispatcher } from "undici";
import type { TenantId } from "#lib/foundation/ids.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { challengeOf } from "#lib/gateway/challenge.ts";
import type { CheckResponse } from "#lib/gateway/ext-authz-face.ts";
import { serveGrpc } from "#lib/gateway/grpc-server.ts";
import { createGatewayHandler } from "#lib/gateway/handler.ts";
import { createValidate } from "#lib/gateway/validate.ts";
import type { Validator } from "#lib/token-validation/validator.ts";
import type { Allowed, Refused, Verdict } from "#lib/token-validation/verdict.ts";
import { latchkey, type Middleware } from "../../packages/node-middleware/latchkey.ts";
import { selfSigned, type TestCertificate } from "./certificates.ts";

/** A call as a gateway receives it. */
export type FaceQuestion = {
  tenantId: string;
  method: string;
  path: string;
  /** Whether the caller's request line names the whole address; servers that ask a face in their own words hand its path on. */
  isAbsolute: boolean;
  /** Undefined where the caller sends none. */
  token: string | undefined;
  isDpop: boolean;
  proof: string | undefined;
  /** The whole `Authorization` header, in place of token and scheme. */
  authorization: string | undefined;
  origin: string | undefined;
  certificate: TestCertificate | undefined;
  operations: readonly string[] | undefined;
};

/** In the order in which they are served. */
export const faceNames = [
  "JSON",
  "batch",
  "nginx",
  "forward-auth",
  "Envoy over HTTP",
  "Envoy over gRPC",
  "middleware",
] as const;

/** What a face said, in the same words for all of them. */
export type FaceAnswer =
  | { allowed: true; who: Record<string, unknown> }
  | {
      allowed: false;
      status: number;
      /** Undefined in the answer to HEAD, which has no body. */
      code: number | undefined;
      reason: string | undefined;
      challenge: string | null;
      /** Whether the caller is told to try again. */
      isForNow: boolean;
    };

export type Face = {
  name: (typeof faceNames)[number];
  /** Answers in the order of the questions. */
  askAll(questions: readonly FaceQuestion[]): Promise<FaceAnswer[]>;
  /** Whether a gateway of this kind could ask that. */
  carries(question: FaceQuestion): boolean;
  /** Whether it says what a GraphQL call asks for. */
  saysOperations: boolean;
  /** Whether the answer has a status and headers alone: that to HEAD, where the face answers the caller's own request. */
  isBodiless(question: Pick<FaceQuestion, "method">): boolean;
};

/** A token, and with the extension of ours the call that it should open. */
type IntrospectionQuestion = { tenantId: string; token: string; method?: string; path?: string };
/** An answer of RFC 7662. */
type IntrospectionReply = { status: number; body: Record<string, unknown> };

export type ServedFaces = {
  faces: readonly Face[];
  /** Replies in the order of the questions. */
  introspect(questions: readonly IntrospectionQuestion[]): Promise<IntrospectionReply[]>;
  stop(): Promise<void>;
};

/** Longer ones do not fit into the headers that Node takes. */
const maximumHeaderCharacters = 12_000;
const concurrentQuestions = 32;

/** Serves a validator through every face, with a gateway credential for each tenant. */
export async function serveFaces(validator: Validator): Promise<ServedFaces> {
  const validate = createValidate(validator, { complete: (_tenant, verdict) => verdict });
  const gatewayCredentials = {
    admit: (credential: string | undefined) => {
      const tenantId = credential && Buffer.from(credential.slice(4), "base64url").toString();
      return tenantId ? { tenantId: tenantId as TenantId } : "refused";
    },
  } as const;
  const unused = () => Promise.reject(new Error("Nobody asks for this here."));
  const handle = createGatewayHandler({
    validate,
    inspect: validator.inspect,
    credentials: gatewayCredentials,
    backendKeySet: unused,
    revocations: unused,
    eventStreams: { open: unused },
  });
  const gateway = await listen(createServer((req, res) => void handle(req, res)));
  const grpc = await serveGrpc({
    address: "127.0.0.1:0",
    validate,
    credentials: gatewayCredentials,
    isReady: () => true,
    log: silentLog,
  });
  const client = new Client(`127.0.0.1:${grpc.port}`, channel.createInsecure());
  const pool = new Pool(`http://127.0.0.1:${gateway.port}`, { connections: concurrentQuestions });
  const guarded = await serveGuarded(gateway.port);
  const send: Send = (path, options) => sendTo(pool, { path, ...options });
  return {
    faces: [
      jsonFace(send),
      batchFace(send),
      nginxFace(send),
      forwardAuthFace(send),
      envoyFace(send),
      grpcFace(client),
      guarded.face,
    ],
    introspect: (questions) =>
      inOrder(questions, async ({ tenantId, ...form }) => {
        const reply = await send("/gateway/v1/introspect", {
          method: "POST",
          headers: {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Latchkey-Gateway": credentialOf(tenantId),
          },
          body: new URLSearchParams(form).toString(),
        });
        return { status: reply.status, body: JSON.parse(reply.body) as Record<string, unknown> };
      }),
    async stop() {
      client.close();
      await pool.destroy();
      await guarded.stop();
      gateway.stop();
      await grpc.stop({ withinMs: 0 });
    },
  };
}

/** What every face should say of a verdict. */
export function answerOf(verdict: Verdict): FaceAnswer {
  if (verdict.allowed) return { allowed: true, who: whoOf(verdict) };
  return refusalOf(verdict, challengeOf(verdict), verdict.retryAfterSeconds !== undefined);
}

function refusalOf(
  { status, code, reason }: Pick<Refused, "status" | "code" | "reason">,
  challenge: string | null,
  isForNow: boolean,
): FaceAnswer {
  return { allowed: false, status, code, reason, challenge, isForNow };
}

/** What faces of every kind hand on. */
function whoOf({ api, application, consumerKey, keyManager, keyType, plan, subject, scopes, expiresAt }: Allowed) {
  return {
    api: api.name,
    application: application?.name ?? null,
    consumerKey,
    keyManager: keyManager.name,
    keyType,
    plan: plan?.name ?? null,
    subject,
    scopes,
    expiresAt,
  };
}

const credentialOf = (tenantId: string) => `lkg_${Buffer.from(tenantId).toString("base64url")}`;

type Sending = { method: string; headers: Record<string, string>; body?: string };
type Reply = { status: number; headers: IncomingHttpHeaders; body: string };
type Send = (path: string, options: Sending) => Promise<Reply>;

async function sendTo(pool: Dispatcher, sending: Sending & { path: string }): Promise<Reply> {
  const { statusCode, headers, body } = await pool.request(sending);
  return { status: statusCode, headers, body: await body.text() };
}

async function listen<S extends Server>(server: S & { closeAllConnections(): void }) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Asks several at a time, and keeps the order. */
async function inOrder<Q, A>(questions: readonly Q[], ask: (question: Q) => Promise<A>): Promise<A[]> {
  const answers = new Array<A>(questions.length);
  const waiting = questions.entries();
  await Promise.all(
    Array.from({ length: concurrentQuestions }, async () => {
      for (const [at, question] of waiting) answers[at] = await ask(question);
    }),
  );
  return answers;
}

// --- Faces that are asked in JSON ---

function questionOf({ method, path, token, isDpop, proof, origin, certificate, operations }: FaceQuestion): object {
  return {
    token,
    method,
    requestPath: path,
    dpop: isDpop ? { proof, url: origin && origin + path } : undefined,
    clientCertificate: certificate?.certificate,
    operations,
  };
}

/** A verdict in JSON holds the challenge. */
type JsonVerdict = Allowed | (Refused & { wwwAuthenticate: string | null });

function ofJson(verdict: JsonVerdict): FaceAnswer {
  if (verdict.allowed) return answerOf(verdict);
  return refusalOf(verdict, verdict.wwwAuthenticate, verdict.retryAfterSeconds !== undefined);
}

const asJson = (tenantId: string, body: unknown): Sending => ({
  method: "POST",
  headers: { "Content-Type": "application/json", "X-Latchkey-Gateway": credentialOf(tenantId) },
  body: JSON.stringify(body),
});

const inJson = {
  // Whoever asks in JSON has read the header already.
  carries: ({ authorization }: FaceQuestion) => authorization === undefined,
  saysOperations: true,
  isBodiless: () => false,
};

function jsonFace(send: Send): Face {
  async function ask(question: FaceQuestion): Promise<FaceAnswer> {
    const { status, body } = await send("/gateway/v1/validate", asJson(question.tenantId, questionOf(question)));
    const answer = ofJson(JSON.parse(body) as JsonVerdict);
    const isForNow = !answer.allowed && answer.isForNow;
    if (status !== (isForNow ? 503 : 200)) throw new Error(`The JSON face answered ${status}: ${body}`);
    return answer;
  }
  return { ...inJson, name: "JSON", askAll: (questions) => inOrder(questions, ask) };
}

function batchFace(send: Send): Face {
  async function askTogether(batch: readonly FaceQuestion[]): Promise<FaceAnswer[]> {
    const tenantId = batch[0]?.tenantId ?? "";
    const reply = await send("/gateway/v1/validate/batch", asJson(tenantId, { questions: batch.map(questionOf) }));
    return (JSON.parse(reply.body) as { verdicts: JsonVerdict[] }).verdicts.map(ofJson);
  }
  return {
    ...inJson,
    name: "batch",
    async askAll(questions) {
      const batches = [...Map.groupBy(questions.keys(), (at) => questions[at]?.tenantId).values()].flatMap((places) =>
        Array.from({ length: Math.ceil(places.length / 100) }, (_, page) => places.slice(page * 100, page * 100 + 100)),
      );
      const answers = new Array<FaceAnswer>(questions.length);
      await inOrder(batches, async (places) => {
        const given = await askTogether(places.map((at) => questions[at] as FaceQuestion));
        places.forEach((at, index) => (answers[at] = given[index] as FaceAnswer));
      });
      return answers;
    },
  };
}

// --- Faces that repeat the caller's headers ---

function headersOf({ token, isDpop, proof, authorization }: FaceQuestion): Record<string, string> {
  const written = authorization ?? (token === undefined ? undefined : `${isDpop ? "DPoP" : "Bearer"} ${token}`);
  return {
    ...(written !== undefined && { Authorization: written }),
    ...(isDpop && proof !== undefined && { DPoP: proof }),
  };
}

const inHeaders = {
  carries: ({ token = "", path }: FaceQuestion) => token.length + path.length < maximumHeaderCharacters,
  saysOperations: false,
  isBodiless: () => false,
};

/** For faces that are asked by the caller's request itself. */
const asItself = {
  // Node's server reads no method in small letters, and takes CONNECT for something else than a request.
  carries: (question: FaceQuestion) =>
    inHeaders.carries(question) && question.method !== "CONNECT" && question.method === question.method.toUpperCase(),
  saysOperations: false,
  isBodiless: ({ method }: Pick<FaceQuestion, "method">) => method === "HEAD",
};

/** What stands in headers for the backend, by lower-case name. */
function whoInHeaders(headers: Readonly<Record<string, unknown>>) {
  const textOf = (name: string) => {
    const value = headers[`x-latchkey-${name}`];
    return typeof value === "string" ? decodeURIComponent(value) : null;
  };
  const scopes = headers["x-latchkey-scopes"];
  return {
    api: textOf("api-name"),
    application: textOf("application-name"),
    consumerKey: textOf("consumer-key"),
    keyManager: textOf("key-manager"),
    keyType: textOf("key-type"),
    plan: textOf("plan"),
    subject: textOf("subject"),
    scopes: typeof scopes === "string" ? scopes.split(" ").map(decodeURIComponent) : [],
    expiresAt: textOf("expires-at") === null ? null : Number(textOf("expires-at")),
  };
}

/** An answer that goes to the caller as it is; one to HEAD has no body. */
function ofCaller({ status, headers, body }: Reply): FaceAnswer {
  if (status === 200) return { allowed: true, who: whoInHeaders(headers) };
  const { code, reason } = (body === "" ? {} : JSON.parse(body)) as { code?: string; reason?: string };
  const challenge = headers["www-authenticate"] ?? null;
  const isForNow = headers["retry-after"] !== undefined;
  return { allowed: false, status, code: code === undefined ? undefined : Number(code), reason, challenge, isForNow };
}

/** What the configuration of the gateway says in the query of the address. */
function queryOf({ origin }: FaceQuestion): string {
  return `?client-certificate=X-Client-Cert${origin === undefined ? "" : `&origin=${encodeURIComponent(origin)}`}`;
}

function certificateHeader({ certificate }: FaceQuestion): Record<string, string> {
  return certificate ? { "X-Client-Cert": encodeURIComponent(certificate.certificate) } : {};
}

function nginxFace(send: Send): Face {
  async function ask(question: FaceQuestion): Promise<FaceAnswer> {
    const { status, headers } = await send(`/gateway/nginx/auth${queryOf(question)}`, {
      method: "GET",
      headers: {
        ...headersOf(question),
        ...certificateHeader(question),
        "X-Latchkey-Gateway": credentialOf(question.tenantId),
        "X-Original-Method": question.method,
        "X-Original-URI": question.path,
      },
    });
    if (status === 200) return { allowed: true, who: whoInHeaders(headers) };
    const meant = Number(headers["x-latchkey-status"]);
    if (status !== (meant === 400 || meant === 404 ? 403 : meant))
      throw new Error(`nginx was answered ${status} for ${meant}.`);
    return {
      allowed: false,
      status: meant,
      code: Number(headers["x-latchkey-error"]),
      reason: String(headers["x-latchkey-error-reason"]),
      challenge: (headers["x-latchkey-challenge"] as string | undefined) ?? null,
      isForNow: headers["retry-after"] !== undefined,
    };
  }
  return { ...inHeaders, name: "nginx", askAll: (questions) => inOrder(questions, ask) };
}

function forwardAuthFace(send: Send): Face {
  const ask = async (question: FaceQuestion) =>
    ofCaller(
      await send(`/gateway/forward-auth${queryOf(question)}`, {
        method: "GET",
        headers: {
          ...headersOf(question),
          ...certificateHeader(question),
          "X-Latchkey-Gateway": credentialOf(question.tenantId),
          "X-Forwarded-Method": question.method,
          "X-Forwarded-Uri": question.path,
        },
      }),
    );
  return { ...inHeaders, name: "forward-auth", askAll: (questions) => inOrder(questions, ask) };
}

function envoyFace(send: Send): Face {
  const ask = async (question: FaceQuestion) =>
    ofCaller(
      await send(`/gateway/envoy${question.path}`, {
        method: question.method,
        headers: {
          ...headersOf(question),
          ...certificateHeader(question),
          "X-Latchkey-Gateway": credentialOf(question.tenantId),
          "X-Latchkey-Client-Certificate": "X-Client-Cert",
          ...(question.origin !== undefined && { "X-Latchkey-Origin": question.origin }),
        },
      }),
    );
  return { ...asItself, name: "Envoy over HTTP", askAll: (questions) => inOrder(questions, ask) };
}

// --- Envoy over gRPC ---

type GrpcMethod = {
  path: string;
  requestSerialize: (value: object) => Buffer;
  responseDeserialize: (bytes: Buffer) => CheckResponse;
};

function checkMethod(): GrpcMethod {
  const file = fileURLToPath(new URL("../../lib/gateway/grpc/ext-authz.proto", import.meta.url));
  let place: unknown = loadPackageDefinition(loadSync(file, { enums: String, oneofs: true }));
  for (const part of "envoy.service.auth.v3.Authorization".split(".")) place = (place as Record<string, unknown>)[part];
  return (place as { service: { Check: GrpcMethod } }).service.Check;
}

function grpcFace(client: Client): Face {
  const { path: place, requestSerialize, responseDeserialize } = checkMethod();

  async function ask(question: FaceQuestion): Promise<FaceAnswer> {
    const { method, path, origin, certificate } = question;
    const named = Object.entries(headersOf(question)).map(([name, value]) => [name.toLowerCase(), value]);
    const headers = Object.fromEntries(named) as Record<string, string>;
    const metadata = new Metadata();
    metadata.set("x-latchkey-gateway", credentialOf(question.tenantId));
    if (origin !== undefined) metadata.set("x-latchkey-origin", origin);
    const source = { certificate: certificate && encodeURIComponent(certificate.certificate) };
    const asked = { attributes: { source, request: { http: { method, path, headers } } } };
    const response = await new Promise<CheckResponse>((resolve, reject) => {
      client.makeUnaryRequest(place, requestSerialize, responseDeserialize, asked, metadata, (error, answer) =>
        answer ? resolve(answer) : reject(error ?? new Error("There was no answer.")),
      );
    });
    const told = "okResponse" in response ? response.okResponse : response.deniedResponse;
    const answered = Object.fromEntries(told.headers.map(({ header }) => [header.key.toLowerCase(), header.value]));
    if (!("deniedResponse" in response)) return { allowed: true, who: whoInHeaders(answered) };
    const { status, body } = response.deniedResponse;
    return ofCaller({ status: status.code, headers: answered, body });
  }
  return { ...inHeaders, name: "Envoy over gRPC", askAll: (questions) => inOrder(questions, ask) };
}

// --- The middleware for Node servers ---

/** Servers behind the middleware, with TLS for callers that show a certificate. */
async function serveGuarded(gatewayPort: number) {
  const guards = new Map<string, Middleware>();
  const listener: RequestListener = (req, res) => {
    const { "x-tenant": tenantId = "", "x-origin": origin } = req.headers as Record<string, string | undefined>;
    const name = `${tenantId} ${origin ?? ""}`;
    let guard = guards.get(name);
    if (!guard) {
      const credential = credentialOf(decodeURIComponent(tenantId));
      const url = `http://127.0.0.1:${gatewayPort}`;
      guard = latchkey({
        url,
        credential,
        maximumConnections: 4,
        timeoutMs: 20_000,
        ...(origin !== undefined && { origin }),
      });
      guards.set(name, guard);
    }
    guard(req, res, () => res.end(JSON.stringify(req.latchkey)));
  };
  const { certificate: cert, privateKey: key } = selfSigned("127.0.0.1");
  const plain = await listen(createServer(listener));
  const secure = await listen(
    createSecureServer({ cert, key, requestCert: true, rejectUnauthorized: false }, listener),
  );
  const pool = new Pool(`http://127.0.0.1:${plain.port}`, { connections: concurrentQuestions });
  const secured = new Map<TestCertificate, Pool>();

  function poolFor({ certificate }: FaceQuestion): Pool {
    if (!certificate) return pool;
    let known = secured.get(certificate);
    if (!known) {
      const connect = { cert: certificate.certificate, key: certificate.privateKey, rejectUnauthorized: false };
      known = new Pool(`https://127.0.0.1:${secure.port}`, { connections: 4, connect });
      secured.set(certificate, known);
    }
    return known;
  }

  async function ask(question: FaceQuestion): Promise<FaceAnswer> {
    const { tenantId, origin, method, certificate, isAbsolute } = question;
    const server = certificate ? `https://127.0.0.1:${secure.port}` : `http://127.0.0.1:${plain.port}`;
    const path = isAbsolute ? server + question.path : question.path;
    const own = { "X-Tenant": encodeURIComponent(tenantId), ...(origin !== undefined && { "X-Origin": origin }) };
    const reply = await sendTo(poolFor(question), { method, path, headers: { ...headersOf(question), ...own } });
    if (reply.status === 200 && face.isBodiless(question)) return { allowed: true, who: {} };
    return reply.status === 200 ? answerOf(JSON.parse(reply.body) as Allowed) : ofCaller(reply);
  }

  const face: Face = { ...asItself, name: "middleware", askAll: (questions) => inOrder(questions, ask) };
  return {
    face,
    async stop() {
      await Promise.all([pool, ...secured.values()].map((one) => one.destroy()));
      plain.stop();
      secure.stop();
    },
  };
}
