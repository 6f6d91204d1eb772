/**
 * Limits that an administrator sets on what developers may enter into the client fields of a key manager: how they
 * are read, how they narrow the form, and how values are held against them. Plain data and rules, safe for the browser.
 */
import type { FieldProblem } from "#lib/foundation/errors.ts";
import type { FieldDescriptor, FieldKind, ListDescriptor } from "./descriptors.ts";

export const constraintTypes = ["MIN", "MAX", "RANGE", "ENUM", "REGEX"] as const;
export type ConstraintType = (typeof constraintTypes)[number];

/** `words` tell developers what a pattern asks for. */
export type Constraint =
  | { type: "MIN"; minimum: number }
  | { type: "MAX"; maximum: number }
  | { type: "RANGE"; minimum: number; maximum: number }
  | { type: "ENUM"; allowed: string[] }
  | { type: "REGEX"; pattern: string; words?: string };

/** By the key of their field. */
export type Constraints = Readonly<Record<string, Constraint>>;

/** What reads patterns. It is handed in, so that a page without patterns need not load it. */
export type PatternEngine = {
  /** Why a pattern cannot be used, or null. */
  problem(pattern: string): string | null;
  /** True where the whole value matches. */
  matches(pattern: string, value: string): boolean;
};

/** A field that can be limited. Keys of fields inside a conditional group name its branch: `authentication/none/platform`. */
export type ConstrainableField = {
  key: string;
  label: string;
  /** The conditional group that it belongs to, and the choice that brings it. */
  within?: string;
  types: readonly ConstraintType[];
  /** Of a group, its choice is limited. */
  descriptor: FieldDescriptor;
};

/** The portal's own question beside a connector's fields. */
export const callbackUrlsField: ListDescriptor = {
  name: "redirectUris",
  kind: "list",
  label: "Callback URLs",
  help: "Where the browser returns after signing in. https://, or http://localhost while you develop.",
  placeholder: "https://app.example.com/callback",
  items: "url",
  maximumItems: 20,
  fallback: [],
  optional: true,
};

const typesOf: Readonly<Record<FieldKind, readonly ConstraintType[]>> = {
  number: ["MIN", "MAX", "RANGE"],
  choice: ["ENUM"],
  multiChoice: ["ENUM"],
  method: ["ENUM"],
  text: ["REGEX"],
  url: ["REGEX"],
  list: ["REGEX"],
  flag: [],
  secret: [],
  certificate: [],
};

const keyOf = (prefix: string, name: string) => (prefix === "" ? name : `${prefix}/${name}`);
const optionsOf = (field: FieldDescriptor) => ("options" in field ? field.options : []);

/** Every field of a client form that can be limited, the callback URLs first. */
export function constrainableFields(fields: readonly FieldDescriptor[]): ConstrainableField[] {
  return leaves([callbackUrlsField, ...fields]);
}

function leaves(fields: readonly FieldDescriptor[], prefix = "", within?: string): ConstrainableField[] {
  return fields.flatMap((descriptor): ConstrainableField[] => {
    const key = keyOf(prefix, descriptor.name);
    // A text of many lines is too long to be matched quickly.
    const types = descriptor.kind === "text" && descriptor.multiline ? [] : typesOf[descriptor.kind];
    const own =
      types.length > 0
        ? [{ key, label: descriptor.label, ...(within !== undefined && { within }), types, descriptor }]
        : [];
    if (descriptor.kind !== "method") return own;
    return [
      ...own,
      ...descriptor.options.flatMap((option) =>
        leaves(option.fields, keyOf(key, option.value), `${descriptor.label}: ${option.label}`),
      ),
    ];
  });
}

/** What was read of an administrator's limits; a limit with a problem is left out. */
export type ReadConstraints = { constraints: Record<string, Constraint>; problems: FieldProblem[] };

/**
 * Reads the limits of a form: by field key, each with a `type` ("" for none) and what that type needs. Everything
 * that is wrong is told at once, each at its place below `constraints`.
 */
export function readConstraints(
  fields: readonly FieldDescriptor[],
  raw: Readonly<Record<string, unknown>>,
  engine: PatternEngine,
): ReadConstraints {
  const known = new Map(constrainableFields(fields).map((field) => [field.key, field]));
  const constraints: Record<string, Constraint> = {};
  const problems: FieldProblem[] = [];
  for (const [key, given] of Object.entries(raw)) {
    const at = (member?: string) => ["constraints", key, ...(member === undefined ? [] : [member])].join(".");
    const field = known.get(key);
    if (!isRecord(given)) {
      problems.push({ path: at(), message: "A limit is an object with a type." });
    } else if (given["type"] !== "" && !field) {
      problems.push({ path: at(), message: `There is no field “${key}” that could be limited.` });
    } else if (given["type"] !== "" && field) {
      const read = readConstraint(field, given, engine);
      if ("constraint" in read) constraints[key] = read.constraint;
      else for (const { member, message } of read.problems) problems.push({ path: at(member), message });
    }
  }
  return { constraints, problems };
}

