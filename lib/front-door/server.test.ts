import { once } from "node:events";
import { Agent, request, type IncomingHttpHeaders, type IncomingMessage, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { silentLog, type LogFields } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { protectPage } from "./headers.ts";
import { healthHandler } from "./health.ts";
import { metricsHandler } from "./metrics.ts";
import { createFrontDoor, drain, stepAside, type FrontDoorOptions, type Handler, type Mount } from "./server.ts";

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => drain(server, 0)));
});

/** Opens a front door on a free port of the loopback interface. */
async function open(mounts: readonly Mount[], options: Partial<FrontDoorOptions> = {}): Promise<Server> {
  const door = { mounts, log: silentLog, origin: "http://portal.test:8080", trustedProxies: 0, ...options };
  const server = createFrontDoor(door).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return server;
}

type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

function call(server: Server, path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, headers, method, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.once("error", reject);
    sent.end();
  });
}

const everywhere = (handle: Handler, more: Partial<Mount> = {}): Mount => ({
  area: "test",
  matches: () => true,
  handle,
  ...more,
});
/** Answers with the headers that the mount was given. */
const echo: Handler = (req, res) => void res.end(JSON.stringify(req.headers));

describe("/health", () => {
  let now = 0;
  const clock = { now: () => new Date(now) };
  const health = (isDatabaseReady: () => Promise<boolean>, isStopping = () => false) => [
    everywhere(healthHandler({ isDatabaseReady, isStopping, clock })),
  ];

  it("is well while the database answers", async () => {
    const { status, body } = await call(await open(health(() => Promise.resolve(true))), "/health");
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ status: "ok", database: "ok" });
  });

  it("is unavailable while the database does not, though the process lives", async () => {
    const server = await open(health(() => Promise.resolve(false)));
    const { status, headers, body } = await call(server, "/health");
    expect(status).toBe(503);
    expect(headers["cache-control"]).toBe("no-store");
    expect(JSON.parse(body)).toEqual({ status: "unavailable", database: "unreachable" });
    expect((await call(server, "/health/live")).status).toBe(200);
  });

  it("is unavailable from the moment the process is to stop, at once, though it lives until then", async () => {
    let isStopping = false;
    const server = await open(
      health(
        () => Promise.resolve(true),
        () => isStopping,
      ),
    );
    expect((await call(server, "/health")).status).toBe(200);
    isStopping = true;
    expect((await call(server, "/health")).status).toBe(503);
    expect((await call(server, "/health/live")).status).toBe(200);
  });

  it("asks the database again after a second, and no sooner", async () => {
    let ready = true;
    const server = await open(health(() => Promise.resolve(ready)));
    expect((await call(server, "/health")).status).toBe(200);
    ready = false;
    now += 1_000;
    expect((await call(server, "/health")).status).toBe(200);
    now += 1;
    expect((await call(server, "/health")).status).toBe(503);
  });
});

describe("/metrics", () => {
  const token = new Secret("collector-token");
  const metrics = (options: Partial<Parameters<typeof metricsHandler>[0]> = {}) =>
    metricsHandler({ token: undefined, trustedProxies: 0, ...options });

  it("is for this machine alone where no token is set", async () => {
    const near = await call(await open([everywhere(metrics())]), "/metrics");
    expect(near.status).toBe(200);
    expect(near.body).toContain("http_server_request_duration_seconds");

    const handle = metrics();
    const far = everywhere((req, res) => {
      Object.defineProperty(req.socket, "remoteAddress", { value: "203.0.113.9" });
      return handle(req, res);
    });
    const refused = await call(await open([far]), "/metrics");
    expect(refused.status).toBe(403);
    expect(refused.body).not.toContain("latchkey_http");
  });

  it("is for nobody without a token behind a proxy, where every caller is near", async () => {
    const server = await open([everywhere(metrics({ trustedProxies: 1 }))], { trustedProxies: 1 });
    expect((await call(server, "/metrics", { "x-forwarded-for": "127.0.0.1" })).status).toBe(403);
  });

  it.each([{}, { authorization: "Bearer other" }, { authorization: "Basic collector-token" }])(
    "refuses %o where a token is set, from this machine too",
    async (headers: Record<string, string>) => {
      const refused = await call(await open([everywhere(metrics({ token }))]), "/metrics", headers);
      expect(refused.status).toBe(401);
      expect(refused.headers["www-authenticate"]).toBe("Bearer");
      expect(refused.body).not.toContain("latchkey_http");
    },
  );

  it("answers whoever presents the token", async () => {
    const server = await open([everywhere(metrics({ token, trustedProxies: 1 }))], { trustedProxies: 1 });
    expect((await call(server, "/metrics", { authorization: "Bearer collector-token" })).status).toBe(200);
  });
});

