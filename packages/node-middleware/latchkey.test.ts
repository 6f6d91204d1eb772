import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  createServer,
  request,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect, type AddressInfo } from "node:net";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import express from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { latchkey, type LatchkeyOptions, type Middleware } from "./latchkey.ts";

const credential = `lkg_${"a".repeat(43)}`;
const allowed = { allowed: true, consumerKey: "shop-client", subject: "user-1", scopes: ["read"] };
const refused = {
  allowed: false,
  reason: "scope_missing",
  code: 900910,
  status: 403,
  message: "The access token lacks the scope that this resource asks for.",
  wwwAuthenticate: 'Bearer realm="latchkey", error="insufficient_scope"',
};

type Asked = {
  url: string | undefined;
  headers: IncomingMessage["headers"];
  question: unknown;
  port: number | undefined;
};
type Reply =
  { status?: number; headers?: Record<string, string>; body?: unknown } | "silence" | "hang up" | "hang up once";

const running: Server[] = [];
let asked: Asked[];
let reply: Reply;
let errors: Error[];
let address: string;

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  running.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeEach(async () => {
  [asked, errors, reply] = [[], [], { body: allowed }];
  address = await listen((req, res) => {
    void text(req).then((body) => {
      const question: unknown = JSON.parse(body);
      asked.push({ url: req.url, headers: req.headers, question, port: req.socket.remotePort });
      if (reply === "silence") return;
      if (reply === "hang up once") reply = { body: allowed };
      else if (reply !== "hang up") return send(res, reply);
      req.socket.destroy();
    });
  });
});

function send(res: ServerResponse, { status = 200, headers = {}, body }: Exclude<Reply, string>): void {
  res.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
}

afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const guard = (options: Partial<LatchkeyOptions> = {}): Middleware =>
  latchkey({ url: address, credential, onError: (error) => errors.push(error), ...options });

/** A server of node:http behind the middleware; it answers what the handler finds. */
const guarded = (options: Partial<LatchkeyOptions> = {}) => {
  const middleware = guard(options);
  return listen((req, res) => middleware(req, res, () => res.end(JSON.stringify(req.latchkey))));
};

/** Node's own client sends paths as they are. */
async function call(origin: string, path: string, headers: Record<string, string> = {}, method = "GET") {
  const sent = request(origin + path, { method, path, headers, agent: false });
  sent.end();
  const [res] = (await once(sent, "response")) as [IncomingMessage];
  const body = await text(res);
  return { status: res.statusCode, headers: res.headers, body: body === "" ? null : (JSON.parse(body) as unknown) };
}

const bearer = { Authorization: "Bearer token-1" };

describe("a call that may pass", () => {
  it("goes on with the verdict, whatever stood there before", async () => {
    const origin = await guarded();
    expect(await call(origin, "/orders/1.0.0/a%20b?x=1", bearer, "POST")).toMatchObject({ status: 200, body: allowed });
    expect(asked).toMatchObject([
      {
        url: "/gateway/v1/validate",
        headers: { "x-latchkey-gateway": credential, "content-type": "application/json" },
        question: { token: "token-1", method: "POST", requestPath: "/orders/1.0.0/a%20b?x=1" },
      },
    ]);
    expect(asked[0]?.question).not.toHaveProperty("dpop");
  });

  it("is asked about over connections that stay open", async () => {
    const origin = await guarded();
    for (let calls = 0; calls < 5; calls++) await call(origin, "/orders", bearer);
    expect(new Set(asked.map(({ port }) => port)).size).toBe(1);
  });

  it("is asked about again where Latchkey closed a resting connection in that moment", async () => {
    const origin = await guarded();
    await call(origin, "/orders", bearer);
    reply = "hang up once";
    expect(await call(origin, "/orders", bearer)).toMatchObject({ status: 200 });
    expect(asked).toHaveLength(3);
    expect(errors).toEqual([]);
  });

  it("with DPoP is asked about with its proof and the server's own address", async () => {
    const origin = await guarded({ origin: "https://api.example" });
    await call(origin, "/orders?x=1", { Authorization: "DPoP token-1", DPoP: "proof-1", Host: "evil.example" });
    expect(asked[0]?.question).toEqual({
      token: "token-1",
      method: "GET",
      requestPath: "/orders?x=1",
      dpop: { proof: "proof-1", url: "https://api.example/orders?x=1" },
    });
  });

  it("may be asked about by another path", async () => {
    const origin = await guarded({ path: (req) => `/orders/1.0.0${req.url}` });
    await call(origin, "/items", bearer);
    expect(asked[0]?.question).toMatchObject({ requestPath: "/orders/1.0.0/items" });
  });
});

