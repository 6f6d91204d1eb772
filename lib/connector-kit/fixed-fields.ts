/** Fields that cannot be changed once they are stored. */
import type { FieldProblem } from "#lib/foundation/errors.ts";
import type { FieldDescriptor } from "./descriptors.ts";

type Values = Readonly<Record<string, unknown>>;

/**
 * Finds changes of fixed fields. A fixed field that was never stored has its default; fields of a branch that is
 * chosen only now are new.
 *
 * @param before as it is stored, and @param after as it would be, both without secrets
 * @param prefix where the values stand in their form: "connection"
 * @returns a problem at each changed field
 */
export function fixedProblems(
  fields: readonly FieldDescriptor[],
  { before, after, prefix }: { before: Values; after: Values; prefix: string },
): FieldProblem[] {
  return fields.flatMap((field): FieldProblem[] => {
    const path = `${prefix}.${field.name}`;
    const [old, now] = [before[field.name], after[field.name]];
    if (field.kind === "method") return inGroup(field, { old: asValues(old), now: asValues(now), path });
    const stored = old ?? ("fallback" in field ? field.fallback : undefined);
    return field.fixed && !isSame(stored, now) ? [{ path, message: wordsFor(field.label, stored) }] : [];
  });
}

function inGroup(
  field: Extract<FieldDescriptor, { kind: "method" }>,
  { old, now, path }: { old: Values; now: Values; path: string },
): FieldProblem[] {
  const { discriminator, fallback, label, fixed } = field;
  const stored = old[discriminator] ?? fallback;
  if (stored === now[discriminator]) {
    const branch = field.options.find(({ value }) => value === stored);
    return fixedProblems(branch?.fields ?? [], { before: old, after: now, prefix: path });
  }
  return fixed ? [{ path: `${path}.${discriminator}`, message: wordsFor(label, stored) }] : [];
}

/** The values of a form with what is stored wherever a fixed field was left out. */
export function withFixedFields(fields: readonly FieldDescriptor[], before: Values, values: Values): Values {
  const kept = fields.filter(({ fixed, name }) => fixed && values[name] === undefined && before[name] !== undefined);
  return { ...values, ...Object.fromEntries(kept.map(({ name }) => [name, before[name]])) };
}

function wordsFor(label: string, stored: unknown): string {
  const shown = typeof stored === "string" ? stored : JSON.stringify(stored ?? "").replaceAll(/["[\]]/g, "");
  const stays = shown === "" ? "it stays blank" : `it stays “${shown}”`;
  return `“${label}” cannot be changed any more: ${stays}. Make a new one to have it otherwise.`;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}

function asValues(value: unknown): Values {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : {};
}
