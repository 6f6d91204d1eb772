import type { IncomingMessage, ServerResponse } from "node:http";
import type { JWK } from "jose";
import { LRUCache } from "lru-cache";
import type { Log } from "#lib/foundation/log.ts";
import { answerJson } from "./answer.ts";

/** The public keys with which a tenant's backend JWTs are verified, by its slug; null where there is no such tenant. */
export type FindBackendKeys = (slug: string) => Promise<readonly JWK[] | null>;

/** Answers a request for the key set of a tenant. */
export type BackendKeySet = (req: IncomingMessage, res: ServerResponse, slug: string) => Promise<void>;

const keptMs = 2_000;
const maximumTenants = 1_000;

/**
 * Makes the face at which backends fetch keys. Anybody may ask, so what was found, nothing included, is kept for a moment:
 * questions never become a queue at the database.
 */
export function createBackendKeySet({ find, log }: { find: FindBackendKeys; log: Log }): BackendKeySet {
  const found = new LRUCache<string, { keys: readonly JWK[] | null }>({
    max: maximumTenants,
    ttl: keptMs,
    fetchMethod: async (slug) => ({ keys: await find(slug) }),
  });
  return async (req, res, slug) => {
    if (req.method !== "GET" && req.method !== "HEAD") {
      const body = { code: "method.not_allowed", message: "Send a GET request." };
      return answerJson(res, 405, { body, headers: { Allow: "GET, HEAD" } });
    }
    try {
      const keys = (await found.fetch(slug))?.keys;
      if (!keys) return answerJson(res, 404, { body: { code: "not_found", message: "There is no such key set." } });
      if (keys.length === 0) return answerJson(res, 200, { body: { keys } });
      // Shorter than keys are published before they sign; the first of a tenant sign at once, so none is no lasting answer.
      answerJson(res, 200, { body: { keys }, headers: { "Cache-Control": "public, max-age=60" } });
    } catch (error) {
      log.warn({ error, slug }, "the key set of backend JWTs could not be read");
      const body = { code: "unavailable", message: "The keys cannot be read at the moment. Try again shortly." };
      answerJson(res, 503, { body, headers: { "Retry-After": "1" } });
    }
  };
}