/** Sends a request line as it stands, which no client does. */
async function sendRaw(origin: string, target: string, { host = new URL(origin).host, version = "1.1" } = {}) {
  const socket = connect(Number(new URL(origin).port), "127.0.0.1");
  const headers = `${host === "" ? "" : `Host: ${host}\r\n`}Authorization: Bearer token-1\r\nConnection: close\r\n`;
  socket.write(`GET ${target} HTTP/${version}\r\n${headers}\r\n`);
  const answer = await text(socket);
  return { status: Number(answer.split(" ")[1]), body: answer.slice(answer.indexOf("\r\n\r\n") + 4) };
}

describe("a request line in absolute form (RFC 9112 §3.2.2)", () => {
  /** The server of `node:http` answers the address that it reads. */
  const readsAddress = async (options: Partial<LatchkeyOptions> = {}) => {
    const middleware = guard(options);
    return listen((req, res) => middleware(req, res, () => res.end(req.url)));
  };

  it.each([
    ["/orders/1.0.0/a%20b?x=/..//y", "/orders/1.0.0/a%20b?x=/..//y"],
    ["/orders/../it's;a=(1)", "/orders/../it's;a=(1)"],
    ["//evil.example/orders", "//evil.example/orders"],
    ["", "/"],
    ["?x=1", "/?x=1"],
  ])("is asked about by its path and query, and read so by what follows: %s", async (written, path) => {
    const origin = await readsAddress({ origin: "https://api.example" });
    for (const scheme of ["http", "HTTPS"]) {
      const target = `${scheme}://${new URL(origin).host}${written}`;
      expect(await sendRaw(origin, target)).toMatchObject({ status: 200 });
    }
    expect(asked.map(({ question }) => question)).toEqual([
      { token: "token-1", method: "GET", requestPath: path },
      { token: "token-1", method: "GET", requestPath: path },
    ]);
    const { body } = await sendRaw(origin, `http://${new URL(origin).host}${written}`);
    expect(body).toContain(path);
  });

  it("may name a host by its letters, whatever their case, or by an address of IP version 6", async () => {
    const origin = await readsAddress();
    expect(await sendRaw(origin, "http://API.example:80/orders", { host: "api.example:80" })).toMatchObject({
      status: 200,
    });
    expect(await sendRaw(origin, "http://[::1]:8080/orders", { host: "[::1]:8080" })).toMatchObject({ status: 200 });
    expect(asked.map(({ question }) => question)).toMatchObject([
      { requestPath: "/orders" },
      { requestPath: "/orders" },
    ]);
  });

  it.each([
    ["another host than the header", "http://evil.example/orders", "api.example"],
    ["another port than the header", "http://api.example:81/orders", "api.example"],
    ["a user name", "http://api.example@api.example/orders", "api.example"],
    ["no host", "http:///orders", "api.example"],
    ["a host that parsers end early", "http://api*example/orders", "api*example"],
    ["a port that is none", "http://api.example:80a/orders", "api.example:80a"],
    ["a backslash", "http://api.example\\orders", "api.example"],
    ["a backslash in the path", "http://api.example/a\\..\\orders", "api.example"],
    ["a fragment", "http://api.example/open#/orders", "api.example"],
    ["another scheme", "ftp://api.example/orders", "api.example"],
  ])("is asked about as an address of no API where it has %s", async (_name, target, host) => {
    const origin = await readsAddress();
    reply = { body: { ...refused, status: 404, reason: "api_unknown", wwwAuthenticate: null } };
    const { status } = await sendRaw(origin, target, { host });
    // Node itself refuses some of them.
    if (status === 400) return expect(asked).toEqual([]);
    expect(status).toBe(404);
    expect(asked[0]?.question).toMatchObject({ requestPath: `//${target}` });
  });

  it("is asked about as an address of no API where no header names its host; so is an asterisk", async () => {
    const origin = await readsAddress();
    await sendRaw(origin, "http://api.example/orders", { host: "", version: "1.0" });
    await sendRaw(origin, "*");
    expect(asked.map(({ question }) => question)).toMatchObject([
      { requestPath: "//http://api.example/orders" },
      { requestPath: "//*" },
    ]);
  });

  it("is read by Express as the path that was asked about, below a mounted path too", async () => {
    const app = express();
    app.use("/orders", guard());
    app.get("/orders/1.0.0/items", (req, res) => res.send(`found ${req.path}`));
    const origin = await listen(app as RequestListener);
    const answer = await sendRaw(origin, `${origin}/orders/1.0.0/items?x=1`);
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining("found /orders/1.0.0/items") as string });
    expect(asked[0]?.question).toMatchObject({ requestPath: "/orders/1.0.0/items?x=1" });
  });
});

