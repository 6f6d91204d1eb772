import { createPublicKey, X509Certificate, type KeyObject } from "node:crypto";
import type { SigningKeys } from "#lib/connector-kit/contract.ts";
import type { FieldProblem } from "#lib/foundation/errors.ts";

/** Why a key given as text cannot check signatures; undefined where it can, or where there is none. */
export function verificationKeyProblem(keys: SigningKeys): FieldProblem | undefined {
  if (keys.kind !== "pem") return undefined;
  const message = pemProblem(keys.value);
  return message === undefined ? undefined : { path: "signingKeys.value", message };
}

function pemProblem(pem: string): string | undefined {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    return "This is a private key. Keep it to yourself and paste the certificate or the public key instead.";
  }
  if (!/-----BEGIN (CERTIFICATE|PUBLIC KEY|RSA PUBLIC KEY)-----/.test(pem)) {
    return "Paste a certificate or public key in PEM form, beginning with -----BEGIN CERTIFICATE----- or -----BEGIN PUBLIC KEY-----.";
  }
  const key = readKey(pem);
  if (!key) return "This PEM text is damaged: it cannot be read as a certificate or public key.";
  return weakness(key);
}

function readKey(pem: string): KeyObject | undefined {
  try {
    return pem.includes("BEGIN CERTIFICATE") ? new X509Certificate(pem).publicKey : createPublicKey(pem);
  } catch {
    return undefined;
  }
}

/** NIST SP 800-131A: RSA keys of less than 2048 bits no longer protect. */
function weakness(key: KeyObject): string | undefined {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (key.asymmetricKeyType === "rsa" || key.asymmetricKeyType === "rsa-pss") {
    return bits !== undefined && bits < 2048 ? "This RSA key is shorter than 2048 bits and is not safe." : undefined;
  }
  if (key.asymmetricKeyType === "ec" || key.asymmetricKeyType === "ed25519") return undefined;
  return "Keys of this kind do not sign tokens. Use RSA, EC or Ed25519.";
}
