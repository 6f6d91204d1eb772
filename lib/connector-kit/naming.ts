/** Names and ids for servers that are particular about them. */
import { createHash } from "node:crypto";

/**
 * An id that follows from a marker, so that whoever knows the marker finds the client by its id.
 *
 * @param prefix what it begins with; @param length of the whole id
 * @returns lower-case hexadecimal digits of the marker's digest after the prefix
 */
export function idFromMarker(marker: string, { prefix, length }: { prefix: string; length: number }): string {
  return `${prefix}${createHash("sha256").update(marker).digest("hex")}`.slice(0, length);
}

/**
 * What can be kept of a name where letters without accents, digits, dots, hyphens, underscores and single
 * spaces between them are all that is allowed.
 *
 * @returns at least one character, at most `longest`
 */
export function plainName(name: string, longest = 100): string {
  const words = name
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/[^a-zA-Z0-9._-]+/g, " ")
    .trim();
  return words.slice(0, longest).trim() || "client";
}
