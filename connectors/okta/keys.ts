/** Public keys that a developer enters for an application, where it has no address at which Okta could read them. */
import { z } from "zod";
import { parseUntrustedJson } from "#lib/foundation/json.ts";
import { algorithmsOf } from "#lib/protocol/verification-key.ts";

const part = z.string().min(1).max(3000);
/** Okta takes RSA and EC keys (OAuth2ClientJsonSigningKeyResponse of its published API); these members are all it needs. */
const publicKey = z.object({
  kty: z.enum(["RSA", "EC"]),
  kid: z.string().min(1).max(255).nullish(),
  alg: z.string().max(20).nullish(),
  use: z.string().max(20).nullish(),
  crv: z.string().max(20).nullish(),
  n: part.nullish(),
  e: part.nullish(),
  x: part.nullish(),
  y: part.nullish(),
});
type PublicKey = z.output<typeof publicKey>;

/** Members of RFC 7518 §6.2.2, §6.3.2 and §6.4 that only the owner of a key may have. */
const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())).min(1).max(20) });

/** Its members in one order, so that the same keys read the same. */
function written(key: PublicKey): Record<string, string> {
  return Object.fromEntries(
    Object.entries(publicKey.shape).flatMap(([name]) => {
      const value = key[name as keyof PublicKey];
      return value === undefined || value === null ? [] : [[name, value]];
    }),
  );
}

/**
 * Reads a key set (RFC 7517 §5).
 *
 * @returns its keys as Okta takes them
 * @throws {Error} in words for the person who typed it: what is wrong, and what to do
 */
export function readKeys(text: string): Record<string, string>[] {
  const found = keySet.safeParse(parsed(text));
  if (!found.success) throw new Error('Enter a JSON Web Key Set: {"keys": [ … ]}, with 1 to 20 keys.');
  const { keys } = found.data;
  if (keys.some((key) => privateMembers.some((member) => member in key))) {
    throw new Error("This holds a private or secret key. Keep it to yourself, and enter the public key alone.");
  }
  const known = keys.flatMap((key) => publicKey.safeParse(key).data ?? []).map(written);
  if (known.length < keys.length || known.some((key) => !isUsable(key))) {
    throw new Error("Okta takes RSA keys of at least 2048 bits, and EC keys on P-256, P-384 or P-521.");
  }
  const ids = known.map(({ kid }) => kid);
  if (known.length > 1 && (ids.includes(undefined) || new Set(ids).size < ids.length)) {
    throw new Error("Give each of several keys a “kid” of its own: it tells Okta which one has signed.");
  }
  return known;
}

function parsed(text: string): unknown {
  try {
    return parseUntrustedJson(text);
  } catch {
    return undefined;
  }
}

function isUsable(key: Record<string, string>): boolean {
  const parts = key["kty"] === "RSA" ? ["n", "e"] : ["x", "y"];
  return parts.every((name) => key[name] !== undefined) && algorithmsOf(key).length > 0;
}

/** The keys that Okta has, as a developer would enter them; without what Okta has written beside. */
export function writeKeys(keys: readonly unknown[]): string {
  return JSON.stringify({ keys: keys.flatMap((key) => publicKey.safeParse(key).data ?? []).map(written) });
}