type MemberProblem = { member: string; message: string };
type ReadConstraint = { constraint: Constraint } | { problems: MemberProblem[] };

function readConstraint(
  { types, descriptor, label }: ConstrainableField,
  given: Readonly<Record<string, unknown>>,
  engine: PatternEngine,
): ReadConstraint {
  const type = types.find((candidate) => candidate === given["type"]);
  if (!type) {
    return { problems: [{ member: "type", message: `“${label}” can be limited by: ${types.join(", ")}.` }] };
  }
  if (type === "ENUM") return readAllowed(descriptor, given["allowed"]);
  if (type === "REGEX") return readPattern(descriptor, given, engine);
  return readBounds(descriptor, type, given);
}

function readBounds(
  field: FieldDescriptor,
  type: "MIN" | "MAX" | "RANGE",
  given: Readonly<Record<string, unknown>>,
): ReadConstraint {
  const own = field.kind === "number" ? field : undefined;
  const problems: MemberProblem[] = [];
  const read = (member: "minimum" | "maximum"): number => {
    const value = numberOf(given[member]);
    const complain = (message: string) => problems.push({ member, message });
    if (value === undefined) complain("Enter a number.");
    else if (own?.integer && !Number.isSafeInteger(value)) complain("Enter a whole number.");
    else if (own?.minimum !== undefined && value < own.minimum) {
      complain(`The field itself takes at least ${String(own.minimum)}.`);
    } else if (own?.maximum !== undefined && value > own.maximum) {
      complain(`The field itself takes at most ${String(own.maximum)}.`);
    }
    return value ?? Number.NaN;
  };
  const minimum = type === "MAX" ? undefined : read("minimum");
  const maximum = type === "MIN" ? undefined : read("maximum");
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
    problems.push({
      member: "maximum",
      message: `Enter at least the lower limit, ${String(minimum)}, or lower that one.`,
    });
  }
  if (problems.length > 0) return { problems };
  if (minimum === undefined) return { constraint: { type: "MAX", maximum: maximum ?? Number.NaN } };
  if (maximum === undefined) return { constraint: { type: "MIN", minimum } };
  return { constraint: { type: "RANGE", minimum, maximum } };
}

function readAllowed(field: FieldDescriptor, given: unknown): ReadConstraint {
  const refuse = (message: string): ReadConstraint => ({ problems: [{ member: "allowed", message }] });
  if (!Array.isArray(given) || !given.every((value) => typeof value === "string")) {
    return refuse("Choose the values that developers may take.");
  }
  const options = optionsOf(field).map(({ value }) => value);
  const foreign = given.filter((value) => !options.includes(value));
  if (foreign.length > 0) {
    return refuse(`“${field.label}” does not have the value ${foreign.join(", ")}. It has: ${options.join(", ")}.`);
  }
  if (given.length === 0) return refuse("Leave at least one value for developers to take.");
  return { constraint: { type: "ENUM", allowed: options.filter((value) => given.includes(value)) } };
}

const longestWords = 200;

function readPattern(
  field: FieldDescriptor,
  { pattern, words = "" }: Readonly<Record<string, unknown>>,
  engine: PatternEngine,
): ReadConstraint {
  const problems: MemberProblem[] = [];
  if (typeof words !== "string" || words.length > longestWords) {
    problems.push({ member: "words", message: `Use at most ${String(longestWords)} characters.` });
  }
  const problem = typeof pattern === "string" ? engine.problem(pattern.trim()) : "Enter a pattern.";
  if (problem !== null) problems.push({ member: "pattern", message: problem });
  else if (typeof pattern === "string") {
    const refused = fallbacksOf(field).filter((value) => !engine.matches(pattern.trim(), value));
    if (refused.length > 0) {
      problems.push({
        member: "pattern",
        message: `The field begins with ${refused.join(", ")}, which does not match: nobody could leave it as it is.`,
      });
    }
  }
  if (problems.length > 0 || typeof pattern !== "string" || typeof words !== "string") return { problems };
  const inWords = words.trim();
  return { constraint: { type: "REGEX", pattern: pattern.trim(), ...(inWords && { words: inWords }) } };
}

