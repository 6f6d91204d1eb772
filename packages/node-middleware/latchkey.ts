/** A middleware for Node servers that lets a call pass only where Latchkey says so. It stands on Node alone. */
import { Agent as HttpAgent, request as requestHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent as HttpsAgent, request as requestHttps, type RequestOptions } from "node:https";
import { TLSSocket } from "node:tls";

export type LatchkeyOptions = {
  /** Where Latchkey answers, such as `https://latchkey.example`. */
  url: string;
  /** The gateway credential, from Administer > Gateways in the portal. */
  credential: string;
  /** How long Latchkey may take to answer; then the call is refused. 2000 unless told otherwise. */
  timeoutMs?: number;
  /** Connections to Latchkey at a time; further calls wait for one. 64 unless told otherwise. */
  maximumConnections?: number;
  /** The address under which callers know this server, such as `https://api.example`; DPoP tokens need it. */
  origin?: string;
  /**
   * The path that is asked about, query included; the one that the caller sent unless told otherwise. Callers may send a
   * whole address (RFC 9112 §3.2.2), which then stands in `req.url`.
   */
  path?: (req: IncomingMessage) => string;
  /**
   * The GraphQL request of a call, with `query` and `operationName`, as the server will run it; Latchkey reads from it what
   * the call touches. Undefined for a call that is none.
   */
  graphql?: (req: IncomingMessage) => unknown;
  /** What a GraphQL call touches at the root of the schema, such as `QUERY orders`, where the server knows by itself. */
  operations?: (req: IncomingMessage) => readonly string[] | undefined;
  /** Hears why Latchkey gave no verdict. The call was refused already. */
  onError?: (error: Error) => void;
};

/** Who calls, and what is allowed: the verdict of Latchkey. */
export type AllowedCall = {
  allowed: true;
  api: { id: string; name: string; context: string; version: string };
  keyManager: { id: string; name: string };
  consumerKey: string | null;
  keyType: "PRODUCTION" | "SANDBOX" | null;
  application: { id: string; name: string } | null;
  subscription: { id: string } | null;
  plan: { id: string; name: string; requestsPerMinute: number | null } | null;
  subject: string | null;
  scopes: string[];
  /** The token's mapped claims. */
  claims: Record<string, unknown>;
  /** Seconds since the epoch; null where the key manager did not say. */
  expiresAt: number | null;
};

declare module "node:http" {
  interface IncomingMessage {
    /** What Latchkey says of this call; there once the middleware let it pass. */
    latchkey?: AllowedCall;
  }
}

/** For Express and Connect; with `node:http`, `next` is what follows. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;

type Refusal = {
  status: number;
  code: number;
  reason: string;
  message: string;
  wwwAuthenticate: string | null;
  retryAfter: string | undefined;
};

type Answer = { status: number; retryAfter: string | undefined; text: string };
type Ask = (question: string) => Promise<Answer>;

const maximumAnswerCharacters = 1_000_000;

const unavailable: Refusal = {
  status: 503,
  code: 900900,
  reason: "unavailable",
  message: "The token cannot be checked at the moment. Try again shortly.",
  wwwAuthenticate: null,
  retryAfter: "1",
};

const gatewayRefused: Refusal = {
  ...unavailable,
  reason: "gateway_refused",
  message: "The gateway is not admitted. Its administrator must renew the gateway credential.",
  retryAfter: undefined,
};

/**
 * Makes the middleware. A call that may pass goes on with `req.latchkey`; every other one is answered, with the status, the
 * challenge (RFC 6750) and the code of the refusal. While there is no verdict, nothing passes.
 *
 * @throws {TypeError} where an option cannot be used; it names the option
 */