it("answers are counted by mount, scheme, method and status, methods that nobody knows as one", async () => {
  const read = everywhere(metricsHandler({ token: undefined, trustedProxies: 0 }), {
    matches: (at) => at === "/metrics",
  });
  const page = everywhere(echo, { area: "counted page", matches: (path) => path === "/page" });
  const fast = everywhere(echo, { area: "counted fast", matches: (path) => path === "/fast", express: true });
  const failing = everywhere(() => Promise.reject(new Error("a bug")), { area: "counted failure" });
  const server = await open([read, page, fast, failing], { origin: "https://portal.test" });
  for (const [path, method] of [
    ["/page", "GET"],
    ["/page", "POST"],
    ["/fast", "GET"],
    ["/fast", "GET"],
    ["/fast", "MKCOL"],
    ["/fast", "PURGE"],
    ["/else", "GET"],
  ] as const) {
    await call(server, path, {}, method);
  }
  const lines = async () =>
    (await call(server, "/metrics")).body.split("\n").filter((line) => /_count.*counted/.test(line));
  await expect.poll(lines).toHaveLength(5);
  const labels = (route: string, scheme: string, method: string, rest = "200") =>
    `http_server_request_duration_seconds_count{http_route="counted ${route}",url_scheme="${scheme}",http_request_method="${method}",http_response_status_code="${rest}"`;
  expect((await lines()).toSorted()).toEqual(
    [
      `${labels("page", "https", "GET")}} 1`,
      `${labels("page", "https", "POST")}} 1`,
      // Gateways call the server itself, which speaks HTTP.
      `${labels("fast", "http", "GET")}} 2`,
      `${labels("fast", "http", "_OTHER")}} 2`,
      `${labels("failure", "https", "GET", "500")},error_type="500"} 1`,
    ].toSorted(),
  );
});

describe("headers of answers", () => {
  const page = everywhere((req, res) => {
    protectPage(req, res, { dev: false });
    res.end(req.headers["x-nonce"]);
  });

  it("a page allows its own scripts alone, with a nonce of its own each time", async () => {
    const server = await open([page]);
    const [first, second] = [await call(server, "/"), await call(server, "/", { "x-nonce": "chosen" })];
    for (const { headers, body } of [first, second]) {
      expect(headers["content-security-policy"]).toContain(`script-src 'self' 'nonce-${body}' 'strict-dynamic';`);
      expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
      expect(headers["content-security-policy"]).not.toContain("unsafe-eval");
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
      });
    }
    expect(first.body).not.toBe(second.body);
    expect(second.body).not.toBe("chosen");
  });

  it("browsers are told to stay with https where that is the origin", async () => {
    const plain = await call(await open([page]), "/");
    expect(plain.headers).not.toHaveProperty("strict-transport-security");
    const secure = await call(await open([page], { origin: "https://portal.test" }), "/");
    expect(secure.headers["strict-transport-security"]).toContain("max-age=63072000");
  });

  it("stand on refusals and failures too, which tell nothing of what went wrong", async () => {
    const errors: LogFields[] = [];
    const log = { ...silentLog, error: (fields: LogFields) => void errors.push(fields) };
    const failing = everywhere(() => Promise.reject(new Error("the password is swordfish")), {
      matches: (path) => path === "/fails",
    });
    const server = await open([failing], { log });
    const missing = await call(server, "/nowhere");
    const failed = await call(server, "/fails");
    expect([missing.status, failed.status]).toEqual([404, 500]);
    for (const { headers } of [missing, failed]) expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(failed.body).not.toContain("swordfish");
    expect(failed.body).toContain(failed.headers["x-request-id"]);
    expect(errors).toMatchObject([{ requestId: failed.headers["x-request-id"], area: "test" }]);
  });
});

describe("headers of requests", () => {
  const forged = {
    "x-forwarded-for": "198.51.100.1",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "https",
    "x-forwarded-prefix": "/evil",
    forwarded: "for=198.51.100.1;host=evil.example",
    "x-real-ip": "198.51.100.1",
    "x-nonce": "chosen",
    "content-security-policy": "script-src *",
    "x-middleware-subrequest": "proxy:proxy:proxy",
    "x-latchkey-client-address": "198.51.100.1",
    "x-latchkey-path": "//evil.example",
  };
  const stripped = [
    "x-forwarded-prefix",
    "forwarded",
    "x-real-ip",
    "x-nonce",
    "content-security-policy",
    "x-middleware-subrequest",
  ];

  it("say what the configuration says, whatever the client wrote", async () => {
    const { body } = await call(await open([everywhere(echo)]), "/account?tab=1&_rsc=1x", forged);
    const seen = JSON.parse(body) as Record<string, string>;
    expect(seen).toMatchObject({
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": "portal.test:8080",
      "x-forwarded-proto": "http",
      "x-forwarded-port": "8080",
      "x-latchkey-client-address": "127.0.0.1",
      "x-latchkey-path": "/account?tab=1",
    });
    for (const name of stripped) expect(seen).not.toHaveProperty(name);
  });

  it("believe a proxy of ours about the client's address, and about nothing else", async () => {
    const server = await open([everywhere(echo)], { origin: "https://portal.test", trustedProxies: 1 });
    const seen = JSON.parse((await call(server, "/", forged)).body) as Record<string, string>;
    expect(seen).toMatchObject({
      "x-forwarded-for": "198.51.100.1",
      "x-forwarded-host": "portal.test",
      "x-forwarded-proto": "https",
      "x-forwarded-port": "443",
    });
    for (const name of stripped) expect(seen).not.toHaveProperty(name);
  });

  it("arrive as they came at an express mount, which puts its own on the answer", async () => {
    const { headers, body } = await call(await open([everywhere(echo, { express: true })]), "/gateway", forged);
    expect(JSON.parse(body)).toMatchObject(forged);
    expect(headers).not.toHaveProperty("x-request-id");
  });
});

