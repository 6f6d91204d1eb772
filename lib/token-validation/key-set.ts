import { constants, createPublicKey, verify, type KeyObject, type VerifyKeyObjectInput } from "node:crypto";
import type { JWK } from "jose";
import { algorithmsOf, readVerificationPem } from "#lib/protocol/verification-key.ts";
import { member } from "./strict-json.ts";

/** A public key of a key manager, fit for verifying. */
export type TrustedKey = {
  /** Null for a key that was configured as PEM: it has no name, and serves any token. */
  readonly keyId: string | null;
  readonly algorithms: ReadonlySet<string>;
  /**
   * Whether a JWS is signed with this key by one of its algorithms (RFC 7515 §5.2). It answers at once, on this thread:
   * handing a signature to another one takes longer than checking it.
   */
  verifies(algorithm: string, signed: Buffer, signature: Buffer): boolean;
};

export type KeySet = readonly TrustedKey[];

/** Bounds against hostile key sets. */
const maximumKeys = 64;
const maximumKeyCharacters = 8_192;

/**
 * Takes the usable keys out of a key set document (RFC 7517 §5). Symmetric, private, undersized, encryption
 * and unknown keys are left out; so are keys beyond the bounds.
 *
 * @throws {Error} where the document is no key set or has no usable key
 */
export function readKeySet(document: unknown): KeySet {
  const keys = isObject(document) ? member(document, "keys") : undefined;
  if (!Array.isArray(keys)) throw new Error("The document is not a key set.");
  const usable = keys.slice(0, maximumKeys).flatMap((key) => readKey(key) ?? []);
  if (usable.length === 0) throw new Error("The key set has no usable signing key.");
  return usable;
}

/**
 * Makes a key set of one PEM text: a public key or an X.509 certificate. What is refused here is refused when a
 * key manager is saved, too.
 *
 * @throws {Error} where it is neither, or the key is not usable
 */
export function readPem(pem: string): KeySet {
  const key = readKey(readVerificationPem(pem), { named: false });
  if (!key) throw new Error("The PEM text holds no usable signing key.");
  return [key];
}

/**
 * The key that a token names, or null. A name must match exactly and only once; a token without a name is
 * served only where a single key fits its algorithm.
 */
export function findKey(keys: KeySet, keyId: string | undefined, algorithm: string): TrustedKey | null {
  const fitting = keys.filter(
    (key) => key.algorithms.has(algorithm) && (keyId === undefined || key.keyId === null || key.keyId === keyId),
  );
  return fitting.length === 1 ? (fitting[0] ?? null) : null;
}

/** Members that only private and symmetric keys have (RFC 7518 §6.2.2, §6.3.2, §6.4). */
const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/**
 * Reads the public key that a DPoP proof carries (RFC 9449 §4.2). It has no name, and is trusted for nothing but
 * what a token's binding says.
 *
 * @returns null where it is not usable, or has private members
 */
export function readProofKey(jwk: object): TrustedKey | null {
  if (privateMembers.some((name) => Object.hasOwn(jwk, name))) return null;
  return readKey(jwk, { named: false });
}

function readKey(value: unknown, { named = true } = {}): TrustedKey | null {
  if (!isObject(value) || JSON.stringify(value).length > maximumKeyCharacters) return null;
  const jwk = value as JWK & Record<string, unknown>;
  // A published private key may be in anybody's hands.
  if (jwk.d !== undefined || jwk["k"] !== undefined) return null;
  if (jwk.use !== undefined && jwk.use !== "sig") return null;
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes("verify"))) return null;
  if (jwk.kid !== undefined && typeof jwk.kid !== "string") return null;
  const possible = algorithmsOf(jwk);
  const algorithms = jwk.alg === undefined ? possible : possible.filter((name) => name === jwk.alg);
  if (algorithms.length === 0) return null;

  const imported = new Map<string, Verifier | null>();
  return {
    // A key without a name in a set of named ones serves only tokens without a name.
    keyId: named ? (jwk.kid ?? "") : null,
    algorithms: new Set(algorithms),
    verifies(algorithm, signed, signature) {
      if (!this.algorithms.has(algorithm)) return false;
      let verifier = imported.get(algorithm);
      if (verifier === undefined) imported.set(algorithm, (verifier = readVerifier(jwk, algorithm)));
      return verifier !== null && verify(verifier.digest, signed, verifier.key, signature);
    },
  };
}

/** A key as one algorithm uses it. */
type Verifier = { readonly key: KeyObject; readonly digest: string | null };

/**
 * A key that carries the parameters of one algorithm: `crypto.verify` reads them from any object that is its key. Handed
 * over in an object around the key, they cost it two exceptions for each signature, more than checking one of RSA.
 *
 * @returns null for a key that is not what it says, such as a point beside its curve
 */
function readVerifier({ kty, n, e, crv, x, y }: JWK, algorithm: string): Verifier | null {
  // Only the key itself: hints such as key_ops and ext are judged above.
  const parts = Object.fromEntries(Object.entries({ kty, n, e, crv, x, y }).filter(([, part]) => part !== undefined));
  try {
    const key = Object.assign(createPublicKey({ key: parts, format: "jwk" }), parametersOf(algorithm));
    return { key, digest: digestOf(algorithm) };
  } catch {
    // Nothing is signed with it.
    return null;
  }
}

/** EdDSA has its digest within (RFC 8032). */
function digestOf(algorithm: string): string | null {
  return /^(RS|PS|ES)/.test(algorithm) ? `sha${algorithm.slice(2)}` : null;
}

/** What an algorithm asks of `crypto.verify`. RFC 7518 §3.4 and §3.5: ECDSA's R and S behind each other; a salt of PSS as long as the digest. */
export function parametersOf(algorithm: string): Omit<VerifyKeyObjectInput, "key"> {
  if (algorithm.startsWith("ES")) return { dsaEncoding: "ieee-p1363" };
  if (!algorithm.startsWith("PS")) return {};
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
