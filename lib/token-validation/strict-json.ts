import { isAscii } from "node:buffer";
import { withPlainNames } from "#lib/foundation/json-names.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a JSON object from untrusted bytes.
 *
 * @returns null where the bytes are no UTF-8, no JSON, no object, name a member twice, or so that it cannot be written
 *   without escapes: two readers of such a text may see different values (RFC 8725 §2.4), so it means nothing for certain
 */
export function parseStrictObject(bytes: Buffer): Record<string, unknown> | null {
  let text: string;
  let value: unknown;
  try {
    text = withPlainNames(isAscii(bytes) ? bytes.toString("latin1") : decoder.decode(bytes));
    value = JSON.parse(text);
  } catch {
    // Not UTF-8 or not JSON: an ordinary answer for untrusted input.
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return namesMemberTwice(text) ? null : (value as Record<string, unknown>);
}

const quotationMark = 0x22;
const colon = 0x3a;
const backslash = 0x5c;

/** @param text valid JSON whose names hold no escapes: there, a string followed by a colon is a member's name */
function namesMemberTwice(text: string): boolean {
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
        open.push(new Set());
        break;
      case 0x5b: // [
        open.push(null);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        break;
      case quotationMark: {
        const end = endOfString(text, at);
        if (isFollowedByColon(text, end)) {
          const names = open.at(-1);
          const name = text.slice(at + 1, end - 1);
          if (names?.has(name)) return true;
          names?.add(name);
        }
        at = end - 1;
      }
    }
  }
  return false;
}

/** The position after the closing quotation mark. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (let unit = text.charCodeAt(at); unit !== quotationMark; unit = text.charCodeAt(at)) {
    // What is no quotation mark at the end of the text is no string: the text was valid JSON.
    at += unit === backslash ? 2 : 1;
  }
  return at + 1;
}

/** White space of JSON (RFC 8259 §2) may stand between. */
function isFollowedByColon(text: string, from: number): boolean {
  let at = from;
  let unit = text.charCodeAt(at);
  while (unit === 0x20 || unit === 0x09 || unit === 0x0a || unit === 0x0d) unit = text.charCodeAt(++at);
  return unit === colon;
}

/** Reads an own member: names that came from configuration must not find inherited ones. */
export function member(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
