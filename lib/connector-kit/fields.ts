/**
 * Builders of connector forms. Each gives a zod schema that carries its own descriptor, so that form,
 * validation, encryption, documentation and tests read one and the same thing.
 *
 * A builder is always the outermost call: whether a field is optional or has a fallback is said in its
 * options, because wrapping the schema afterwards would lose the descriptor.
 */
import { createPublicKey } from "node:crypto";
import { z } from "zod";
import { isSecret, Secret } from "#lib/foundation/secret.ts";
import { isClean, isCleanLine } from "#lib/foundation/text.ts";
import { attachMark, type FieldMark, type FieldOption, type MethodBranch } from "./descriptors.ts";

type Labels = {
  label: string;
  help?: string;
  placeholder?: string;
  advanced?: boolean;
  /** Cannot be changed once it is stored; not for secrets, which are replaced. */
  fixed?: boolean;
};
type Optional = { optional?: boolean };

/** Optionality and default of a builder's options, carried into the schema's type. */
type Presence<Options, Value, Input> = Options extends { optional: true }
  ? z.ZodOptional<z.ZodType<Value, Input>>
  : Options extends { fallback: Value }
    ? z.ZodDefault<z.ZodType<Value, Input>>
    : z.ZodType<Value, Input>;

/** The one place where a builder's dynamic wrapping meets its static type. */
function presented<Options, Value, Input>(schema: z.ZodType, mark: FieldMark): Presence<Options, Value, Input> {
  return attachMark(schema, mark) as unknown as Presence<Options, Value, Input>;
}

function labels({ label, help, placeholder, advanced, fixed, optional }: Labels & Optional) {
  return {
    label,
    ...(help !== undefined && { help }),
    ...(placeholder !== undefined && { placeholder }),
    ...(advanced !== undefined && { advanced }),
    ...(fixed !== undefined && { fixed }),
    optional: optional ?? false,
  };
}

const needed = (label: string) => `Fill in “${label}”.`;

/** Blank text counts as absent where a field is optional. */
function withPresence(schema: z.ZodType<string, string>, options: Optional & { fallback?: string }): z.ZodType {
  if (options.fallback !== undefined) return schema.default(options.fallback);
  if (!options.optional) return schema;
  const blank = z
    .string()
    .trim()
    .length(0)
    .transform(() => undefined);
  return z.union([blank, schema]).optional();
}

function asText(label: string) {
  return z.string({ error: needed(label) }).trim();
}

type TextOptions = Labels &
  Optional & {
    fallback?: string;
    multiline?: boolean;
    maximumLength?: number;
    pattern?: RegExp;
    patternMessage?: string;
  };

function text<const O extends TextOptions>(options: O): Presence<O, string, string> {
  const {
    label,
    multiline = false,
    maximumLength = multiline ? 20_000 : 500,
    pattern,
    fallback,
  }: TextOptions = options;
  let schema = asText(label)
    .min(1, needed(label))
    .max(maximumLength, `At most ${maximumLength} characters.`)
    .refine(multiline ? isClean : isCleanLine, "Remove the control characters.");
  if (pattern) schema = schema.regex(pattern, options.patternMessage ?? "This does not have the expected form.");
  return presented(withPresence(schema, options), {
    kind: "text",
    ...labels(options),
    multiline,
    maximumLength,
    ...(fallback !== undefined && { fallback }),
  });
}

