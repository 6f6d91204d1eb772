/** Where the authorization server of a tenant stands. Everything comes from configuration, never from a request. */
import { z } from "zod";

/** The issuer identifier of a tenant (RFC 8414 §2). */
export function issuerOf(origin: string, slug: string): string {
  return `${origin}${mountOf(slug)}`;
}

/** The path below which the library's own routes stand. */
export function mountOf(slug: string): string {
  return `/t/${slug}/oidc`;
}

/** The page on which a person signs in to an application or decides on its wishes. */
export function interactionPath(slug: string, interactionId: string): string {
  return `/t/${slug}/sign-in/${interactionId}`;
}

/**
 * What an application's request is called in the address of that page: the tenant's address, and the id that the library
 * gave it (its random ids are letters, digits, "-" and "_").
 */
export const InteractionRef = z.strictObject({
  tenant: z.string().regex(/^[a-z0-9-]{1,63}$/),
  id: z.string().regex(/^[\w-]{1,64}$/),
});
export type InteractionRef = z.output<typeof InteractionRef>;

/** The audience of access tokens for which none was asked: all APIs of the tenant. */
export function defaultAudience(origin: string, slug: string): string {
  return `${origin}/t/${slug}`;
}

const below = /^\/t\/([a-z0-9-]{1,63})\/oidc(\/[^?]*)?(\?.*)?$/;
/** RFC 8414 §3.1 puts the well-known part before the issuer's path, OpenID Connect Discovery §4 behind it. */
const wellKnown =
  /^(\/\.well-known\/(?:oauth-authorization-server|openid-configuration))\/t\/([a-z0-9-]{1,63})\/oidc(\?.*)?$/;

/** A request for a tenant's authorization server. */
export type Target = { slug: string; path: string; query: string };

/** Reads a request target; null where it is none of ours. */
export function readTarget(url: string): Target | null {
  const inserted = wellKnown.exec(url);
  if (inserted) return { slug: inserted[2] ?? "", path: inserted[1] ?? "", query: inserted[3] ?? "" };
  const match = below.exec(url);
  return match && { slug: match[1] ?? "", path: match[2] ?? "/", query: match[3] ?? "" };
}

/** Where the server's own scopes stand, relative to the mount; see scopes.ts. */
export const scopesPath = "/scopes";

/** A client id in a path, as the source of a regular expression: one that was made here, or chosen at registration. */
export const clientSegment = "[A-Za-z0-9._-]{1,100}";

/** Names of the library's routes, relative to the mount. */
export const routes = {
  authorization: "/auth",
  token: "/token",
  introspection: "/token/introspection",
  revocation: "/token/revocation",
  registration: "/reg",
  userinfo: "/me",
  jwks: "/jwks",
} as const;
