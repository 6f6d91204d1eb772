/** Where backend JWTs come from and where their keys are published. Everything comes from configuration. */

/**
 * The issuer of a tenant's backend JWTs: another one than that of its authorization server, so that neither can be
 * taken for the other.
 */
export function backendJwtIssuer(origin: string, slug: string): string {
  return `${origin}/t/${slug}/gateway`;
}

/** Where the keys stand with which backend JWTs are verified (RFC 7517 §5). */
export function backendJwtKeySetAddress(origin: string, slug: string): string {
  return `${backendJwtIssuer(origin, slug)}/keys`;
}

const keySetPath = /^\/t\/([a-z0-9-]{1,63})\/gateway\/keys$/;

/** The tenant whose key set has this path, by its slug; null for any other path. */
export function readKeySetPath(path: string): string | null {
  return keySetPath.exec(path)?.[1] ?? null;
}
