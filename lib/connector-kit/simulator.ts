/**
 * The frame of a vendor's simulator: an authorization server in memory that follows the vendor's published
 * API, for tests and for trying a connector without the vendor. It keeps what was asked, and fails when told to.
 */
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { OutboundError, type OutboundErrorKind } from "#lib/foundation/outbound-error.ts";
import type { KeyManagerSettings } from "./contract.ts";

export { simulatorMark } from "./simulation-mark.ts";

/** Faults of real servers and of what stands before them, by names that a person can type. */
export const faultNames = [
  /** Answers after three seconds. */
  "slow",
  /** 429 in the vendor's own shape, saying how long to wait. */
  "rate-limited",
  /** 429 that does not say how long. */
  "rate-limited-silently",
  /** Does what was asked, and answers 500. */
  "error-after-write",
  /** A page of a proxy instead of an answer. */
  "html",
  /** The answer ends in its middle. */
  "truncated",
  /** What was made a moment ago is not known yet, three times over. */
  "replication-delay",
  /** Discovery names another issuer. */
  "wrong-issuer",
] as const;
export type FaultName = (typeof faultNames)[number];

/** What can go wrong: on the way, by name, or with an answer of one's own. */
export type Fault =
  OutboundErrorKind | FaultName | "nonsense" | { status: number; body?: unknown; headers?: Record<string, string> };

export type SeenRequest = { method: string; url: string; headers: Record<string, string>; body: string };

/** Which requests a fault meets: all of them unless told otherwise. */
export type FaultScope = { method?: string; path?: RegExp; times?: number };

export type Simulation = {
  /** Answers as the vendor would, faults included. A fault of the way itself is thrown as an OutboundError. */
  handle(request: Request): Promise<Response>;
  /** Stands in for the outbound door. */
  fetch: OutboundFetch;
  /** Everything that was asked, oldest first. */
  requests: SeenRequest[];
  /**
   * Makes matching requests fail from now on.
   *
   * @returns a function that ends it
   */
  fail(fault: Fault, scope?: FaultScope): () => void;
  /** Ends all faults. */
  recover(): void;
};

/** A simulated vendor: everything that connecting to it takes. */
export type SimulatedVendor = Simulation & {
  /** Where discovery begins. */
  wellKnownUrl: string;
  settings: KeyManagerSettings;
  /** What an administrator types into the connection form. */
  connectionInput: Record<string, unknown>;
  /** The same with credentials that the server refuses. */
  refusedConnectionInput: Record<string, unknown>;
  /** Every secret and token handed out: none may ever be seen in a log or an error. */
  canaries: string[];
  /** Makes a confidential client for machines by hand, as its owner would in the vendor's console. */
  createClient(): Promise<{ clientId: string; clientSecret: string }>;
  /** A scope that clients may ask for from the beginning, if the server has one. */
  scope?: string;
  /** Whether the vendor's replicas may not know for a moment what was just written. */
  lags?: boolean;
  /** Where clients have an owner. */
  owners?: {
    /** What an administrator types so that clients belong to the owners of their applications. */
    connectionInput: Record<string, unknown>;
    /** E-mail addresses of two people whom the server knows as users. */
    people: readonly [string, string];
    /** Whom the server has as owner of a client. */
    of(consumerKey: string): string | undefined;
  };
  /** Lets time go by. */
  pass?(seconds: number): void;
};

/** What `connectors/<vendor>/simulator.ts` exports under the name `simulator`. */
export type Simulator = {
  connectorId: string;
  /**
   * Begins a world of its own.
   *
   * @param place.origin where it is reached: scheme, host and port
   */
  open(place: { origin: string }): Promise<SimulatedVendor> | SimulatedVendor;
};

/** How the vendor itself says what a fault only knows in general. */
export type VendorWords = {
  /** An object that the server does not know. */
  absent?(request: Request): Response;
  /** Too many calls; `waitSeconds` is undefined where the answer does not say how long. */
  rateLimited?(waitSeconds: number | undefined): Response;
};

/**
 * Simulators speak HTTP: the certificate of a connection reaches them as a TLS proxy would hand it on (RFC 9440 §1.1),
 * here as percent-encoded PEM.
 */
export const clientCertificateHeader = "x-client-certificate";

type Planned = { fault: Fault; method: string | undefined; path: RegExp | undefined; left: number };

/**
 * Wraps a vendor's behaviour into something that can be used as the outbound door, and served over HTTP.
 *
 * @param origins where the vendor listens; everything else is unreachable
 */
export function simulate(
  origins: readonly string[],
  handle: (request: Request) => Promise<Response>,
  words: VendorWords = {},
): Simulation {
  const requests: SeenRequest[] = [];
  const plan: Planned[] = [];
  const replicas = createReplicas();

  function planned(request: Request): Fault | undefined {
    const { pathname } = new URL(request.url);
    const match = plan.find(
      ({ left, method, path }) => left > 0 && (!method || method === request.method) && (!path || path.test(pathname)),
    );
    if (match) match.left -= 1;
    return match?.fault;
  }

  async function answer(request: Request, isHere = true): Promise<Response> {
    const fault = planned(request);
    if (fault === undefined && !isHere) throw new OutboundError("unreachable");
    if (fault === undefined) return handle(request);
    if (isFaultName(fault)) return faulty(fault, { request, handle, words, replicas });
    return failed(fault);
  }

  async function note(request: Request): Promise<void> {
    const body = await request.clone().text();
    requests.push({ method: request.method, url: request.url, headers: Object.fromEntries(request.headers), body });
  }

  return {
    requests,
    async handle(request) {
      await note(request);
      return answer(request);
    },
    async fetch(url, init = {}) {
      const request = new Request(url, {
        method: init.method ?? "GET",
        headers: {
          ...init.headers,
          ...(init.identity && { [clientCertificateHeader]: encodeURIComponent(init.identity.certificate) }),
        },
        ...(init.body !== undefined && { body: init.body }),
      });
      await note(request);
      return answer(request, origins.includes(new URL(url).origin));
    },
    fail(fault, scope = {}) {
      const entry = { fault, method: scope.method, path: scope.path, left: scope.times ?? Infinity };
      plan.push(entry);
      return () => {
        entry.left = 0;
      };
    },
    recover() {
      plan.length = 0;
      replicas.forget();
    },
  };
}

