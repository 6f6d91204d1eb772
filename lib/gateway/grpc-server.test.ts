import { fileURLToPath } from "node:url";
import {
  Client,
  credentials as channel,
  loadPackageDefinition,
  Metadata,
  status,
  type ClientReadableStream,
  type ServiceError,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { register } from "prom-client";
import { afterEach, expect, it } from "vitest";
import { silentLog } from "#lib/foundation/log.ts";
import { refuse, refuseForNow, refuseScope, type Allowed, type Verdict } from "#lib/token-validation/verdict.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { ValidationRequest } from "#lib/token-validation/validator.ts";
import type { CheckRequest, CheckResponse } from "./ext-authz-face.ts";
import { serveGrpc, type GrpcServer } from "./grpc-server.ts";

const allowed: Allowed = {
  allowed: true,
  api: { id: "api-1", name: "Läden", context: "/orders", version: "1.0.0" },
  keyManager: { id: "km-1", name: "Keys" },
  consumerKey: "shop-client",
  keyType: "PRODUCTION",
  application: null,
  subscription: null,
  plan: null,
  subject: null,
  scopes: ["read"],
  claims: {},
  expiresAt: 1_800_000_000,
  backendToken: null,
};

const call = {
  method: "GET",
  path: "/orders/1.0.0/items?x=1",
  headers: { authorization: "Bearer token-1", "x-latchkey-gateway": "good" },
};
const asked: CheckRequest = { attributes: { request: { http: call } } };

let server: GrpcServer;
let client: Client;
const world = {
  verdict: allowed as Verdict | Error,
  isReady: true,
  requests: [] as ValidationRequest[],
};

async function start() {
  Object.assign(world, { verdict: allowed, isReady: true, requests: [] });
  server = await serveGrpc({
    address: "127.0.0.1:0",
    validate: async (request) => {
      world.requests.push(request);
      if (world.verdict instanceof Error) throw world.verdict;
      return world.verdict;
    },
    credentials: {
      admit: async (credential) => {
        if (credential === "later") return "unavailable";
        return credential === "good" ? { tenantId: "tenant-a" as TenantId } : "refused";
      },
    },
    isReady: () => world.isReady,
    log: silentLog,
  });
  client = new Client(`127.0.0.1:${server.port}`, channel.createInsecure());
}
afterEach(async () => {
  client.close();
  await server.stop({ withinMs: 0 });
});

const descriptions = ["ext-authz.proto", "health.proto"].map((file) =>
  loadPackageDefinition(
    loadSync(fileURLToPath(new URL(`grpc/${file}`, import.meta.url)), { enums: String, oneofs: true }),
  ),
);
type Method = {
  path: string;
  requestStream: boolean;
  requestSerialize: (value: object) => Buffer;
  responseDeserialize: (bytes: Buffer) => object;
};
function methodOf(service: string, name: string): Method {
  for (const description of descriptions) {
    let place: unknown = description;
    for (const part of service.split(".")) place = (place as Record<string, unknown> | undefined)?.[part];
    if (place) return (place as { service: Record<string, Method> }).service[name] as Method;
  }
  throw new Error(`There is no service ${service}.`);
}

function ask<T>(service: string, name: string, request: object, metadata: Record<string, string> = {}): Promise<T> {
  const { path, requestSerialize, responseDeserialize } = methodOf(service, name);
  const sent = new Metadata();
  for (const [key, value] of Object.entries(metadata)) sent.set(key, value);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, sent, (error, response) =>
      error ? reject(error) : resolve(response as T),
    );
  });
}

const authorization = "envoy.service.auth.v3.Authorization";
const good = { "x-latchkey-gateway": "good" };
const check = (metadata: Record<string, string> = good, request: CheckRequest = asked) =>
  ask<CheckResponse>(authorization, "Check", request, metadata);

/** What an answer says to the caller, headers by lower-case name. */
function toCaller(response: CheckResponse) {
  if (!("deniedResponse" in response)) throw new Error("The call was let through.");
  const { status, headers, body } = response.deniedResponse;
  const named = Object.fromEntries(headers.map(({ header }) => [header.key.toLowerCase(), header.value]));
  return { code: response.status.code, status: status.code, headers: named, body: JSON.parse(body) as unknown };
}

