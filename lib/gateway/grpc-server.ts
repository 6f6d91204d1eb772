import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  status,
  type handleUnaryCall,
  type Metadata,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceClientConstructor,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { histogram, type Observe } from "#lib/foundation/metrics.ts";
import type { Log } from "#lib/foundation/log.ts";
import { refuseForNow } from "#lib/token-validation/verdict.ts";
import { bearerToken } from "./bearer.ts";
import type { Validate } from "./call.ts";
import { gatewayRefused, refusalForCaller } from "./caller-answer.ts";
import type { GatewayCredentials } from "./credentials.ts";
import { openGrpcTls, type GrpcTlsFiles } from "./grpc-tls.ts";
import { answerCheck, denied, type CheckRequest, type CheckResponse } from "./ext-authz-face.ts";

export type GrpcServerOptions = {
  /** host:port; port 0 takes any that is free. */
  address: string;
  /** The files of its certificates; without them, it speaks no TLS. */
  tls?: GrpcTlsFiles | undefined;
  validate: Validate;
  credentials: Pick<GatewayCredentials, "admit">;
  /** Whether calls can be judged at this moment. */
  isReady: () => boolean;
  log: Log;
};

export type GrpcServer = {
  port: number;
  /**
   * Says at once that it is not healthy, and still answers until load balancers have heard of it; then takes no more
   * calls, and lets running ones end.
   */
  stop(times: { noticeMs?: number; withinMs: number }): Promise<void>;
};

const authorizationName = "envoy.service.auth.v3.Authorization";
const healthName = "grpc.health.v1.Health";
const authorization = serviceOf("ext-authz.proto", authorizationName);
const health = serviceOf("health.proto", healthName);
/** What may be asked about the health of; "" is the server as a whole. */
const services = new Set(["", authorizationName]);

// Named as OpenTelemetry names it (semantic conventions for RPC, rpc.server.call.duration).
const callSeconds = histogram({
  name: "rpc_server_call_duration_seconds",
  help: "Time from the arrival of a gRPC call to its answer.",
  buckets: [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10],
});
/** By method and status. */
const lines = new Map<string, Map<status, Observe>>();

/** A question holds the headers of a call, and no body. */
const maximumMessageBytes = 256 * 1024;
const watchEveryMs = 1_000;
/** Streams at a time that are told of changes of the health: nobody proves himself for one. */
const maximumWatches = 100;

/**
 * Serves Envoy's external authorization (envoy.service.auth.v3.Authorization) and health (grpc.health.v1.Health) over
 * gRPC. A gateway proves itself by its credential in the metadata `x-latchkey-gateway`, or in
 * `authorization: Bearer`; the headers of the call that it asks about are the caller's and prove nothing.
 *
 * @throws {Error} where the address cannot be had, or naming the setting whose file for TLS is not usable
 */
export async function serveGrpc(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new Server({ "grpc.max_receive_message_length": maximumMessageBytes });
  const stopping = new AbortController();
  const tls = options.tls && (await openGrpcTls(options.tls, options));
  const check = timed(`${authorizationName}/Check`, checkHandler(options));
  server.addService(authorization, { Check: check } satisfies UntypedServiceImplementation);
  server.addService(health, healthHandlers(options, stopping.signal));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(options.address, tls?.credentials ?? ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    async stop({ noticeMs = 0, withinMs }) {
      stopping.abort();
      tls?.close();
      await pause(noticeMs);
      const timer = setTimeout(() => server.forceShutdown(), withinMs);
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      clearTimeout(timer);
    },
  };
}

