/**
 * Patterns that an administrator writes and others' values are held against. The engine works in time linear to
 * the value, whatever the pattern: an engine that backtracks could be kept busy for hours by a few characters.
 */
import { RE2JS } from "re2js";

const longestPattern = 200;
/** Steps of the compiled pattern: the time for one character grows with them, and a{900} is many in few characters. */
const largestProgram = 500;

/**
 * Says why a pattern cannot be used.
 *
 * @returns what is wrong and how to put it right, or null for a good pattern
 */
export function patternProblem(pattern: string): string | null {
  if (pattern === "") return "Enter a pattern, such as [a-z0-9-]+.";
  if (pattern.length > longestPattern) return `Use at most ${String(longestPattern)} characters for a pattern.`;
  let made: RE2JS;
  try {
    made = RE2JS.compile(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : "";
    return `This is no pattern that can be used: ${reason}. Look-around and back references are not possible (RE2 syntax).`;
  }
  return made.programSize() > largestProgram ? "This pattern is too large. Use smaller counts in {…}." : null;
}

/**
 * Makes a pattern ready for use.
 *
 * @returns whether a whole value matches
 * @throws what the engine throws for a pattern that `patternProblem` refuses
 */
export function compilePattern(pattern: string): (value: string) => boolean {
  const compiled = RE2JS.compile(pattern);
  return (value) => compiled.matches(value);
}
