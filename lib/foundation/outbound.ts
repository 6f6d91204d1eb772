/**
 * The one way out of the process. Addresses are typed by people and named by servers we do not know, so
 * every call is checked where it cannot be tricked: on the address that is really dialled.
 */
import { createHash } from "node:crypto";
import { lookup } from "node:dns/promises";
import { connect, isIP, type Socket } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import { LRUCache } from "lru-cache";
import { Agent, buildConnector, request, type Dispatcher } from "undici";
import { classifyAddress, isSameAddress } from "./addresses.ts";
import type { Log } from "./log.ts";
import {
  outboundLimits,
  type ClientCertificate,
  type OutboundFetch,
  type OutboundInit,
  type OutboundPurpose,
  type RefuseAddress,
} from "./outbound-contract.ts";
import { isOutboundError, OutboundError, type OutboundErrorKind } from "./outbound-error.ts";

export { isOutboundError, type OutboundErrorKind } from "./outbound-error.ts";

export type OutboundOptions = {
  /** `host:port` pairs of the operator: these may be private, and may speak plain http. */
  allow: readonly string[];
  log: Log;
  /** How names become addresses; the system's resolver unless a test brings its own. */
  resolve?: (hostname: string) => Promise<string[]>;
};

export type Outbound = OutboundFetch & {
  refuseAddress: RefuseAddress;
  /** Ends idle connections and waits for calls in flight. */
  close(): Promise<void>;
};

const publicPorts = new Set(["443", "8443"]);
const connectTimeoutMs = 2_000;
const defaultDeadlineMs = 10_000;
const defaultMaximumBytes = 256 * 1024;
const maximumHeaderBytes = 16 * 1024;
const maximumHeaders = 100;
const maximumIdentities = 64;

/** Names of metadata services: refused before anything is resolved. */
const metadataNames = /^(metadata|metadata\.google\.internal|metadata\.goog|instance-data(\..*)?)$/;

type Target = { url: URL; host: string };

/** `host:port` as the operator writes it. */
function hostAndPort(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
}

/** Checks what can be told from the address alone. */
function checkUrl(text: string, allow: ReadonlySet<string>): Target {
  // Browsers and resolvers disagree about these; no honest address needs them.
  if (/[\s\\\p{Cc}]/u.test(text) || text.includes("#")) throw new OutboundError("invalid_url");
  const url = URL.parse(text);
  if (!url || !/^https?:\/\/[^/]/i.test(text)) throw new OutboundError("invalid_url");
  if (url.username || url.password || /^https?:\/\/[^/?]*@/i.test(text)) throw new OutboundError("invalid_url");
  if (url.hostname === "" || url.hostname.endsWith(".")) throw new OutboundError("invalid_url");
  const host = hostAndPort(url);
  const isAllowed = allow.has(host);
  if (url.protocol !== "https:" && !isAllowed) throw new OutboundError("invalid_url");
  if (metadataNames.test(url.hostname)) throw new OutboundError("address_refused");
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(literal) && (!isAllowed || classifyAddress(literal) === "never")) throw new OutboundError("address_refused");
  if (!isAllowed && !publicPorts.has(url.port || "443")) throw new OutboundError("address_refused");
  return { url, host };
}

async function systemResolve(hostname: string): Promise<string[]> {
  const found = await lookup(hostname, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
}

/**
 * All addresses of a name, each of them checked: one bad address spoils the name, because a name that
 * answers with a public and a private address is an attack or a mistake.
 */
async function checkedAddresses(
  hostname: string,
  isAllowed: boolean,
  { resolve = systemResolve }: OutboundOptions,
): Promise<string[]> {
  const literal = hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(literal) ? [literal] : await resolve(hostname);
  if (addresses.length === 0) throw new OutboundError("unreachable");
  for (const address of addresses) {
    const found = classifyAddress(address);
    if (found === "never" || (found === "private" && !isAllowed)) throw new OutboundError("address_refused");
  }
  return addresses;
}

/** Opens a TCP connection to a checked address, and looks again at where it ended up before a byte is written. */
function dial(address: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true, keepAlive: true });
    const timer = setTimeout(() => socket.destroy(new OutboundError("timeout")), timeoutMs);
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      if (isSameAddress(socket.remoteAddress ?? "", address)) return resolve(socket);
      socket.destroy();
      reject(new OutboundError("address_refused"));
    });
  });
}