describe("a GraphQL call", () => {
  const request = { query: "{ orders { id } }", operationName: null, variables: { secret: "x" }, extensions: {} };

  it("is asked about with its document, and neither with variables nor with extensions", async () => {
    const origin = await guarded({ graphql: () => request });
    expect(await call(origin, "/orders/1.0.0", bearer, "POST")).toMatchObject({ status: 200 });
    expect(asked[0]?.question).toEqual({
      token: "token-1",
      method: "POST",
      requestPath: "/orders/1.0.0",
      graphql: { query: request.query, operationName: null },
    });
  });

  it("is asked about with what the server says that it touches, whatever document there is", async () => {
    const origin = await guarded({ graphql: () => request, operations: () => ["QUERY orders"] });
    await call(origin, "/orders/1.0.0", bearer, "POST");
    expect(asked[0]?.question).toMatchObject({ operations: ["QUERY orders"] });
    expect(asked[0]?.question).not.toHaveProperty("graphql");
  });

  it("may be no GraphQL call after all", async () => {
    const origin = await guarded({ graphql: () => undefined, operations: () => undefined });
    await call(origin, "/orders/1.0.0", bearer);
    expect(asked[0]?.question).toEqual({ token: "token-1", method: "GET", requestPath: "/orders/1.0.0" });
  });

  it("that Latchkey cannot read is refused in its words", async () => {
    const fields = [{ path: "graphql.query", message: "The query is no GraphQL that can be read." }];
    reply = { status: 400, body: { code: "input.invalid", message: "The question is not usable.", fields } };
    const origin = await guarded({ graphql: () => [request] });
    expect(await call(origin, "/orders", bearer, "POST")).toMatchObject({
      status: 400,
      body: { code: "900900", reason: "operations_unknown", message: fields[0]?.message },
    });
    expect(asked[0]?.question).toMatchObject({ graphql: {} });
    reply = { status: 413, body: { code: "input.invalid", message: "The question is larger than 65536 bytes." } };
    expect(await call(origin, "/orders", bearer, "POST")).toMatchObject({ status: 413, body: { code: "900900" } });
    expect(errors).toEqual([]);
  });

  it("lets nothing pass where another part of the question is wrong, or its document cannot be had", async () => {
    reply = { status: 400, body: { fields: [{ path: "method", message: "Use an HTTP method, such as GET." }] } };
    expect(await call(await guarded({ graphql: () => request }), "/orders", bearer)).toMatchObject({ status: 503 });
    const broken = await guarded({
      graphql: () => {
        throw new Error("There is no body.");
      },
    });
    expect(await call(broken, "/orders", bearer)).toMatchObject({ status: 503 });
    expect(errors.map(({ message }) => message)).toEqual([
      "Latchkey answered 400 without a verdict.",
      "There is no body.",
    ]);
  });
});

describe("a call that may not pass", () => {
  it("is answered with status, challenge and code, and reaches nobody", async () => {
    reply = { body: refused };
    const middleware = guard();
    let reached = false;
    const origin = await listen((req, res) => middleware(req, res, () => (reached = true)));
    const answer = await call(origin, "/orders", bearer);
    expect(answer).toMatchObject({
      status: 403,
      headers: {
        "content-type": "application/json",
        "cache-control": "no-store",
        "www-authenticate": refused.wwwAuthenticate,
      },
      body: { code: "900910", reason: "scope_missing", message: refused.message },
    });
    expect(reached).toBe(false);
    expect(errors).toEqual([]);
  });

  it.each([
    ["nothing", {}],
    ["Basic", { Authorization: "Basic abc" }],
    ["two words", { Authorization: "Bearer a b" }],
  ])("is asked about without a token where it brings %s", async (_name, headers) => {
    reply = { body: { ...refused, status: 401 } };
    expect(await call(await guarded(), "/orders", headers)).toMatchObject({ status: 401 });
    expect(asked[0]?.question).toEqual({ method: "GET", requestPath: "/orders" });
  });

  it("is told when to try again where there is no verdict yet", async () => {
    const body = { ...refused, status: 503, code: 900900, reason: "unavailable", wwwAuthenticate: null };
    reply = { status: 503, headers: { "Retry-After": "7" }, body };
    const answer = await call(await guarded(), "/orders", bearer);
    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "7" }, body: { code: "900900" } });
    expect(answer.headers["www-authenticate"]).toBeUndefined();
  });
});