it("a request without a body arrives ended where that is asked for, and one with a body does not", async () => {
  const ended = everywhere((req, res) => void res.end(String(req.readableEnded)));
  const announced = { "content-length": "0" };
  const spared = await open([ended], { endsEmptyRequests: true });
  expect((await call(spared, "/")).body).toBe("true");
  expect((await call(spared, "/", announced)).body).toBe("false");
  expect((await call(await open([ended]), "/")).body).toBe("false");
});

it("several requests on one connection to an express mount are answered each, in their order", async () => {
  const answering: Handler = (req, res) => {
    if (req.url === "/fails") throw new Error("a bug");
    res.end(`answer to ${req.url}`);
  };
  const server = await open([everywhere(answering, { express: true })]);
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  socket.write(
    ["/first", "/fails", "/last"].map((path) => `GET ${path} HTTP/1.1\r\nHost: portal.test\r\n\r\n`).join(""),
  );
  let said = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  await expect.poll(() => said).toContain("answer to /last");
  socket.destroy();
  expect(said.match(/HTTP\/1\.1 \d+|answer to \/[a-z]+/g)).toEqual([
    "HTTP/1.1 200",
    "answer to /first",
    "HTTP/1.1 500",
    "HTTP/1.1 200",
    "answer to /last",
  ]);
});

it("a log shows no one-time token of an address", async () => {
  const lines: LogFields[] = [];
  const log = { ...silentLog, info: (fields: LogFields) => void lines.push(fields) };
  const server = await open([everywhere(echo)], { log });
  await call(server, "/invitations/one-time-token?x=secret-too");
  await expect.poll(() => lines).toMatchObject([{ path: "/invitations/[secret]", status: 200 }]);
});

it.each([{ express: true }, {}])("steps aside without dropping a call over a connection in use: %o", async (more) => {
  const server = await open([everywhere((_req, res) => void res.end("answer"), more)]);
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async () => {
    const [answer] = (await once(request({ host: "127.0.0.1", port, agent }).end(), "response")) as [IncomingMessage];
    await once(answer.resume(), "end");
    return [answer.statusCode, answer.headers.connection];
  };
  expect(await ask()).toEqual([200, "keep-alive"]);
  let isGone = false;
  const gone = stepAside(server, { noticeMs: 100, withinMs: 10_000 }).then(() => (isGone = true));
  // The one that was open, and a new one.
  for (let index = 0; index < 2; index++) expect(await ask()).toEqual([200, "close"]);
  expect(isGone).toBe(false);
  await gone;
  agent.destroy();
  await expect(ask()).rejects.toThrow("ECONNREFUSED");
});

describe("draining", () => {
  /** A mount whose requests go on until they are told to end. */
  function slow() {
    const { promise: ending, resolve: end } = Promise.withResolvers<undefined>();
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<undefined>();
    const mount = everywhere(async (_req, res) => {
      arrive(undefined);
      await ending;
      res.end("finished");
    });
    return { mount, arrived, end: () => end(undefined) };
  }

  it("lets a running request end, and takes no other", async () => {
    const { mount, arrived, end } = slow();
    const server = await open([mount]);
    const { port } = server.address() as AddressInfo;
    const running = call(server, "/");
    await arrived;
    let isDrained = false;
    const drained = drain(server, 10_000).then(() => (isDrained = true));
    await expect(once(request({ host: "127.0.0.1", port, agent: false }).end(), "response")).rejects.toThrow(
      /ECONNREFUSED/,
    );
    expect(isDrained).toBe(false);
    end();
    expect(await running).toMatchObject({ status: 200, body: "finished" });
    await drained;
  });

  it("cuts off a request that takes longer than it may", async () => {
    const { mount, arrived, end } = slow();
    const server = await open([mount]);
    const running = expect(call(server, "/")).rejects.toThrow(/socket hang up|ECONNRESET/);
    await arrived;
    await drain(server, 20);
    await running;
    end();
  });
});
