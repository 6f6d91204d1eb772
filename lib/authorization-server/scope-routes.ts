/** The routes that scopes.ts describes. */
import { clientSegment, scopesPath } from "./addresses.ts";
import { unauthorized, type JsonAnswer, type ManagementOptions } from "./management.ts";
import type { Scopes } from "./scopes.ts";

/** A request for a route of our own. */
export type AskedRoute = {
  method: string;
  path: string;
  /** The bearer token that came with it; empty where none did. */
  bearer: string;
  /** The body as a JSON object; null where it is too large. */
  readBody: () => Promise<Record<string, unknown> | null>;
};

type Route = { of: "all" } | { of: "one"; name: string } | { of: "client"; clientId: string };

/** Answers what concerns scopes; null for any other path. */
export async function answerScopeRoute(
  { provider, issuer }: Pick<ManagementOptions, "provider" | "issuer">,
  scopes: Scopes,
  { method, path, bearer, readBody }: AskedRoute,
): Promise<JsonAnswer | null> {
  const route = readRoute(path);
  if (!route) return null;
  if (!(await provider.InitialAccessToken.find(bearer))) return unauthorized(issuer);
  if (route.of === "all" && method === "GET") return scopes.list();
  if (route.of === "one" && method === "DELETE") return scopes.remove(route.name);
  if (route.of === "all" || method !== "PUT") return { status: 405, body: { error: "invalid_request" } };
  const body = await readBody();
  if (body === null) return { status: 413, body: { error: "invalid_request" } };
  return route.of === "one" ? scopes.save(route.name, body) : scopes.grant(route.clientId, body);
}

const grantPath = new RegExp(`^/reg/(${clientSegment})/scopes$`);

function readRoute(path: string): Route | null {
  const clientId = grantPath.exec(path)?.[1];
  if (clientId) return { of: "client", clientId };
  if (path === scopesPath) return { of: "all" };
  const name = path.startsWith(`${scopesPath}/`) ? decode(path.slice(scopesPath.length + 1)) : null;
  return name ? { of: "one", name } : null;
}

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    // No name can be read from it, so no scope has it.
    return null;
  }
}
