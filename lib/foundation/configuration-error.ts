/** As the terminal's words for a start know an expected end. */
const mark = Symbol.for("latchkey.Refusal");

/**
 * The configuration cannot be used as it is. The message names the setting, what is wrong with it and what to do, and never
 * its value; a start ends with it alone, without a stack.
 */
export class ConfigurationError extends Error {
  readonly [mark] = true;
  override readonly name = "ConfigurationError";
}
