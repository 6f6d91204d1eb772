/**
 * Requests as templates: JSON in which `{name}` stands for a value. A text that is nothing but one placeholder
 * becomes the value itself, whatever its type; inside a longer text it becomes text. A member whose value is
 * missing is left out.
 */
import { isSecret } from "#lib/foundation/secret.ts";

export type Template = string | number | boolean | null | Template[] | { [member: string]: Template };

/** What placeholders may name, by path: `connection.apiUrl`, `client.name`. Secrets are revealed where they stand. */
export type Values = { readonly [name: string]: unknown };

const placeholder = /\{([A-Za-z][\w.-]*)\}/g;
const only = /^\{([A-Za-z][\w.-]*)\}$/;

/** Every value that a template names, in the order of their appearance. */
export function namesIn(template: Template): string[] {
  if (typeof template === "string") return [...template.matchAll(placeholder)].map(([, name = ""]) => name);
  if (typeof template !== "object" || template === null) return [];
  return Object.values(template).flatMap(namesIn);
}

/** Fills a template. @returns undefined where it is nothing but a value that is missing */
export function fill(template: Template, values: Values): unknown {
  if (typeof template === "string") return fillText(template, values);
  if (Array.isArray(template)) return template.map((item) => fill(item, values)).filter((item) => item !== undefined);
  if (typeof template !== "object" || template === null) return template;
  const members = Object.entries(template).map(([name, member]) => [name, fill(member, values)] as const);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

function fillText(template: string, values: Values): unknown {
  const [, name] = only.exec(template) ?? [];
  return name === undefined ? fillInto(template, values, (text) => text) : plain(lookUp(values, name));
}

/**
 * Fills a template into text.
 *
 * @param encode what is done to each value, such as `encodeURIComponent` for a path
 */
export function fillInto(template: string, values: Values, encode: (text: string) => string): string {
  return template.replaceAll(placeholder, (_all, name: string) => {
    const value = plain(lookUp(values, name));
    return value === undefined || value === null
      ? ""
      : encode(typeof value === "string" ? value : JSON.stringify(value));
  });
}

function lookUp(values: Values, path: string): unknown {
  let value: unknown = values;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function plain(value: unknown): unknown {
  return isSecret(value) ? value.reveal() : value;
}

/** The value at a JSON pointer (RFC 6901), or undefined. */
export function at(document: unknown, pointer: string): unknown {
  let value = document;
  for (const step of pointer.split("/").slice(1)) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