function checkHandler({ credentials, validate, log }: GrpcServerOptions) {
  async function check({ request, metadata }: ServerUnaryCall<CheckRequest, CheckResponse>): Promise<CheckResponse> {
    const admitted = await credentials.admit(credentialOf(metadata));
    if (admitted === "unavailable") return denied(refusalForCaller(refuseForNow(1)));
    if (admitted === "refused") return denied(gatewayRefused);
    return answerCheck(request, { tenantId: admitted.tenantId, validate }, textOf(metadata, "x-latchkey-origin"));
  }
  return (call: ServerUnaryCall<CheckRequest, CheckResponse>, answer: sendUnaryData<CheckResponse>) =>
    void check(call).then(
      (response) => answer(null, response),
      (error: unknown) => {
        log.error({ error, area: "ext_authz" }, "a request failed");
        // Not an error of gRPC's: Envoy may be told to let calls pass on those.
        answer(null, denied(refusalForCaller(refuseForNow(1))));
      },
    );
}

/** Counts what a method answers, when the answer is made. */
function timed<Request, Response>(
  method: string,
  handle: handleUnaryCall<Request, Response>,
): handleUnaryCall<Request, Response> {
  let ofMethod = lines.get(method);
  if (!ofMethod) lines.set(method, (ofMethod = new Map<status, Observe>()));
  const byStatus = ofMethod;
  return (call, answer) => {
    const startedAt = performance.now();
    handle(call, (error, response) => {
      answer(error, response);
      const code = error ? (error.code ?? status.UNKNOWN) : status.OK;
      let observe = byStatus.get(code);
      if (!observe) {
        observe = callSeconds.line({
          rpc_system_name: "grpc",
          rpc_method: method,
          rpc_response_status_code: status[code],
        });
        byStatus.set(code, observe);
      }
      observe((performance.now() - startedAt) / 1000);
    });
  };
}

type HealthRequest = { service?: string };
type HealthStatus = "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN";
type HealthResponse = { status: HealthStatus };

function healthHandlers({ isReady }: GrpcServerOptions, stopping: AbortSignal): UntypedServiceImplementation {
  let watches = 0;
  const present = (): HealthStatus => (isReady() && !stopping.aborted ? "SERVING" : "NOT_SERVING");
  return {
    Check: timed<HealthRequest, HealthResponse>(`${healthName}/Check`, ({ request }, answer) => {
      if (services.has(request.service ?? "")) answer(null, { status: present() });
      else answer({ code: status.NOT_FOUND, details: "There is no such service." });
    }),
    Watch(call: ServerWritableStream<HealthRequest, HealthResponse>) {
      if (watches >= maximumWatches) {
        call.emit("error", { code: status.RESOURCE_EXHAUSTED, details: "Too many watch the health. Use Check." });
        return;
      }
      watches++;
      const isKnown = services.has(call.request.service ?? "");
      let told: HealthStatus | undefined;
      const tell = () => {
        const now = isKnown ? present() : "SERVICE_UNKNOWN";
        if (now !== told) call.write({ status: (told = now) });
        if (stopping.aborted) call.end();
      };
      tell();
      const timer = setInterval(tell, watchEveryMs);
      stopping.addEventListener("abort", tell, { once: true });
      let isOpen = true;
      call.once("close", () => forget());
      call.once("cancelled", () => forget());
      function forget() {
        if (!isOpen) return;
        isOpen = false;
        watches--;
        clearInterval(timer);
        stopping.removeEventListener("abort", tell);
      }
    },
  };
}

function credentialOf(metadata: Metadata): string | undefined {
  return textOf(metadata, "x-latchkey-gateway") ?? bearerToken(textOf(metadata, "authorization"));
}

function textOf(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name);
  return typeof value === "string" ? value : undefined;
}

/** The service of a description in this folder. */
function serviceOf(file: string, name: string): ServiceClientConstructor["service"] {
  const path = fileURLToPath(new URL(`grpc/${file}`, import.meta.url));
  let place: unknown = loadPackageDefinition(loadSync(path, { enums: String, defaults: false }));
  for (const part of name.split(".")) place = (place as Record<string, unknown>)[part];
  return (place as ServiceClientConstructor).service;
}