describe("nothing passes", () => {
  it.each<[string, Reply]>([
    ["where Latchkey hangs up", "hang up"],
    ["on an error of Latchkey's", { status: 500, body: allowed }],
    ["on a verdict with a status that has none", { status: 503, body: allowed }],
    ["on a redirect", { status: 302, headers: { Location: "/" }, body: allowed }],
    ["on what is no JSON", { body: "<html>" }],
    ["on what is no verdict", { body: { allowed: "yes" } }],
    ["on a list", { body: [allowed] }],
    ["on a refusal without a status", { body: { ...refused, status: 200 } }],
    ["on an endless answer", { body: "x".repeat(1_100_000) }],
  ])("%s", async (_name, given) => {
    reply = given;
    const answer = await call(await guarded(), "/orders", bearer);
    expect(answer).toMatchObject({ status: 503, body: { code: "900900", reason: "unavailable" } });
    await expect.poll(() => errors.length).toBe(1);
  });

  it("while Latchkey is silent, for longer than it may take", async () => {
    reply = "silence";
    const startedAt = performance.now();
    expect(await call(await guarded({ timeoutMs: 100 }), "/orders", bearer)).toMatchObject({ status: 503 });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(errors[0]?.message).toContain("100 ms");
  });

  it("while nobody listens there", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const url = `http://127.0.0.1:${(free.address() as AddressInfo).port}`;
    free.close();
    await once(free, "close");
    expect(await call(await guarded({ url }), "/orders", bearer)).toMatchObject({ status: 503 });
  });

  it("with a credential that is not admitted; the caller is not asked for another token", async () => {
    reply = { status: 401, headers: { "WWW-Authenticate": "Bearer" }, body: {} };
    const answer = await call(await guarded(), "/orders", bearer);
    expect(answer).toMatchObject({ status: 503, body: { code: "900900", reason: "gateway_refused" } });
    expect(answer.headers["www-authenticate"]).toBeUndefined();
    expect(errors[0]?.message).not.toContain(credential);
  });
});

it("stands in front of an Express router, which is mounted at a path", async () => {
  const app = express();
  app.use("/orders", guard(), (req, res) => res.json({ url: req.url, ...req.latchkey }));
  app.get("/open", (_req, res) => res.json({ open: true }));
  const origin = await listen(app as RequestListener);
  expect(await call(origin, "/orders/1.0.0/items", bearer)).toMatchObject({
    status: 200,
    body: { url: "/1.0.0/items", consumerKey: "shop-client" },
  });
  expect(asked[0]?.question).toMatchObject({ requestPath: "/orders/1.0.0/items" });
  expect(await call(origin, "/open")).toMatchObject({ body: { open: true } });
  expect(asked).toHaveLength(1);
});

it.each<[string, Partial<LatchkeyOptions>]>([
  ["url", { url: "latchkey.example" }],
  ["url", { url: "ftp://latchkey.example" }],
  ["url", { url: "https://user:word@latchkey.example" }],
  ["credential", { credential: "secret-word" }],
  ["timeoutMs", { timeoutMs: 0 }],
  ["maximumConnections", { maximumConnections: Number.NaN }],
  ["origin", { origin: "https://api.example/path" }],
])("refuses a bad %s at once, and does not repeat it where it is a secret", (name, options) => {
  expect(() => guard(options)).toThrow(new RegExp(`^latchkey: ${name} `));
  expect(() => guard(options)).not.toThrow(/secret-word|user:word/);
});

it("is packed as JavaScript with types, which Node runs without anything else", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-package-"));
  try {
    const here = import.meta.dirname;
    const tsc = join(here, "../../node_modules/.bin/tsc");
    execFileSync(process.execPath, [tsc, "--project", join(here, "tsconfig.json"), "--outDir", join(folder, "dist")]);
    const use = `import { latchkey } from ${JSON.stringify(join(folder, "dist/latchkey.js"))};
      console.log(typeof latchkey({ url: "http://127.0.0.1", credential: "lkg_a" }));`;
    expect(execFileSync(process.execPath, ["--input-type=module", "--eval", use], { encoding: "utf8" })).toBe(
      "function\n",
    );
    expect(readFileSync(join(folder, "dist/latchkey.d.ts"), "utf8")).toContain("latchkey?: AllowedCall");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
