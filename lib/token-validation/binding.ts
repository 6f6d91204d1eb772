import type { CallerProof } from "./caller-proof.ts";
import { readThumbprint } from "./client-certificate.ts";
import { refuse, type Refused } from "./verdict.ts";

/**
 * What ties a token to its holder: whoever uses it must show that they hold the same (RFC 7800). Where both
 * members are set, both must be shown.
 */
export type Binding = {
  /** SHA-256 thumbprint of the client certificate, base64url (RFC 8705 §3.1). */
  readonly certificate: string | null;
  /** SHA-256 thumbprint of the key that signs DPoP proofs, base64url (RFC 9449 §6.1). */
  readonly key: string | null;
};

const thumbprint = /^[A-Za-z0-9_-]{43}$/;

/**
 * Reads the `cnf` claim of a token (RFC 7800 §3.1).
 *
 * @returns null where there is no usable one: a member that is not known here is a demand that nobody would check
 */
export function readBinding(confirmation: unknown): Binding | null {
  if (typeof confirmation !== "object" || confirmation === null || Array.isArray(confirmation)) return null;
  const members = Object.entries(confirmation);
  let certificate: string | null = null;
  let key: string | null = null;
  for (const [name, value] of members) {
    if (typeof value !== "string" || !thumbprint.test(value)) return null;
    if (name === "x5t#S256") certificate = value;
    else if (name === "jkt") key = value;
    else return null;
  }
  return members.length > 0 ? { certificate, key } : null;
}

/** Refuses a call without the client certificate that its token is bound to (RFC 8705 §3). */
export function refuseCertificate({ certificate }: Binding, proof: CallerProof | undefined): Refused | null {
  if (certificate === null) return null;
  const shown = proof?.certificate;
  if (shown === undefined || shown === "") return refuse("certificate_missing");
  return readThumbprint(shown) === certificate ? null : refuse("certificate_mismatch");
}