it("lets an allowed call pass, and tells the backend who calls in place of whatever the caller said", async () => {
  await start();
  const response = await check();
  expect(response.status.code).toBe(0);
  expect(response).toMatchObject({
    okResponse: {
      headers: [
        { header: { key: "X-Latchkey-Api-Id", value: "api-1" }, appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" },
        { header: { key: "X-Latchkey-Api-Name", value: "L%C3%A4den" } },
        { header: { key: "X-Latchkey-Api-Version", value: "1.0.0" } },
        { header: { key: "X-Latchkey-Key-Manager", value: "Keys" } },
        { header: { key: "X-Latchkey-Consumer-Key", value: "shop-client" } },
        { header: { key: "X-Latchkey-Key-Type", value: "PRODUCTION" } },
        { header: { key: "X-Latchkey-Scopes", value: "read" } },
        { header: { key: "X-Latchkey-Expires-At", value: "1800000000" } },
      ],
    },
  });
  expect(world.requests).toEqual([
    { tenantId: "tenant-a", token: "token-1", method: "GET", target: { requestPath: "/orders/1.0.0/items?x=1" } },
  ]);
});

it("counts calls by method and status", async () => {
  await start();
  const counts = async () => {
    const text = await register.getSingleMetricAsString("rpc_server_call_duration_seconds");
    return new Map(
      text.split("\n").flatMap((line) => {
        const [, labels, count] = /_count\{(.*)\} (\d+)$/.exec(line) ?? [];
        return labels === undefined ? [] : [[labels, Number(count)] as const];
      }),
    );
  };
  const labels = (method: string, code: string) =>
    `rpc_system_name="grpc",rpc_method="${method}",rpc_response_status_code="${code}"`;
  const lines = [
    labels("envoy.service.auth.v3.Authorization/Check", "OK"),
    labels("grpc.health.v1.Health/Check", "OK"),
    labels("grpc.health.v1.Health/Check", "NOT_FOUND"),
  ];
  const before = await counts();
  await check();
  await check({});
  await ask("grpc.health.v1.Health", "Check", {});
  await expect(ask("grpc.health.v1.Health", "Check", { service: "none" })).rejects.toThrow("NOT_FOUND");
  const after = await counts();
  expect(lines.map((line) => (after.get(line) ?? 0) - (before.get(line) ?? 0))).toEqual([2, 1, 1]);
});

it.each([
  ["no token", refuse("token_missing"), 401, "900902", { "www-authenticate": 'Bearer realm="latchkey"' }],
  ["a bad token", refuse("signature_invalid"), 401, "900901", { "www-authenticate": /error="invalid_token"/ }],
  ["a missing scope", refuseScope(["a"]), 403, "900910", { "www-authenticate": /scope="a"/ }],
  ["an unknown API", refuse("api_unknown"), 404, "900906", {}],
  ["no verdict yet", refuseForNow(7), 503, "900900", { "retry-after": "7" }],
])(
  "refuses %s with status, challenge, code and words for the caller",
  async (_name, verdict, status, code, headers) => {
    await start();
    world.verdict = verdict;
    const answer = toCaller(await check());
    expect(answer).toMatchObject({
      code: 7,
      status,
      headers: { "content-type": "application/json", "cache-control": "no-store" },
      body: { code, reason: verdict.reason, message: verdict.message },
    });
    for (const [name, value] of Object.entries(headers)) expect(answer.headers[name]).toMatch(value);
    expect("www-authenticate" in answer.headers).toBe("www-authenticate" in headers);
  },
);

it("believes a credential in the metadata alone: the headers of the call are the caller's", async () => {
  await start();
  for (const metadata of [{}, { "x-latchkey-gateway": "bad" }, { authorization: "Bearer bad" }]) {
    const answer = toCaller(await check(metadata));
    expect(answer).toMatchObject({ status: 503, body: { code: "900900", reason: "gateway_refused" } });
    expect(answer.headers["www-authenticate"]).toBeUndefined();
  }
  expect(world.requests).toEqual([]);
  expect((await check({ authorization: "Bearer good" })).status.code).toBe(0);
  expect(toCaller(await check({ "x-latchkey-gateway": "later" })).headers["retry-after"]).toBe("1");
});

it("refuses a question that names no call, and a token in the address", async () => {
  await start();
  for (const request of [{}, { attributes: {} }, { attributes: { request: { http: { method: "GET" } } } }]) {
    expect(toCaller(await check(good, request))).toMatchObject({ body: { reason: "gateway_misconfigured" } });
  }
  const path = "/orders/1.0.0/items?access_token=x";
  const inQuery = await check(good, { attributes: { request: { http: { ...call, path } } } });
  expect(toCaller(inQuery)).toMatchObject({ status: 400, body: { reason: "token_in_query" } });
  expect(world.requests).toEqual([]);
});

it("refuses, and does not merely fail, where something breaks: gateways may let calls pass on failures", async () => {
  await start();
  world.verdict = new Error("broken");
  expect(toCaller(await check())).toMatchObject({ status: 503, body: { code: "900900" } });
});

it("takes the certificate of the handshake and the gateway's address for tokens that are bound to them", async () => {
  await start();
  const http = { ...call, headers: { authorization: "DPoP token-1", dpop: "proof-1" } };
  const request = { attributes: { source: { certificate: "PEM" }, request: { http } } };
  await check({ ...good, "x-latchkey-origin": "https://api.example" }, request);
  expect(world.requests[0]).toMatchObject({
    token: "token-1",
    proof: { certificate: "PEM", dpop: { proof: "proof-1", url: `https://api.example${call.path}` } },
  });
});

it("speaks the published protocol, byte for byte", async () => {
  await start();
  world.verdict = refuse("api_unknown");
  const text = (field: number, value: string | Buffer) =>
    Buffer.concat([Buffer.from([field * 8 + 2, Buffer.byteLength(value)]), Buffer.from(value)]);
  // CheckRequest.attributes(1).request(4).http(2): method(2), headers(3) as a map of key(1) and value(2), path(4),
  // with host(5) and protocol(10) beside them, which nobody reads.
  const headers = text(3, Buffer.concat([text(1, "authorization"), text(2, "Bearer token-2")]));
  const http = [text(2, "POST"), headers, text(4, "/a/b"), text(5, "api.example"), text(10, "HTTP/2")];
  const request = text(1, text(4, text(2, Buffer.concat(http))));
  const metadata = new Metadata();
  metadata.set("x-latchkey-gateway", "good");
  const response = await new Promise<Buffer>((resolve, reject) => {
    const as = (bytes: Buffer) => bytes;
    client.makeUnaryRequest(`/${authorization}/Check`, as, as, request, metadata, (error, bytes) =>
      error ? reject(error) : resolve(bytes ?? Buffer.alloc(0)),
    );
  });
  expect(world.requests).toMatchObject([{ token: "token-2", method: "POST", target: { requestPath: "/a/b" } }]);
  // CheckResponse: status(1).code(1) is 7, denied_response(2).status(1).code(1) is 404, with its body(3).
  expect(response.subarray(0, 4).toString("hex")).toBe("0a020807");
  expect(response[4]).toBe(0x12);
  expect(response.includes(Buffer.from("0a0308" + "9403", "hex"))).toBe(true);
  const option = Buffer.concat([
    text(1, Buffer.concat([text(1, "Cache-Control"), text(2, "no-store")])),
    Buffer.from("1802", "hex"),
  ]);
  expect(response.includes(text(2, option))).toBe(true);
});

const health = (service: string) => ask<{ status: string }>("grpc.health.v1.Health", "Check", { service });

it("says whether it is healthy, as gRPC asks for that", async () => {
  await start();
  expect(await health("")).toEqual({ status: "SERVING" });
  expect(await health(authorization)).toEqual({ status: "SERVING" });
  world.isReady = false;
  expect(await health("")).toEqual({ status: "NOT_SERVING" });
  await expect(health("another")).rejects.toMatchObject({ code: status.NOT_FOUND });
});

it("tells those who watch its health of each change, and of its end", async () => {
  await start();
  const { path, requestSerialize, responseDeserialize } = methodOf("grpc.health.v1.Health", "Watch");
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: "" });
  const heard = hear(stream as ClientReadableStream<{ status: string }>);
  await expect.poll(() => heard).toEqual(["SERVING"]);
  world.isReady = false;
  await expect.poll(() => heard, { timeout: 3_000 }).toEqual(["SERVING", "NOT_SERVING"]);
  world.isReady = true;
  await expect.poll(() => heard, { timeout: 3_000 }).toEqual(["SERVING", "NOT_SERVING", "SERVING"]);
  const answers = await Promise.all([server.stop({ noticeMs: 200, withinMs: 1_000 }), check()]);
  expect(answers[1].status.code).toBe(0);
  await expect.poll(() => heard).toEqual(["SERVING", "NOT_SERVING", "SERVING", "NOT_SERVING", "end"]);
});

it("lets a hundred watch its health at a time, and others once those are gone", async () => {
  await start();
  const { path, requestSerialize, responseDeserialize } = methodOf("grpc.health.v1.Health", "Watch");
  const watch = () => {
    const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: "" });
    return { stream, heard: hear(stream as ClientReadableStream<{ status: string }>) };
  };
  const watching = Array.from({ length: 100 }, watch);
  await expect.poll(() => watching.every(({ heard }) => heard[0] === "SERVING")).toBe(true);
  const refused = watch();
  await expect.poll(() => refused.heard).toContain(`error ${status.RESOURCE_EXHAUSTED}`);
  for (const { stream } of watching) stream.cancel();
  let later = watch();
  const isHeard = () => {
    if (later.heard.some((word) => word.startsWith("error"))) later = watch();
    return later.heard.includes("SERVING");
  };
  await expect.poll(isHeard, { timeout: 3_000 }).toBe(true);
});

function hear(stream: ClientReadableStream<{ status: string }>): string[] {
  const heard: string[] = [];
  stream.on("data", ({ status }: { status: string }) => heard.push(status));
  stream.on("end", () => heard.push("end"));
  stream.on("error", ({ code }: ServiceError) => heard.push(`error ${code}`));
  return heard;
}
