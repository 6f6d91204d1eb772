/** Every string of a JSON text, with the colon after it where it is a member's name. */
const strings = /("(?:[^"\\]|\\[^])*")(\s*:)?/g;

/**
 * Writes the names of members without escapes. V8 13.6, which is Node 24's, may read a name that holds escapes as another
 * one that stood at the same place of an earlier text, whoever wrote that.
 *
 * @param text of JSON; anything else stays none
 * @returns the same members, spelled in full
 * @throws {SyntaxError} where a name cannot be written so, because it holds a quotation mark, a backslash or a control
 *   character
 */
export function withPlainNames(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(strings, (all, quoted: string, colon: string | undefined) =>
    colon === undefined || !quoted.includes("\\") ? all : plainName(quoted) + colon,
  );
}

function plainName(quoted: string): string {
  const name = JSON.stringify(JSON.parse(quoted));
  if (!name.includes("\\")) return name;
  throw new SyntaxError("a member has a name that cannot be written without escapes");
}
