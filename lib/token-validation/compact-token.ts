import { LRUCache } from "lru-cache";
import { member, parseStrictObject } from "./strict-json.ts";

/** A JWT in compact form whose header and payload are read, and whose signature is not yet checked. */
export type ReadJwt = {
  header: Record<string, unknown>;
  algorithm: string;
  /** Undefined where the header names none. */
  keyId: string | undefined;
  /** Lower-case, without "application/"; "" where the header names none. */
  type: string;
  /** Undefined where `iss` is missing or no text. */
  issuer: string | undefined;
  claims: Record<string, unknown>;
  /** What is signed (RFC 7515 §5.1): everything before the last dot. */
  signed: Buffer;
  signature: Buffer;
};

/** A token as it reads before anything about it is known to be true. */
export type ReadToken =
  | { kind: "jwt"; jwt: ReadJwt }
  | { kind: "opaque" }
  /** A JWE: only the key manager that it was made by or for can open it. */
  | { kind: "encrypted" }
  | { kind: "malformed" };

/** Longer tokens are not looked at; real ones stay well below. */
export const maximumTokenCharacters = 16_384;
const maximumKeyIdCharacters = 512;

const malformed: ReadToken = { kind: "malformed" };
const opaque: ReadToken = { kind: "opaque" };
const encrypted: ReadToken = { kind: "encrypted" };

/**
 * Reads the structure of a bearer token, without I/O and without trusting it.
 *
 * A token whose first part is a JSON object means to be a JOSE object, and must then be a well-formed JWS
 * in compact form (RFC 7515 §7.1): three parts, canonical base64url, no `crit`, no `b64` (RFC 7797), no
 * member named twice. Or it is a JWE in compact form (RFC 7516 §7.1): five parts, and a header that names `alg`
 * and `enc`. Every other text of RFC 6750 §2.1 is opaque.
 */
export function readToken(token: string): ReadToken {
  if (token.length === 0 || token.length > maximumTokenCharacters) return malformed;
  const parts = token.split(".");
  const [first = ""] = parts;
  const known = headers.get(first);
  if (!known && !meansJose(first)) return isOpaque(token) ? opaque : malformed;
  if (parts.length === 5) return isEncrypted(parts) ? encrypted : malformed;
  const jwt = parts.length === 3 ? readParts(token, parts, known) : null;
  return jwt ? { kind: "jwt", jwt } : malformed;
}

/** Reads a signed JWT that is no access token, by the rules of `readToken`. @returns null where it is malformed */
export function readJwt(text: string): ReadJwt | null {
  if (text.length > maximumTokenCharacters) return null;
  const parts = text.split(".");
  return parts.length === 3 ? readParts(text, parts, headers.get(parts[0] ?? "")) : null;
}

/** @param known what the first part is known to say */
function readParts(
  text: string,
  [first = "", second = "", third = ""]: readonly string[],
  known: ReadHeader | undefined,
): ReadJwt | null {
  const read = known ?? readHeader(first);
  const payload = read && decodeCanonical(second);
  const claims = payload && parseStrictObject(payload);
  const signature = claims && decodeCanonical(third);
  if (!signature) return null;
  const { header, algorithm, keyId, type } = read;
  const named = member(claims, "iss");
  const issuer = typeof named === "string" ? named : undefined;
  const signed = Buffer.from(text.slice(0, first.length + 1 + second.length));
  return { header, algorithm, keyId, type, issuer, claims, signed, signature };
}

/** All tokens of a key have one header: what it says is read once. */
const headers = new LRUCache<string, ReadHeader>({ max: 500 });
const maximumKeptCharacters = 512;

type ReadHeader = Pick<ReadJwt, "header" | "algorithm" | "keyId" | "type">;

function readHeader(text: string): ReadHeader | null {
  const bytes = decodeCanonical(text);
  const header = bytes && parseStrictObject(bytes);
  const read = header && readHeaderMembers(header);
  // Written anew, which gives the same text: a part of a string may keep the whole token in memory.
  if (read && text.length <= maximumKeptCharacters) headers.set(bytes.toString("base64url"), read);
  return read;
}

function readHeaderMembers(header: Record<string, unknown>): ReadHeader | null {
  const algorithm = member(header, "alg");
  const keyId = member(header, "kid");
  const type = member(header, "typ") ?? "";
  if (typeof algorithm !== "string" || typeof type !== "string") return null;
  if (keyId !== undefined && !isKeyId(keyId)) return null;
  if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64") || isCompressed(header)) return null;
  return { header, algorithm, keyId, type: type.toLowerCase().replace(/^application\//, "") };
}

/**
 * Compression belongs to encrypted tokens (RFC 7516 §4.1.3). Some servers say in every header that there is
 * none, in the word that stands for it: “NONE”.
 */
function isCompressed(header: Record<string, unknown>): boolean {
  return Object.hasOwn(header, "zip") && header["zip"] !== "NONE";
}

/** The key of a JWE may be empty: some algorithms encrypt none (RFC 7516 §5.1). The other parts never are. */
function isEncrypted([first = "", key = "", ...rest]: readonly string[]): boolean {
  const bytes = decodeCanonical(first);
  const header = bytes && parseStrictObject(bytes);
  if (!header || typeof member(header, "alg") !== "string" || typeof member(header, "enc") !== "string") return false;
  return (key === "" || decodeCanonical(key) !== null) && rest.every((part) => decodeCanonical(part) !== null);
}

/** Bytes of a base64url text; null where it is empty or not the only spelling of its bytes. */
function decodeCanonical(text: string): Buffer | null {
  const bytes = Buffer.from(text, "base64url");
  return bytes.length > 0 && bytes.toString("base64url") === text ? bytes : null;
}

/** Whether the first part of a token is a JSON object: then the token means to be a JOSE object. */
function meansJose(first: string): boolean {
  const bytes = decodeCanonical(first);
  return bytes !== null && beginsLikeObject(bytes);
}

/** JSON may begin with white space. */
function beginsLikeObject(bytes: Buffer): boolean {
  let at = 0;
  while (at < bytes.length && [0x20, 0x09, 0x0a, 0x0d].includes(bytes[at] ?? 0)) at++;
  return bytes[at] === 0x7b;
}

/** A text of RFC 6750 §2.1, but for what begins with base64url of `{"`: a JOSE header in a spelling that is not canonical. */
function isOpaque(token: string): boolean {
  return /^[A-Za-z0-9\-._~+/]+=*$/.test(token) && !token.startsWith("eyJ");
}

function isKeyId(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= maximumKeyIdCharacters;
}
