/** Free text that people enter. Runs in browsers too. */
import { z } from "zod";

const unclean = "Remove the invisible control characters.";

/**
 * Whether text holds nothing that cannot be stored or seen. PostgreSQL stores no NUL, and half a surrogate pair cannot
 * be written as UTF-8 (RFC 3629 §3). Line breaks and tabs are fine; the other control characters (Unicode category
 * Cc) are not.
 *
 * @returns false where something has to be removed
 */
export function isClean(value: string): boolean {
  return value.isWellFormed() && !/[^\P{Cc}\n\r\t]/u.test(value);
}

/**
 * Whether text of one line holds nothing that cannot be stored or seen: line breaks and tabs count too.
 *
 * @returns false where something has to be removed
 */
export function isCleanLine(value: string): boolean {
  return isClean(value) && !/[\n\r\t]/.test(value);
}

/**
 * A schema for text that is kept to the letter, blanks at its ends too, such as what another server made.
 *
 * @param maximum most UTF-16 code units
 * @returns a string schema; more rules may be added to it
 */
export function exactText(maximum: number) {
  return z
    .string()
    .max(maximum, `Use at most ${String(maximum)} characters.`)
    .refine(isClean, { error: unclean });
}

/**
 * A schema for trimmed free text, which may have several lines.
 *
 * @param maximum most UTF-16 code units
 * @param tooLong what is said about longer text
 * @returns a string schema; more rules may be added to it
 */
export function text(maximum: number, tooLong = `Use at most ${String(maximum)} characters.`) {
  return z.string().trim().max(maximum, tooLong).refine(isClean, { error: unclean });
}

/**
 * A schema for the words of a search, of which there may be none.
 *
 * @param maximum most UTF-16 code units
 */
export function searchText(maximum: number) {
  return text(maximum).optional();
}

/**
 * The words of a search as they stand in an address, where anybody may have written them: too many are cut, and what
 * no search takes narrows nothing.
 *
 * @param schema what the search takes
 * @param words what the address holds
 * @returns what the schema takes for sure; undefined where nothing is searched
 */
export function readWords(schema: ReturnType<typeof searchText>, words: string | undefined): string | undefined {
  const maximum = schema.unwrap().maxLength ?? 0;
  return schema.safeParse(words && cut(words.trim(), maximum)).data || undefined;
}

/**
 * The beginning of a text, without half a surrogate pair at its end.
 *
 * @param maximum most UTF-16 code units
 */
export function cut(value: string, maximum: number): string {
  const cutsPair = /[\uD800-\uDBFF]/.test(value.charAt(maximum - 1)) && /[\uDC00-\uDFFF]/.test(value.charAt(maximum));
  return value.slice(0, cutsPair ? maximum - 1 : maximum);
}