async function dialFirst(addresses: readonly string[], port: number): Promise<Socket> {
  let failure: unknown = new OutboundError("unreachable");
  const endsAt = performance.now() + connectTimeoutMs;
  for (const address of addresses) {
    const left = endsAt - performance.now();
    if (left <= 0) break;
    try {
      return await dial(address, port, left);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Makes undici dial only what was checked. TLS goes by the name: certificate and SNI stay what they were. */
function guardedConnector(
  allow: ReadonlySet<string>,
  options: OutboundOptions,
  identity?: ClientCertificate,
): buildConnector.connector {
  const secure = buildConnector({
    allowH2: false,
    timeout: connectTimeoutMs,
    ...(identity && { secureContext: contextOf(identity) }),
  });
  async function open({ hostname, protocol, port: named }: buildConnector.Options): Promise<Socket> {
    const port = named || (protocol === "https:" ? "443" : "80");
    const addresses = await checkedAddresses(hostname, allow.has(`${hostname}:${port}`), options);
    return dialFirst(addresses, Number(port));
  }
  return (target, callback) => {
    open(target).then(
      (socket) => {
        if (target.protocol === "https:") secure({ ...target, httpSocket: socket }, callback);
        else callback(null, socket);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  };
}

/** @throws {OutboundError} `identity_unusable` */
function contextOf({ certificate, privateKey }: ClientCertificate): SecureContext {
  try {
    return createSecureContext({ cert: certificate, key: privateKey.reveal() });
  } catch {
    // The cause may quote the key: it is left out on purpose.
    throw new OutboundError("identity_unusable");
  }
}

/** Names an identity without holding its key. */
function identityName({ certificate, privateKey }: ClientCertificate): string {
  return createHash("sha256")
    .update(JSON.stringify([certificate, privateKey.reveal()]))
    .digest("base64url");
}

/** A turn at one host: at most so many calls at a time, and so many waiting. */
type Bulkhead = { run<T>(host: string, work: () => Promise<T>): Promise<T> };

function createBulkhead({ callsPerHost, waitingPerHost, calls }: (typeof outboundLimits)[OutboundPurpose]): Bulkhead {
  const hosts = new Map<string, { active: number; waiting: (() => void)[] }>();
  let active = 0;

  return {
    async run(host, work) {
      const lane = hosts.get(host) ?? { active: 0, waiting: [] };
      hosts.set(host, lane);
      if (active >= calls || (lane.active >= callsPerHost && lane.waiting.length >= waitingPerHost)) {
        throw new OutboundError("busy");
      }
      if (lane.active >= callsPerHost) await new Promise<void>((resolve) => lane.waiting.push(resolve));
      lane.active += 1;
      active += 1;
      try {
        return await work();
      } finally {
        lane.active -= 1;
        active -= 1;
        const next = lane.waiting.shift();
        if (next) next();
        else if (lane.active === 0) hosts.delete(host);
      }
    },
  };
}

const untrusted =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA)/;

function kindOf(error: unknown): OutboundErrorKind {
  const { code = "", name } = error as { code?: string; name?: string };
  if (name === "HTTPParserError") return "malformed";
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return "timeout";
  if (untrusted.test(code)) return "untrusted";
  if (/^HPE_|HEADERS_OVERFLOW|CONTENT_LENGTH_MISMATCH|INVALID_ARG|UND_ERR_RESPONSE/.test(code)) return "malformed";
  return "unreachable";
}

/** The door's error for whatever went wrong below it. */
function outboundError(error: unknown): OutboundError {
  if (isOutboundError(error)) return error;
  const { cause } = error as { cause?: unknown };
  return isOutboundError(cause) ? cause : new OutboundError(kindOf(error), error);
}

function readHeaders(raw: Dispatcher.ResponseData["headers"]): Headers {
  const entries = Object.entries(raw);
  if (entries.length > maximumHeaders) throw new OutboundError("malformed");
  const headers = new Headers();
  for (const [name, value] of entries) {
    // Cookies are nobody's business here: no call belongs to a session.
    if (value === undefined || name === "set-cookie") continue;
    try {
      headers.set(name, Array.isArray(value) ? value.join(", ") : value);
    } catch (error) {
      throw new OutboundError("malformed", error);
    }
  }
  return headers;
}

/** Counts what was decoded, not what a header promises. */
async function readBody(body: Dispatcher.ResponseData["body"], maximumBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maximumBytes) throw new OutboundError("too_large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const withoutBody = new Set([204, 205]);

async function send(dispatcher: Dispatcher, url: URL, init: OutboundInit, signal: AbortSignal): Promise<Response> {
  const {
    statusCode,
    headers: raw,
    body,
  } = await request(url, {
    dispatcher,
    signal,
    method: init.method ?? "GET",
    headers: { "user-agent": "Latchkey", ...init.headers, "accept-encoding": "identity" },
    body: init.body ?? null,
  });
  try {
    const headers = readHeaders(raw);
    if (statusCode >= 300 && statusCode < 400) throw new OutboundError("redirect");
    if (statusCode < 200 || statusCode > 599) throw new OutboundError("malformed");
    // A compressed answer could unfold into anything; it was asked not to be compressed.
    if ((headers.get("content-encoding") ?? "identity").toLowerCase() !== "identity")
      throw new OutboundError("malformed");
    const bytes = await readBody(body, init.maximumBytes ?? defaultMaximumBytes);
    return new Response(withoutBody.has(statusCode) ? null : new Uint8Array(bytes), { status: statusCode, headers });
  } catch (error) {
    body.on("error", () => {
      // Destroying a body that nobody reads any more makes it complain; the reason is thrown below.
    });
    body.destroy();
    throw error;
  }
}

/** Settles with the work or rejects at the deadline, whichever comes first; the work is told by the signal. */
async function withDeadline<T>(deadlineMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const timeout = new OutboundError("timeout");
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      controller.abort(timeout);
      reject(timeout);
    }, deadlineMs);
  });
  try {
    return await Promise.race([work(controller.signal), deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** The connections and queues of one purpose. */
type Pool = { bulkhead: Bulkhead; agentFor(identity: ClientCertificate | undefined): Agent; close(): Promise<void> };

function createPool(purpose: OutboundPurpose, allow: ReadonlySet<string>, options: OutboundOptions): Pool {
  const limits = outboundLimits[purpose];
  const makeAgent = (identity?: ClientCertificate) =>
    new Agent({
      connect: guardedConnector(allow, options, identity),
      connections: limits.callsPerHost,
      pipelining: 1,
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 30_000,
      maxHeaderSize: maximumHeaderBytes,
    });
  const agent = makeAgent();
  /** A connection speaks for who opened it: each certificate has its own. */
  const agents = new LRUCache<string, Agent>({ max: maximumIdentities, dispose: (old) => void old.close() });
  return {
    bulkhead: createBulkhead(limits),
    agentFor(identity) {
      if (!identity) return agent;
      const name = identityName(identity);
      const known = agents.get(name) ?? makeAgent(identity);
      agents.set(name, known);
      return known;
    },
    async close() {
      await Promise.all([agent, ...agents.values()].map((one) => one.close()));
    },
  };
}

/**
 * Opens the door. It throws OutboundError and nothing else, and answers with a Response that is complete in
 * memory.
 */
export function createOutbound(options: OutboundOptions): Outbound {
  const allow = new Set(options.allow.map((entry) => entry.toLowerCase()));
  const pools: Record<OutboundPurpose, Pool> = {
    administration: createPool("administration", allow, options),
    validation: createPool("validation", allow, options),
  };

  const fetch: OutboundFetch = async (text, init = {}) => {
    const startedAt = performance.now();
    const call = { host: "", hasTurn: false };
    try {
      const target = checkUrl(text, allow);
      call.host = target.host;
      const { bulkhead, agentFor } = pools[init.purpose ?? "administration"];
      return await withDeadline(init.deadlineMs ?? defaultDeadlineMs, (signal) =>
        bulkhead.run(target.host, () => {
          // The deadline may have passed while this call stood in the queue.
          signal.throwIfAborted();
          call.hasTurn = true;
          return send(agentFor(init.identity), target.url, init, signal);
        }),
      );
    } catch (error) {
      const thrown = outboundError(error);
      // A deadline that passed in the queue says nothing about the server: nothing was sent.
      const failure = thrown.kind === "timeout" && !call.hasTurn ? new OutboundError("busy") : thrown;
      const durationMs = Math.round(performance.now() - startedAt);
      options.log.warn(
        { host: call.host, kind: failure.kind, durationMs, error: failure.cause },
        "outbound call failed",
      );
      throw failure;
    }
  };
  const refuseAddress: RefuseAddress = async (text) => {
    try {
      const { url, host } = checkUrl(text, allow);
      await withDeadline(connectTimeoutMs, () => checkedAddresses(url.hostname, allow.has(host), options));
      return null;
    } catch (error) {
      const { kind, message } = outboundError(error);
      return kind === "invalid_url" || kind === "address_refused" ? message : null;
    }
  };

  return Object.assign(fetch, {
    refuseAddress,
    async close() {
      await Promise.all(Object.values(pools).map((pool) => pool.close()));
    },
  });
}