export function latchkey(options: LatchkeyOptions): Middleware {
  const ask = createAsk(options);
  const { origin, onError } = options;
  if (origin !== undefined && !/^https?:\/\/[^/?#@\s]+$/i.test(origin)) {
    throw new TypeError("latchkey: origin must be scheme and host alone, such as https://api.example.");
  }

  async function decide(req: IncomingMessage): Promise<AllowedCall | Refusal> {
    const question = questionOf(req, options);
    const answer = await ask(JSON.stringify(question));
    if (answer.status === 401) return gatewayRefused;
    return ("graphql" in question && graphqlRefused(answer)) || readVerdict(answer);
  }

  return (req, res, next) => {
    // What stands there is not the verdict.
    delete req.latchkey;
    void decide(req).then(
      (decided) => {
        if (!("allowed" in decided)) {
          refuse(res, decided);
          if (decided === gatewayRefused) onError?.(new Error("Latchkey does not admit this server's credential."));
          return;
        }
        req.latchkey = decided;
        // What follows reads the address that was judged. Frameworks keep account of theirs, which is left alone.
        if (!options.path && originalUrlOf(req) === undefined) req.url = pathOf(req);
        next();
      },
      (error: unknown) => {
        refuse(res, unavailable);
        onError?.(error instanceof Error ? error : new Error(String(error)));
      },
    );
  };
}

/** Express and Connect shorten `req.url` by the path that a router is mounted at, and keep the whole here. */
function originalUrlOf(req: IncomingMessage): string | undefined {
  const { originalUrl } = req as IncomingMessage & { originalUrl?: unknown };
  return typeof originalUrl === "string" ? originalUrl : undefined;
}

/**
 * A target in absolute form (RFC 9112 §3.2.2): its host, then path and query. It is narrower than the grammar where parsers
 * of URLs disagree on where the path begins: no user name, no host without letters or with others than these.
 */
const absoluteForm =
  /^https?:\/\/([A-Z\d.-]+(?::\d{1,5})?|\[[A-F\d:.]+\](?::\d{1,5})?)((?:\/[\w.~!$&'()*+,;=:@%/-]*)?(?:\?[^#\s]*)?)$/i;

/**
 * Path and query of a call. The host of a target in absolute form counts for nothing, and must be the one that the header
 * `Host` names (RFC 9112 §3.2): whoever reads either reads the same.
 *
 * @returns for a target that is no path an address that Latchkey knows no API for, whatever is published
 */
function pathOf(req: IncomingMessage): string {
  const target = originalUrlOf(req) ?? req.url ?? "";
  if (target.startsWith("/")) return target;
  const [, host, rest = ""] = absoluteForm.exec(target) ?? [];
  if (host === undefined || host.toLowerCase() !== req.headers.host?.toLowerCase()) return `//${target}`;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function questionOf(req: IncomingMessage, { path = pathOf, origin, operations, graphql }: LatchkeyOptions): object {
  const requestPath = path(req);
  const touched = operations?.(req);
  const request = touched ? undefined : graphql?.(req);
  const { authorization = "", dpop } = req.headers;
  const [, scheme = "", token] = /^(Bearer|DPoP) +([^\s]+) *$/i.exec(authorization) ?? [];
  const isDpop = scheme.toLowerCase() === "dpop";
  const proof = typeof dpop === "string" ? { proof: dpop } : {};
  const url = origin === undefined ? {} : { url: origin + requestPath };
  const certificate = req.socket instanceof TLSSocket ? req.socket.getPeerX509Certificate() : undefined;
  return {
    method: req.method,
    requestPath,
    ...(token !== undefined && { token }),
    ...(isDpop && { dpop: { ...proof, ...url } }),
    ...(certificate && { clientCertificate: certificate.raw.toString("base64") }),
    ...(touched && { operations: touched }),
    ...(request !== undefined && { graphql: documentOf(request) }),
  };
}

/** Neither variables nor extensions say what is touched; they stay here. */
function documentOf(request: unknown): object {
  const { query, operationName } = (request ?? {}) as Record<string, unknown>;
  return { query, operationName };
}

/** The refusal of a GraphQL request that cannot be read, in Latchkey's words; null where the answer is another. */
function graphqlRefused({ status, text }: Answer): Refusal | null {
  const own = { code: 900900, reason: "operations_unknown", wwwAuthenticate: null, retryAfter: undefined };
  if (status === 413) return { ...own, status, message: "The GraphQL request is too long." };
  if (status !== 400) return null;
  const { fields } = JSON.parse(text) as { fields?: { path: string; message: string }[] };
  const field = fields?.find(({ path }) => path.startsWith("graphql"));
  return field ? { ...own, status, message: field.message } : null;
}

/** Sends questions over connections that stay open. */
function createAsk({ url, credential, timeoutMs = 2_000, maximumConnections = 64 }: LatchkeyOptions): Ask {
  const address = readAddress(url);
  if (typeof credential !== "string" || !/^lkg_[\w-]+$/.test(credential)) {
    throw new TypeError("latchkey: credential must be a gateway credential, which begins with lkg_.");
  }
  if (!(timeoutMs > 0)) throw new TypeError("latchkey: timeoutMs must be more than 0.");
  if (!(maximumConnections > 0)) throw new TypeError("latchkey: maximumConnections must be more than 0.");
  const isSecure = address.protocol === "https:";
  const pool = { keepAlive: true, maxSockets: maximumConnections };
  const options: RequestOptions = {
    method: "POST",
    agent: isSecure ? new HttpsAgent(pool) : new HttpAgent(pool),
    headers: { "Content-Type": "application/json", "X-Latchkey-Gateway": credential },
  };
  const request = isSecure ? requestHttps : requestHttp;

  function askOnce(question: string, isAgain: boolean): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(address, options, (res) => {
        let text = "";
        res.setEncoding("utf8");
        res.on("data", (chunk: string) => {
          text += chunk;
          if (text.length > maximumAnswerCharacters) sent.destroy(new Error("Latchkey's answer is too long."));
        });
        res.on("end", () => resolve({ status: res.statusCode ?? 0, retryAfter: res.headers["retry-after"], text }));
        res.on("error", reject);
      });
      const timer = setTimeout(() => sent.destroy(new Error(`Latchkey did not answer in ${timeoutMs} ms.`)), timeoutMs);
      sent.once("close", () => clearTimeout(timer));
      sent.on("error", (error: NodeJS.ErrnoException) => {
        // The other side closed a resting connection in the moment of asking.
        if (sent.reusedSocket && error.code === "ECONNRESET" && !isAgain) resolve(askOnce(question, true));
        else reject(error);
      });
      sent.setHeader("Content-Length", Buffer.byteLength(question));
      sent.end(question);
    });
  }
  return (question) => askOnce(question, false);
}

function readAddress(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : null;
  if (!address || !/^https?:$/.test(address.protocol) || address.username !== "" || address.search !== "") {
    throw new TypeError("latchkey: url must be the address of Latchkey, such as https://latchkey.example.");
  }
  address.pathname = `${address.pathname.replace(/\/$/, "")}/gateway/v1/validate`;
  return address;
}

/**
 * What an answer says.
 *
 * @throws {Error} where it is no verdict
 */
function readVerdict({ status, retryAfter, text }: Answer): AllowedCall | Refusal {
  const verdict: unknown = status === 200 || status === 503 ? JSON.parse(text) : null;
  if (typeof verdict === "object" && verdict !== null && "allowed" in verdict) {
    if (status === 200 && verdict.allowed === true) return verdict as AllowedCall;
    if (verdict.allowed === false && isRefusal(verdict)) return refusalOf(verdict, retryAfter);
  }
  throw new Error(`Latchkey answered ${status} without a verdict.`);
}

function isRefusal(verdict: object): verdict is Omit<Refusal, "retryAfter"> {
  const { status, code, reason, message, wwwAuthenticate } = verdict as Record<string, unknown>;
  const isStatus = typeof status === "number" && Number.isInteger(status) && status >= 400 && status < 600;
  const isChallenge = wwwAuthenticate === null || typeof wwwAuthenticate === "string";
  return (
    isStatus && isChallenge && typeof code === "number" && typeof reason === "string" && typeof message === "string"
  );
}

function refusalOf(
  { status, code, reason, message, wwwAuthenticate }: Omit<Refusal, "retryAfter">,
  retryAfter: string | undefined,
): Refusal {
  return { status, code, reason, message, wwwAuthenticate, retryAfter };
}

function refuse(res: ServerResponse, { status, code, reason, message, wwwAuthenticate, retryAfter }: Refusal): void {
  const body = JSON.stringify({ code: String(code), reason, message });
  res.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    ...(wwwAuthenticate !== null && { "WWW-Authenticate": wwwAuthenticate }),
    ...(retryAfter !== undefined && { "Retry-After": retryAfter }),
  });
  res.end(body);
}