/** Texts that a field begins with. */
function fallbacksOf(field: FieldDescriptor): string[] {
  if (field.kind === "text" || field.kind === "url") return field.fallback === undefined ? [] : [field.fallback];
  return field.kind === "list" ? field.fallback : [];
}

function numberOf(value: unknown): number | undefined {
  const read = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? read : undefined;
}

/**
 * The form as developers get it: bounds and choices as narrow as the limits, patterns and their words beside the
 * fields, and a default outside a limit replaced by the nearest value within.
 */
export function narrowFields(
  fields: readonly FieldDescriptor[],
  constraints: Constraints,
  prefix = "",
): FieldDescriptor[] {
  return fields.map((field) => {
    const key = keyOf(prefix, field.name);
    const narrowed = field.kind === "method" ? narrowBranches(field, constraints, key) : field;
    const constraint = constraints[key];
    return constraint ? narrowField(narrowed, constraint) : narrowed;
  });
}

function narrowBranches(
  field: Extract<FieldDescriptor, { kind: "method" }>,
  constraints: Constraints,
  key: string,
): FieldDescriptor {
  const options = field.options.map((option) => ({
    ...option,
    fields: narrowFields(option.fields, constraints, keyOf(key, option.value)),
  }));
  return { ...field, options };
}

function narrowField(field: FieldDescriptor, constraint: Constraint): FieldDescriptor {
  switch (field.kind) {
    case "number":
      return narrowNumber(field, constraint);
    case "choice":
    case "method": {
      if (constraint.type !== "ENUM") return field;
      const { allowed } = constraint;
      const [nearest] = allowed;
      const options = field.options.filter(({ value }) => allowed.includes(value));
      const limit = { words: `The administrator allows: ${options.map(({ label }) => label).join(", ")}.` };
      const narrowed = field.kind === "choice" ? { ...field, options, limit } : { ...field, options, limit };
      if (field.fallback === undefined || allowed.includes(field.fallback) || nearest === undefined) {
        return narrowed as FieldDescriptor;
      }
      return { ...narrowed, fallback: nearest, limit: { ...limit, replaced: field.fallback } } as FieldDescriptor;
    }
    case "multiChoice": {
      if (constraint.type !== "ENUM") return field;
      const { allowed } = constraint;
      const options = field.options.filter(({ value }) => allowed.includes(value));
      const words = `The administrator allows: ${options.map(({ label }) => label).join(", ")}.`;
      const kept = field.fallback.filter((value) => allowed.includes(value));
      if (kept.length === field.fallback.length) return { ...field, options, limit: { words } };
      const fallback = kept.length > 0 || field.optional ? kept : allowed.slice(0, 1);
      return { ...field, options, fallback, limit: { words, replaced: field.fallback } };
    }
    case "text":
    case "url":
    case "list": {
      if (constraint.type !== "REGEX") return field;
      const { pattern, words } = constraint;
      const told = words ?? `It must match the pattern ${pattern}`;
      return { ...field, limit: { words: `Set by the administrator: ${told}`, pattern } };
    }
    default:
      return field;
  }
}

function narrowNumber(field: Extract<FieldDescriptor, { kind: "number" }>, constraint: Constraint): FieldDescriptor {
  const lower = constraint.type === "MIN" || constraint.type === "RANGE" ? constraint.minimum : undefined;
  const upper = constraint.type === "MAX" || constraint.type === "RANGE" ? constraint.maximum : undefined;
  if (lower === undefined && upper === undefined) return field;
  const minimum = lower === undefined ? field.minimum : Math.max(lower, field.minimum ?? lower);
  const maximum = upper === undefined ? field.maximum : Math.min(upper, field.maximum ?? upper);
  const words = `The administrator allows ${boundsInWords(lower, upper)}${field.unit ? ` ${field.unit}` : ""}.`;
  const narrowed = {
    ...field,
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
  };
  if (field.fallback === undefined) return { ...narrowed, limit: { words } };
  const fallback = Math.min(Math.max(field.fallback, minimum ?? -Infinity), maximum ?? Infinity);
  return fallback === field.fallback
    ? { ...narrowed, limit: { words } }
    : { ...narrowed, fallback, limit: { words, replaced: field.fallback } };
}

function boundsInWords(lower: number | undefined, upper: number | undefined): string {
  const write = (value: number) => value.toLocaleString("en");
  if (lower === undefined) return `at most ${write(upper ?? 0)}`;
  if (upper === undefined) return `at least ${write(lower)}`;
  return lower === upper ? `only ${write(lower)}` : `${write(lower)} to ${write(upper)}`;
}

