/** The frame of in-memory vendors for tests: keeps what was asked, and fails when told to. */
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { OutboundError, type OutboundErrorKind } from "#lib/foundation/outbound-error.ts";

/** What can go wrong on the way: no answer at all, nonsense, or an answer of one's own. */
export type FakeFailure =
  OutboundErrorKind | "nonsense" | { status: number; body?: unknown; headers?: Record<string, string> };

export type FakeRequest = { method: string; url: string; headers: Record<string, string>; body: string };

export type FakeVendor = {
  /** Stands in for the outbound door. */
  fetch: OutboundFetch;
  /** Everything that was asked, oldest first. */
  requests: FakeRequest[];
  /**
   * Makes matching requests fail from now on.
   *
   * @param when which requests (all of them unless told otherwise) and how many
   * @returns a function that ends it
   */
  fail(failure: FakeFailure, when?: { method?: string; path?: RegExp; times?: number }): () => void;
  /** Ends all failures. */
  recover(): void;
};

type Planned = { failure: FakeFailure; method: string | undefined; path: RegExp | undefined; left: number };

/**
 * Wraps a vendor into something that can be used as the outbound door.
 *
 * @param origins where the vendor listens; everything else is unreachable
 */
export function fakeVendor(origins: readonly string[], handle: (request: Request) => Promise<Response>): FakeVendor {
  const requests: FakeRequest[] = [];
  const plan: Planned[] = [];

  function planned(request: Request): Planned | undefined {
    const { pathname } = new URL(request.url);
    const match = plan.find(
      ({ left, method, path }) => left > 0 && (!method || method === request.method) && (!path || path.test(pathname)),
    );
    if (match) match.left -= 1;
    return match;
  }

  return {
    requests,
    async fetch(url, init = {}) {
      const request = new Request(url, {
        method: init.method ?? "GET",
        headers: init.headers ?? {},
        ...(init.body !== undefined && { body: init.body }),
      });
      const body = await request.clone().text();
      requests.push({ method: request.method, url, headers: Object.fromEntries(request.headers), body });
      const failure = planned(request)?.failure;
      if (failure !== undefined) return failed(failure);
      if (!origins.includes(new URL(url).origin)) throw new OutboundError("unreachable");
      return handle(request);
    },
    fail(failure, when = {}) {
      const entry = { failure, method: when.method, path: when.path, left: when.times ?? Infinity };
      plan.push(entry);
      return () => {
        entry.left = 0;
      };
    },
    recover() {
      plan.length = 0;
    },
  };
}

function failed(failure: FakeFailure): Response {
  if (failure === "nonsense") {
    return new Response("<!doctype html><title>It works!</title>", { headers: { "content-type": "text/html" } });
  }
  if (typeof failure === "string") throw new OutboundError(failure);
  const { status, body, headers = {} } = failure;
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
