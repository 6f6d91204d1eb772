/** Public keys that check the signatures of tokens: which are accepted, and how one is read from PEM text. */
import { createPublicKey, type KeyObject } from "node:crypto";
import type { JWK } from "jose";

const rsaBits = { minimum: 2_048, maximum: 8_192 };

const rsaAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const curveAlgorithms: Readonly<Record<string, readonly string[]>> = {
  "EC P-256": ["ES256"],
  "EC P-384": ["ES384"],
  "EC P-521": ["ES512"],
  "OKP Ed25519": ["EdDSA", "Ed25519"],
};

/** Every algorithm of RFC 7518 §3.1 and RFC 8037 §3.1 with which a token may be signed; all are asymmetric. */
export const supportedAlgorithms: ReadonlySet<string> = new Set([
  ...rsaAlgorithms,
  ...Object.values(curveAlgorithms).flat(),
]);

const accepted = `Use RSA with ${String(rsaBits.minimum)} to ${String(rsaBits.maximum)} bits, EC on P-256, P-384 or P-521, or Ed25519.`;

/**
 * The algorithms whose signatures a public key can check: by its kind, its curve and its size (RFC 7518 §3.3 asks
 * for 2048 bits; longer keys than 8192 only cost time).
 *
 * @returns none where the key is not accepted
 */
export function algorithmsOf(jwk: JWK): readonly string[] {
  if (jwk.kty === "RSA") return hasFairSize(jwk.n) ? rsaAlgorithms : [];
  return curveAlgorithms[`${String(jwk.kty)} ${String(jwk.crv)}`] ?? [];
}

/**
 * Reads a public key, or the key of an X.509 certificate, from PEM text (RFC 7468 §5 and §13).
 *
 * @returns a key that checks the signatures of at least one supported algorithm
 * @throws {Error} in words for the person who pasted the text: what is wrong, and what is accepted
 */
export function readVerificationPem(pem: string): JWK {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw new Error("This is a private key. Keep it to yourself and paste the certificate or the public key instead.");
  }
  if (!/-----BEGIN (CERTIFICATE|PUBLIC KEY|RSA PUBLIC KEY)-----/.test(pem)) {
    throw new Error(
      "Paste a certificate or public key in PEM form, beginning with -----BEGIN CERTIFICATE----- or -----BEGIN PUBLIC KEY-----.",
    );
  }
  const jwk = toJwk(readKeyObject(pem));
  if (!jwk || algorithmsOf(jwk).length === 0)
    throw new Error(`Tokens are not checked with a key of this kind. ${accepted}`);
  return jwk;
}

function readKeyObject(pem: string): KeyObject {
  try {
    // Takes certificates too.
    return createPublicKey(pem);
  } catch {
    throw new Error("This PEM text is damaged: it cannot be read as a certificate or public key.");
  }
}

/** Null for a kind of key that has no form as JWK, such as one for RSASSA-PSS alone (RFC 4055 §1.2). */
function toJwk(key: KeyObject): JWK | null {
  try {
    return key.export({ format: "jwk" });
  } catch {
    return null;
  }
}

function hasFairSize(modulus: unknown): boolean {
  if (typeof modulus !== "string") return false;
  const bytes = Buffer.from(modulus, "base64url");
  const leading = bytes.findIndex((byte) => byte !== 0);
  if (leading < 0) return false;
  const bits = (bytes.length - leading) * 8 - Math.clz32(bytes[leading] ?? 0) + 24;
  return bits >= rsaBits.minimum && bits <= rsaBits.maximum;
}