function isFaultName(fault: Fault): fault is FaultName {
  return typeof fault === "string" && (faultNames as readonly string[]).includes(fault);
}

type Situation = {
  request: Request;
  handle: (request: Request) => Promise<Response>;
  words: VendorWords;
  replicas: Replicas;
};

async function faulty(fault: FaultName, { request, handle, words, replicas }: Situation): Promise<Response> {
  switch (fault) {
    case "slow":
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      return handle(request);
    case "rate-limited":
      return words.rateLimited?.(7) ?? tooMany(7);
    case "rate-limited-silently":
      return words.rateLimited?.(undefined) ?? tooMany(undefined);
    case "error-after-write":
      await handle(request);
      return json(500, { error: "server_error" });
    case "html":
      return failed("nonsense");
    case "truncated":
      return truncated(await handle(request));
    case "replication-delay":
      if (replicas.isBehind(request)) return words.absent?.(request) ?? json(404, { error: "not_found" });
      return replicas.note(await handle(request));
    case "wrong-issuer":
      return withAnotherIssuer(await handle(request));
  }
}

function tooMany(waitSeconds: number | undefined): Response {
  const headers: Record<string, string> = waitSeconds === undefined ? {} : { "retry-after": String(waitSeconds) };
  return json(429, { error: "too_many_requests" }, headers);
}

async function truncated(response: Response): Promise<Response> {
  const text = await response.text();
  const headers = { "content-type": response.headers.get("content-type") ?? "application/json" };
  if (text === "") return new Response('{"trunc', { status: 200, headers });
  return new Response(text.slice(0, Math.ceil(text.length / 2)), { status: response.status, headers });
}

async function withAnotherIssuer(response: Response): Promise<Response> {
  const text = await response.clone().text();
  if (!text.includes('"issuer"')) return response;
  const metadata = JSON.parse(text) as { issuer: string };
  return json(response.status, { ...metadata, issuer: `${metadata.issuer}/another` });
}

type Replicas = { isBehind(request: Request): boolean; note(response: Response): Promise<Response>; forget(): void };

/** Objects made under “replication-delay”: their ids are unknown to the next three requests that name them. */
function createReplicas(): Replicas {
  const unknownTo = new Map<string, number>();
  return {
    isBehind(request) {
      const id = [...unknownTo.keys()].find((known) => decodeURIComponent(request.url).includes(known));
      if (id === undefined) return false;
      const left = (unknownTo.get(id) ?? 0) - 1;
      if (left <= 0) unknownTo.delete(id);
      else unknownTo.set(id, left);
      return true;
    },
    async note(response) {
      if (response.status !== 201) return response;
      const text = await response.clone().text();
      const body = (text ? JSON.parse(text) : {}) as Record<string, unknown>;
      const ids = ["id", "appId", "client_id", "clientId"].map((name) => body[name]);
      for (const id of [...ids, response.headers.get("location")?.split("/").at(-1)]) {
        if (typeof id === "string" && id.length >= 8) unknownTo.set(id, 3);
      }
      return response;
    },
    forget: () => unknownTo.clear(),
  };
}

function failed(fault: Exclude<Fault, FaultName>): Response {
  if (fault === "nonsense") {
    return new Response("<!doctype html><title>It works!</title>", { headers: { "content-type": "text/html" } });
  }
  if (typeof fault === "string") throw new OutboundError(fault);
  const { status, body, headers = {} } = fault;
  if (body === undefined) return new Response(null, { status, headers });
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new Response(text, { status, headers: { "content-type": "application/json", ...headers } });
}

/** A JSON answer. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  const all = { "content-type": "application/json", "cache-control": "no-store", ...headers };
  return new Response(JSON.stringify(body), { status, headers: all });
}

/** An OAuth error (RFC 6749 §5.2). */
export function oauthError(status: number, error: string, description: string): Response {
  const headers: Record<string, string> = status === 401 ? { "www-authenticate": `Bearer error="${error}"` } : {};
  return json(status, { error, error_description: description }, headers);
}

/** Credentials of a client in a form request: the header (RFC 6749 §2.3.1), or the body. */
export function clientOf(
  request: Request,
  form: URLSearchParams,
): { method: "client_secret_basic" | "client_secret_post" | "none"; clientId: string; clientSecret: string } | null {
  const header = request.headers.get("authorization");
  if (header?.startsWith("Basic ")) {
    const [id = "", secret = ""] = Buffer.from(header.slice(6), "base64").toString("utf8").split(":", 2);
    const decode = (text: string) => new URLSearchParams(`v=${text}`).get("v") ?? "";
    return { method: "client_secret_basic", clientId: decode(id), clientSecret: decode(secret) };
  }
  const clientId = form.get("client_id");
  if (!clientId) return null;
  const clientSecret = form.get("client_secret");
  if (clientSecret === null) return { method: "none", clientId, clientSecret: "" };
  return { method: "client_secret_post", clientId, clientSecret };
}
