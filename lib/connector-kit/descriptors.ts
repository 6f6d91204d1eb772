/**
 * What a form needs to know of a connector's schema: plain JSON, safe for the browser. The types may be
 * imported by components; nothing here knows Node.
 */
import type { z } from "zod";

export type FieldOption = { value: string; label: string; help?: string };

type Common = {
  /** Key inside the surrounding object. */
  name: string;
  label: string;
  help?: string;
  placeholder?: string;
  /** May be left blank. */
  optional: boolean;
  /** Rarely needed: forms keep it folded away. */
  advanced?: boolean;
  /** Cannot be changed once it is stored. */
  fixed?: boolean;
  /** What an administrator allows here; set by `narrowFields`, never by a builder. */
  limit?: FieldLimit;
};

/** A limit as the form shows and checks it. Bounds and choices are in the descriptor itself, narrowed. */
export type FieldLimit = {
  /** One sentence for people. */
  words: string;
  /** What the whole text, or each entry of a list, must match. */
  pattern?: string;
  /** The connector's own default, where it is outside and another stands in its place. */
  replaced?: unknown;
};

export type TextDescriptor = Common & {
  kind: "text";
  multiline: boolean;
  /** Characters. */
  maximumLength: number;
  fallback?: string;
};
export type UrlDescriptor = Common & { kind: "url"; fallback?: string };
export type SecretDescriptor = Common & {
  kind: "secret";
  multiline: boolean;
  /** Names the stored secret, whichever branch it belongs to; the edit form learns by it what is set. */
  secretKey: string;
};
export type ChoiceDescriptor = Common & {
  kind: "choice";
  options: FieldOption[];
  appearance: "select" | "radio";
  fallback?: string;
};
export type MultiChoiceDescriptor = Common & { kind: "multiChoice"; options: FieldOption[]; fallback: string[] };
export type FlagDescriptor = Common & { kind: "flag"; fallback: boolean };
export type NumberDescriptor = Common & {
  kind: "number";
  minimum?: number;
  maximum?: number;
  integer: boolean;
  /** Shown behind the number: "seconds". */
  unit?: string;
  fallback?: number;
};
export type ListDescriptor = Common & {
  kind: "list";
  items: "text" | "url";
  maximumItems: number;
  fallback: string[];
};
export type CertificateDescriptor = Common & { kind: "certificate" };
/** A choice with child fields: the value is an object that holds the choice under `discriminator`. */
export type MethodDescriptor = Common & {
  kind: "method";
  discriminator: string;
  options: (FieldOption & { fields: FieldDescriptor[] })[];
  fallback: string;
};

export type FieldDescriptor =
  | TextDescriptor
  | UrlDescriptor
  | SecretDescriptor
  | ChoiceDescriptor
  | MultiChoiceDescriptor
  | FlagDescriptor
  | NumberDescriptor
  | ListDescriptor
  | CertificateDescriptor
  | MethodDescriptor;

export type FieldKind = FieldDescriptor["kind"];

type WithoutName<T> = T extends unknown ? Omit<T, "name" | "secretKey" | "options"> : never;

/** What a builder attaches to its schema. Branches of a method keep their schemas, for readers on the server. */
export type FieldMark =
  WithoutName<Exclude<FieldDescriptor, ChoiceDescriptor | MultiChoiceDescriptor>> extends infer M
    ? | Exclude<M, { kind: "method" }>
      | (WithoutName<ChoiceDescriptor> & { options: FieldOption[] })
      | (WithoutName<MultiChoiceDescriptor> & { options: FieldOption[] })
      | (WithoutName<MethodDescriptor> & { branches: MethodBranch[] })
    : never;

export type MethodBranch = FieldOption & { schema: z.ZodObject };

const mark = Symbol.for("latchkey.field");

/** Attaches a mark. zod copies a schema whenever it is wrapped, so a mark never survives a later wrapping. */
export function attachMark<S extends z.ZodType>(schema: S, value: FieldMark): S {
  Object.defineProperty(schema, mark, { value });
  return schema;
}

/** The mark of a schema, or undefined where it was not built by `field.*`, or was wrapped afterwards. */
export function markOf(schema: z.ZodType): FieldMark | undefined {
  return (schema as { [mark]?: FieldMark })[mark];
}

/** Keys and schemas of an object schema, in the order of the form. */
export function entriesOf(schema: z.ZodType): [name: string, field: z.ZodType][] {
  if (schema._zod.def.type !== "object") throw new Error("A connector's form is a strict object built from field.*.");
  return Object.entries((schema as z.ZodObject).shape) as [string, z.ZodType][];
}

/** Joins the parts of a secret's name. */
export function secretKeyOf(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}.${name}`;
}

/**
 * Describes every field of a form, in order.
 *
 * @param schema a strict object built from `field.*`
 * @throws {Error} at a leaf that no builder made, naming it
 */
export function describeFields(schema: z.ZodType, prefix = ""): FieldDescriptor[] {
  return entriesOf(schema).map(([name, field]) => describeField(name, field, prefix));
}

function describeField(name: string, schema: z.ZodType, prefix: string): FieldDescriptor {
  const found = markOf(schema);
  const path = secretKeyOf(prefix, name);
  if (!found) throw new Error(`The field “${path}” has no descriptor: build it with field.*, as the outermost call.`);
  if (found.kind === "secret") return { name, secretKey: path, ...found };
  if (found.kind !== "method") return { name, ...found };
  const { branches, ...rest } = found;
  return {
    name,
    ...rest,
    options: branches.map(({ schema: branch, ...option }) => ({
      ...option,
      fields: entriesOf(branch)
        .filter(([child]) => child !== found.discriminator)
        .map(([child, field]) => describeField(child, field, `${path}.${option.value}`)),
    })),
  };
}

/** What a new form starts with: every field present, so that each input is controlled from the first moment. */
export function initialValues(descriptors: readonly FieldDescriptor[]): Record<string, unknown> {
  return Object.fromEntries(descriptors.map((descriptor) => [descriptor.name, initialValue(descriptor)]));
}

function initialValue(descriptor: FieldDescriptor): unknown {
  switch (descriptor.kind) {
    case "text":
    case "url":
    case "choice":
      return descriptor.fallback ?? "";
    case "secret":
    case "certificate":
      return "";
    case "number":
      return descriptor.fallback ?? "";
    case "flag":
    case "list":
    case "multiChoice":
      return descriptor.fallback;
    case "method":
      return initialMethod(descriptor, descriptor.fallback);
  }
}

/** The value of a conditional group just after somebody chose one of its branches. */
export function initialMethod(descriptor: MethodDescriptor, choice: string): Record<string, unknown> {
  const branch = descriptor.options.find((option) => option.value === choice);
  return { [descriptor.discriminator]: choice, ...initialValues(branch?.fields ?? []) };
}