/** Why a text is no usable web address, or null. The text is kept as typed: an issuer is compared byte for byte. */
function addressProblem(value: string): string | null {
  if (!isCleanLine(value) || /[\s\\]/.test(value)) return "Remove spaces, backslashes and control characters.";
  const parsed = URL.parse(value);
  if (!parsed || !/^https?:\/\//i.test(value)) return "Enter a complete address that begins with https://.";
  if (parsed.username || parsed.password) return "Remove the user name and password from the address.";
  if (parsed.hash || value.includes("#")) return "Remove the part after “#”.";
  return null;
}

function asUrl(label: string) {
  return asText(label)
    .min(1, needed(label))
    .max(2048, "At most 2048 characters.")
    .superRefine((value, context) => {
      const problem = value === "" ? null : addressProblem(value);
      if (problem) context.addIssue({ code: "custom", message: problem });
    });
}

type UrlOptions = Labels & Optional & { fallback?: string };

function url<const O extends UrlOptions>(options: O): Presence<O, string, string> {
  const { label, fallback }: UrlOptions = options;
  return presented(withPresence(asUrl(label), options), {
    kind: "url",
    ...labels(options),
    ...(fallback !== undefined && { fallback }),
  });
}

type SecretOptions = Omit<Labels, "fixed"> & Optional & { multiline?: boolean; maximumLength?: number };
type SecretInput = string | Secret | null;

/** What a secret's input may be: text from a form, or a Secret that came out of the vault. */
function asSecret(options: SecretOptions, required: boolean) {
  const { label, maximumLength = 20_000 } = options;
  return z
    .union([z.string(), z.null(), z.custom<Secret>(isSecret)], { error: needed(label) })
    .superRefine((value, context) => {
      const revealed = isSecret(value) ? value.reveal() : (value ?? "");
      if (required && revealed.trim() === "") context.addIssue({ code: "custom", message: needed(label) });
      if (revealed.length > maximumLength) {
        context.addIssue({ code: "custom", message: `At most ${maximumLength} characters.` });
      }
      if (!isClean(revealed)) {
        context.addIssue({ code: "custom", message: "Remove the control characters." });
      }
    });
}

function secret<const O extends SecretOptions>(options: O): Presence<O, Secret, SecretInput> {
  const schema = asSecret(options, !options.optional).transform((value) => {
    if (isSecret(value)) return value;
    const typed = (value ?? "").trim();
    return typed === "" ? undefined : new Secret(typed);
  });
  return presented(options.optional ? schema.optional() : schema, {
    kind: "secret",
    ...labels(options),
    multiline: options.multiline ?? false,
  });
}

/** A secret on an edit form: blank or absent keeps the stored one (undefined), null removes it. */
export function editedSecret(mark: Extract<FieldMark, { kind: "secret" }>): z.ZodType<Secret | null | undefined> {
  const schema = asSecret({ label: mark.label }, false).transform((value) => {
    if (value === null || isSecret(value)) return value;
    return value.trim() === "" ? undefined : new Secret(value.trim());
  });
  return attachMark(schema.optional(), { ...mark, optional: true });
}

type OptionInput = string | FieldOption;
type ValueOf<T> = T extends readonly (infer E)[]
  ? E extends string
    ? E
    : E extends { value: infer V }
      ? V
      : never
  : never;

function asOptions(options: readonly OptionInput[]): FieldOption[] {
  return options.map((option) => (typeof option === "string" ? { value: option, label: option } : option));
}

type ChoiceOptions = Labels &
  Optional & { options: readonly OptionInput[]; fallback?: string; appearance?: "select" | "radio" };

/** One of several values: a select, or radio buttons where there are few. */
function choice<const O extends ChoiceOptions>(options: O): Presence<O, ValueOf<O["options"]>, ValueOf<O["options"]>> {
  const list = asOptions(options.options);
  const { fallback }: ChoiceOptions = options;
  const schema = z.enum(
    list.map(({ value }) => value),
    { error: `Choose one of: ${list.map((o) => o.label).join(", ")}.` },
  );
  return presented(withPresence(schema, options), {
    kind: "choice",
    ...labels(options),
    options: list,
    appearance: options.appearance ?? (list.length <= 3 ? "radio" : "select"),
    ...(fallback !== undefined && { fallback }),
  });
}

type MultiChoiceOptions = Labels & Optional & { options: readonly OptionInput[]; fallback?: readonly string[] };

/** Any number of several values; at least one unless it is optional. */
function multiChoice<const O extends MultiChoiceOptions>(
  options: O,
): z.ZodDefault<z.ZodType<ValueOf<O["options"]>[], ValueOf<O["options"]>[]>> {
  const list = asOptions(options.options);
  const fallback = [...(options.fallback ?? [])];
  const allowed = z.enum(
    list.map(({ value }) => value),
    { error: `Choose among: ${list.map((o) => o.label).join(", ")}.` },
  );
  const schema = z
    .array(allowed, { error: needed(options.label) })
    .min(options.optional ? 0 : 1, `Choose at least one for “${options.label}”.`)
    .transform((values) => [...new Set(values)]);
  return presented<{ fallback: never }, ValueOf<O["options"]>[], ValueOf<O["options"]>[]>(schema.default(fallback), {
    kind: "multiChoice",
    ...labels(options),
    options: list,
    fallback,
  });
}

/** A checkbox. */
function flag(options: Labels & { fallback?: boolean }): z.ZodDefault<z.ZodType<boolean, boolean>> {
  const fallback = options.fallback ?? false;
  const schema: z.ZodType<boolean, boolean> = z.boolean({ error: "This is either on or off." });
  return attachMark(schema.default(fallback), { kind: "flag", ...labels({ ...options, optional: true }), fallback });
}

type NumberOptions = Labels &
  Optional & { fallback?: number; minimum?: number; maximum?: number; integer?: boolean; unit?: string };

/** A number; forms may send it as text. Whole unless told otherwise. */
function number<const O extends NumberOptions>(options: O): Presence<O, number, number | string> {
  const { label, minimum, maximum, integer = true, unit, fallback }: NumberOptions = options;
  const range = [minimum !== undefined && `at least ${minimum}`, maximum !== undefined && `at most ${maximum}`];
  const words = `Enter a ${integer ? "whole number" : "number"}${[...range.filter(Boolean)].map((part) => `, ${part}`).join("")}.`;
  const inRange = z
    .number({ error: words })
    .refine((value) => Number.isFinite(value) && (!integer || Number.isSafeInteger(value)), words)
    .refine((value) => value >= (minimum ?? -Infinity) && value <= (maximum ?? Infinity), words);
  const typed = z
    .union([z.number(), z.string()], { error: fallback === undefined && !options.optional ? needed(label) : words })
    .transform((value) => (typeof value === "number" ? value : value.trim() === "" ? undefined : Number(value)));
  const schema =
    options.optional && fallback === undefined
      ? typed.pipe(inRange.optional()).optional()
      : typed.transform((value) => value ?? fallback).pipe(inRange);
  return presented(fallback === undefined ? schema : schema.default(fallback), {
    kind: "number",
    ...labels(options),
    integer,
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
    ...(unit !== undefined && { unit }),
    ...(fallback !== undefined && { fallback }),
  });
}

type ListOptions = Labels & Optional & { items?: "text" | "url"; fallback?: readonly string[]; maximumItems?: number };

/** Several texts or addresses, without blanks and doubles; at least one unless it is optional. */
function list(options: ListOptions): z.ZodDefault<z.ZodType<string[], string[]>> {
  const { label, items = "text", maximumItems = 50 } = options;
  const fallback = [...(options.fallback ?? [])];
  const item =
    items === "url"
      ? asUrl(label)
      : asText(label)
          .min(1, needed(label))
          .max(500, "At most 500 characters each.")
          .refine(isCleanLine, "Remove the control characters.");
  const schema: z.ZodType<string[], string[]> = z
    .array(z.string(), { error: needed(label) })
    .transform((values) => [...new Set(values.map((value) => value.trim()).filter(Boolean))])
    .pipe(
      z
        .array(item)
        .min(options.optional ? 0 : 1, `Enter at least one for “${label}”.`)
        .max(maximumItems, `At most ${maximumItems} entries.`),
    );
  return attachMark(schema.default(fallback), { kind: "list", ...labels(options), items, maximumItems, fallback });
}

/** A PEM certificate or public key (RFC 7468 §5 and §13). Private keys are refused: they belong into a secret. */
function certificate<const O extends Labels & Optional>(options: O): Presence<O, string, string> {
  const schema = asText(options.label)
    .min(1, needed(options.label))
    .max(20_000, "At most 20000 characters.")
    .superRefine((value, context) => {
      const problem = value === "" ? null : pemProblem(value);
      if (problem) context.addIssue({ code: "custom", message: problem });
    });
  return presented(withPresence(schema, options), { kind: "certificate", ...labels(options) });
}

function pemProblem(pem: string): string | null {
  if (!isClean(pem)) return "Remove the control characters.";
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    return "This is a private key. Enter the certificate or public key.";
  if (!/^-----BEGIN (CERTIFICATE|PUBLIC KEY)-----/.test(pem))
    return "Enter a certificate or public key in PEM form (-----BEGIN CERTIFICATE-----).";
  try {
    // Reads certificates too, and throws for what is neither.
    createPublicKey(pem);
    return null;
  } catch {
    return "The text between the BEGIN and END lines cannot be read. Copy the file again, from its first to its last line.";
  }
}

type MethodOptionInput = { label: string; help?: string; fields: z.ZodRawShape };
type MethodOptions = Labels & { discriminator?: string; options: Record<string, MethodOptionInput>; fallback: string };
type DiscriminatorOf<O> = O extends { discriminator: infer D extends string } ? D : "method";
type MethodOutput<O extends MethodOptions> = {
  [K in keyof O["options"] & string]: { [D in DiscriminatorOf<O>]: K } & z.output<
    z.ZodObject<O["options"][K]["fields"]>
  >;
}[keyof O["options"] & string];
type MethodInput<O extends MethodOptions> = {
  [K in keyof O["options"] & string]: { [D in DiscriminatorOf<O>]: K } & z.input<
    z.ZodObject<O["options"][K]["fields"]>
  >;
}[keyof O["options"] & string];

/**
 * A choice that brings its own fields: `{ method: "client_credentials", clientId, clientSecret }`. Branches
 * may hold secrets and further methods.
 */
function method<const O extends MethodOptions>(options: O): z.ZodDefault<z.ZodType<MethodOutput<O>, MethodInput<O>>> {
  const discriminator = options.discriminator ?? "method";
  const branches: MethodBranch[] = Object.entries(options.options).map(([value, option]) => ({
    value,
    label: option.label,
    ...(option.help !== undefined && { help: option.help }),
    schema: z.strictObject({ [discriminator]: z.literal(value), ...option.fields }),
  }));
  return methodOf(
    { kind: "method", ...labels(options), discriminator, fallback: options.fallback },
    branches,
  ) as z.ZodDefault<z.ZodType<MethodOutput<O>, MethodInput<O>>>;
}

type MethodMark = Extract<FieldMark, { kind: "method" }>;

/** Builds the union of a method's branches; the edit schema uses it with branches of its own. */
export function methodOf(mark: Omit<MethodMark, "branches">, branches: MethodBranch[]): z.ZodType {
  const [first, ...others] = branches.map(({ schema }) => schema);
  if (!first) throw new Error(`The method “${mark.label}” has no branch.`);
  const names = branches.map(({ label }) => label).join(", ");
  const union = z.discriminatedUnion(mark.discriminator, [first, ...others], { error: `Choose one of: ${names}.` });
  // The fallback branch is parsed, so that a form that leaves the whole group out gets its defaults too.
  const schema = union.prefault({ [mark.discriminator]: mark.fallback });
  return attachMark(schema, { ...mark, branches });
}

export const field = { text, url, secret, choice, multiChoice, flag, number, list, certificate, method };
