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
  return namesMemberTwice(text, value) ? null : (value as Record<string, unknown>);
}

const quotationMark = 0x22;
const colon = 0x3a;
const backslash = 0x5c;

/** Of members with one name in one object, JSON.parse keeps the last: the text then names more than there are. */
function namesMemberTwice(text: string, value: object): boolean {
  return namesIn(text) > membersOf(value);
}

/** @param text valid JSON, in which a colon between strings stands behind a name */
function namesIn(text: string): number {
  let names = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === colon) names++;
    else if (unit === quotationMark) at = endOfString(text, at);
  }
  return names;
}

/** The position of the closing quotation mark. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (let unit = text.charCodeAt(at); unit !== quotationMark; unit = text.charCodeAt(at)) {
    // What is no quotation mark at the end of the text is no string: the text was valid JSON.
    at += unit === backslash ? 2 : 1;
  }
  return at;
}

/** How many members it has, at all levels. */
function membersOf(value: object): number {
  let members = 0;
  const open = [value];
  // Without recursion: a text of brackets alone is nested deeper than the stack.
  for (const one of open) {
    const inner: unknown[] = Object.values(one);
    if (!Array.isArray(one)) members += inner.length;
    for (const item of inner) if (typeof item === "object" && item !== null) open.push(item);
  }
  return members;
}

/** Reads an own member: names that came from configuration must not find inherited ones. */
export function member(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
