import { hash } from "node:crypto";

/** Longer texts are no certificates. */
const maximumCharacters = 16_384;

const base64urlDigest = /^[A-Za-z0-9_-]{43}$/;
const hexDigest = /^[0-9A-Fa-f]{64}$/;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Reads a client certificate as gateways hand it on, and gives its SHA-256 thumbprint (RFC 8705 §3.1). Taken are:
 *
 * - the thumbprint itself, in base64url, or in hexadecimal with or without colons;
 * - PEM text, plain or percent-encoded (nginx's `$ssl_client_escaped_cert`);
 * - the certificate's DER in base64, with or without the colons of a structured field (RFC 9440 §2.1); of several with a
 *   comma between them, the first, which is the client's own (Traefik hands the whole chain on);
 * - an `X-Forwarded-Client-Cert` element with `Hash` or `Cert` (Envoy); of several, the last, which the gateway added.
 *
 * The certificate's trust was the gateway's question in the handshake: the binding compares nothing but the digest.
 *
 * @returns the thumbprint in base64url, or null where the text is none of these
 */
export function readThumbprint(text: string): string | null {
  if (text.length > maximumCharacters) return null;
  const given = text.trim();
  if (base64urlDigest.test(given)) return given;
  const digest = given.replaceAll(":", "");
  if (hexDigest.test(digest)) return Buffer.from(digest, "hex").toString("base64url");
  if (/(^|[;,]) *(Hash|Cert)=/i.test(given)) return readForwarded(given);
  const der = readDer(given);
  return der && hash("sha256", der, "base64url");
}

function readDer(text: string): Buffer | null {
  const plain = text.includes("%") ? decode(text) : text;
  if (plain === null) return null;
  const pem = /^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(plain)?.[1];
  // With white space behind the comma, they were several headers, of which one may be the caller's.
  const first = /^([A-Za-z0-9+/=]+)(?:,[A-Za-z0-9+/=]+)*$/.exec(plain)?.[1] ?? plain;
  const body = (pem ?? first.replace(/^:(.*):$/s, "$1")).replace(/\s/g, "");
  if (!base64.test(body)) return null;
  const der = Buffer.from(body, "base64");
  return isSequence(der) ? der : null;
}

/** A certificate is one SEQUENCE (RFC 5280 §4.1) of 128 to 65,535 bytes, and nothing stands behind it. */
function isSequence(der: Buffer): boolean {
  if (der.length < 4 || der[0] !== 0x30) return false;
  if (der[1] === 0x81) return der.length === 3 + der.readUInt8(2);
  return der[1] === 0x82 && der.length === 4 + der.readUInt16BE(2);
}

/** Quoted values may hold the separators. */
function readForwarded(text: string): string | null {
  const elements = text.match(/(?:"(?:[^"\\]|\\.)*"|[^",])+/g) ?? [];
  const members = elements.at(-1)?.match(/(?:"(?:[^"\\]|\\.)*"|[^";])+/g) ?? [];
  const values = new Map<string, string>();
  for (const part of members) {
    const at = part.indexOf("=");
    if (at > 0) values.set(part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).replace(/^"(.*)"$/s, "$1"));
  }
  const digest = values.get("hash");
  if (digest !== undefined) return hexDigest.test(digest) ? Buffer.from(digest, "hex").toString("base64url") : null;
  const der = readDer(values.get("cert") ?? "");
  return der && hash("sha256", der, "base64url");
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // Malformed percent-encoding: no certificate.
    return null;
  }
}
