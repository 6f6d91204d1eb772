/**
 * Patterns that an administrator writes and developers' values are held against. The engine works in time linear to
 * the value, whatever the pattern: an engine that backtracks could be kept busy for hours by a few characters.
 */
import { RE2JS } from "re2js";
import type { PatternEngine } from "./constraints.ts";

export const longestPattern = 200;
/** Steps of the compiled pattern: the time for one character grows with them, and a{900} is many in few characters. */
const largestProgram = 500;

/** Compiled patterns; a page or a request uses few of them, again and again. */
const compiled = new Map<string, RE2JS>();
const keptCompiled = 200;

function compile(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known) return known;
  const made = RE2JS.compile(pattern);
  if (compiled.size >= keptCompiled) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

/**
 * Says why a pattern cannot be used.
 *
 * @returns what is wrong and how to put it right, or null for a good pattern
 */
function problem(pattern: string): string | null {
  if (pattern === "") return "Enter a pattern, such as [a-z0-9-]+.";
  if (pattern.length > longestPattern) return `Use at most ${String(longestPattern)} characters for a pattern.`;
  let made: RE2JS;
  try {
    made = compile(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : "";
    return `This is no pattern that can be used: ${reason}. Look-around and back references are not possible (RE2 syntax).`;
  }
  return made.programSize() > largestProgram ? "This pattern is too large. Use smaller counts in {…}." : null;
}

/** True where the whole value matches. @throws what the engine throws for a pattern that `problem` refuses */
function matches(pattern: string, value: string): boolean {
  return compile(pattern).matches(value);
}

export const patterns: PatternEngine = { problem, matches };
