import type { Secret } from "#lib/foundation/secret.ts";

const longestReason = 300;

/** Members under which servers put the words for people, best first: RFC 6749 §5.2, then vendors' habits. */
const places = ["error_description", "errorMessage", "errorSummary", "detail", "description", "message", "error"];

/** Members under which servers list what is wrong, item by item: they say more than the sentence beside them. */
const lists = ["validationErrors", "errorCauses"];

/**
 * The server's own words about a refusal, fit to be quoted: one line, short, without credentials.
 *
 * @param body the parsed answer, or undefined where it was no JSON (pages and stack traces are never quoted)
 * @param secrets values that were sent and must not come back
 */
export function quotableReason(body: unknown, secrets: readonly Secret[] = []): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const record = body as Record<string, unknown>;
  for (const list of lists) {
    const items = record[list];
    const words = Array.isArray(items) ? items.slice(0, 10).map((item) => wordsOf(item)) : [];
    const said = [...new Set(words.filter((text) => text !== undefined))].join(" ");
    if (said) return scrub(said, secrets);
  }
  const words = wordsOf(record);
  return words === undefined ? undefined : scrub(words, secrets);
}

/** The best words for people in an object; undefined where it has none. */
function wordsOf(item: unknown): string | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const record = item as Record<string, unknown>;
  for (const place of places) {
    const words = record[place];
    if (typeof words === "string" && words.trim() !== "") return words;
  }
  // OData JSON §21: the error is an object that holds the words.
  return wordsOf(record["error"]);
}

/** Makes foreign words safe to show: no control characters, no line breaks, no credentials, not too long. */
export function scrub(words: string, secrets: readonly Secret[] = []): string {
  let text = words.slice(0, 5000);
  for (const secret of secrets) {
    const value = secret.reveal();
    // Forms encode otherwise than addresses do (WHATWG URL §5.2).
    const formEncoded = new URLSearchParams([["", value]]).toString().slice(1);
    for (const form of [value, encodeURIComponent(value), formEncoded]) {
      if (value.length >= 4) text = text.replaceAll(form, "[secret]");
    }
  }
  text = text
    .replace(/\beyJ[\w-]{10,}(\.[\w-]*){1,4}/g, "[token]")
    .replace(/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, "$1 [secret]")
    // Control characters, and the marks that turn text around or hide it (Unicode TR #36).
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
  return text.length > longestReason ? `${text.slice(0, longestReason - 1)}…` : text;
}