/**
 * Holds values against the limits of a narrowed form. A blank value is within every limit: whether a field may be
 * blank is its own matter.
 *
 * @param prefix where the values stand in their form: "settings"
 * @param matches absent where no field has a pattern
 * @returns a problem at each field whose value is outside
 */
export function limitProblems(
  narrowed: readonly FieldDescriptor[],
  values: Readonly<Record<string, unknown>>,
  { prefix, matches }: { prefix: string; matches: PatternEngine["matches"] },
): FieldProblem[] {
  return narrowed.flatMap((field): FieldProblem[] => {
    const value = values[field.name];
    const path = prefix === "" ? field.name : `${prefix}.${field.name}`;
    if (field.kind !== "method") {
      return field.limit && isOutside(field, value, matches) ? [{ path, message: field.limit.words }] : [];
    }
    if (!isRecord(value)) return [];
    const choice = value[field.discriminator];
    const branch = field.options.find((option) => option.value === choice);
    if (branch) return limitProblems(branch.fields, value, { prefix: path, matches });
    // A choice that the form does not have is only ours to tell where it was taken away.
    return field.limit && !isBlank(choice)
      ? [{ path: `${path}.${field.discriminator}`, message: field.limit.words }]
      : [];
  });
}

function isOutside(field: FieldDescriptor, value: unknown, matches: PatternEngine["matches"]): boolean {
  if (isBlank(value)) return false;
  switch (field.kind) {
    case "number": {
      const number = numberOf(value);
      // What is no number is refused by the field itself.
      if (number === undefined) return false;
      return number < (field.minimum ?? -Infinity) || number > (field.maximum ?? Infinity);
    }
    case "choice":
      return !field.options.some((option) => option.value === value);
    case "multiChoice": {
      const known = field.options.map((option) => option.value);
      return Array.isArray(value) && value.some((chosen) => !known.includes(String(chosen)));
    }
    case "text":
    case "url":
    case "list": {
      const pattern = field.limit?.pattern;
      if (pattern === undefined) return false;
      const texts: unknown[] = Array.isArray(value) ? value : [value];
      return texts.some((text) => typeof text === "string" && !matches(pattern, text.trim()));
    }
    default:
      return false;
  }
}

/** True where a narrowed form has a pattern, so that the engine is needed. */
export function hasPattern(narrowed: readonly FieldDescriptor[]): boolean {
  return narrowed.some(
    (field) =>
      field.limit?.pattern !== undefined ||
      (field.kind === "method" && field.options.some((option) => hasPattern(option.fields))),
  );
}

/**
 * Puts the nearest allowed value wherever a default that is outside the limits was left as it is: nobody who changed
 * nothing is refused.
 *
 * @param values what was sent
 * @param before what is stored already; a stored value counts as untouched where it is the default and was sent back
 */
export function withNearestDefaults(
  narrowed: readonly FieldDescriptor[],
  values: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const result: Record<string, unknown> = { ...values };
  for (const field of narrowed) {
    const value = values[field.name];
    if (field.kind === "method") {
      const group = nearestGroup(field, value, before[field.name]);
      if (group !== undefined) result[field.name] = group;
    } else if (field.limit?.replaced !== undefined && "fallback" in field) {
      if (value === undefined || isUntouched(value, before[field.name], field.limit.replaced)) {
        result[field.name] = field.fallback;
      }
    }
  }
  return result;
}

function nearestGroup(
  field: Extract<FieldDescriptor, { kind: "method" }>,
  value: unknown,
  before: unknown,
): Record<string, unknown> | undefined {
  const { discriminator, fallback, limit } = field;
  const given = isRecord(value) ? value : { [discriminator]: fallback };
  const stored = isRecord(before) ? before : {};
  const choice = given[discriminator];
  const isReplaced = limit?.replaced !== undefined && isUntouched(choice, stored[discriminator], limit.replaced);
  const group = isReplaced ? { [discriminator]: fallback } : given;
  const branch = field.options.find((option) => option.value === group[discriminator]);
  if (!branch) return isRecord(value) ? { ...value } : undefined;
  const nearest = withNearestDefaults(branch.fields, group, stored);
  const isSame = !isRecord(value) && limit?.replaced === undefined && Object.keys(nearest).length === 1;
  // A group that was left out and has nothing to put right stays left out: its own defaults hold.
  return isSame ? undefined : nearest;
}

function isUntouched(value: unknown, before: unknown, replaced: unknown): boolean {
  return before !== undefined && same(value, before) && same(value, replaced);
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
