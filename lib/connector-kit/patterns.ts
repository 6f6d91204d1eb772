/** The engine for patterns of limits, with what it compiled kept: a page or a request uses few, again and again. */
import { compilePattern, patternProblem } from "#lib/foundation/patterns.ts";
import type { PatternEngine } from "./constraints.ts";

const compiled = new Map<string, (value: string) => boolean>();
const keptCompiled = 200;

/** True where the whole value matches. @throws what the engine throws for a pattern that `problem` refuses */
function matches(pattern: string, value: string): boolean {
  let made = compiled.get(pattern);
  if (!made) {
    made = compilePattern(pattern);
    if (compiled.size >= keptCompiled) compiled.clear();
    compiled.set(pattern, made);
  }
  return made(value);
}

export const patterns: PatternEngine = { problem: patternProblem, matches };
