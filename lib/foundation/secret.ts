import { inspect } from "node:util";

const mark = Symbol.for("latchkey.Secret");
const placeholder = "[secret]";

/**
 * A value that must not be seen by accident. JSON, string conversion and log output read `[secret]`;
 * `reveal()` is the only way in, so every use can be found by searching for it.
 */
export class Secret {
  readonly [mark] = true;
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value in clear. Hand it on at once; do not keep it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return placeholder;
  }

  toJSON(): string {
    return placeholder;
  }

  [inspect.custom](): string {
    return placeholder;
  }
}

/** Recognises a Secret, whichever copy of this module made it. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === "object" && value !== null && mark in value;
}
