import { z } from "zod";
import { isSecret, type Secret } from "#lib/foundation/secret.ts";
import { entriesOf, markOf, secretKeyOf } from "./descriptors.ts";
import { editedSecret, methodOf } from "./fields.ts";

type Plain = Record<string, unknown>;

/**
 * The schema of an edit form: a blank or absent secret parses to undefined ("keep"), null removes it.
 * Merge what was stored with `mergeSecrets`, then parse with the full schema, which has the last word.
 */
export function editSchema(schema: z.ZodType): z.ZodType<Plain> {
  return z.strictObject(editedShape(schema));
}

function editedShape(schema: z.ZodType): Record<string, z.ZodType> {
  return Object.fromEntries(entriesOf(schema).map(([name, field]) => [name, editedField(field)]));
}

function editedField(field: z.ZodType): z.ZodType {
  const mark = markOf(field);
  if (mark?.kind === "secret") return editedSecret(mark);
  if (mark?.kind !== "method") return field;
  return methodOf(
    mark,
    mark.branches.map((branch) => ({ ...branch, schema: z.strictObject(editedShape(branch.schema)) })),
  );
}

/** A form's value in two halves: what may be stored in clear, and what the vault must seal, by secret key. */
export type SplitValue = { plain: Plain; secrets: Record<string, Secret> };

/**
 * Takes the secrets out of a parsed value.
 *
 * @param value output of the schema (or of its edit schema)
 * @returns secrets by the `secretKey` of their descriptors; a key names the branch it belongs to, so that
 *   a secret of one branch is never taken for one of another
 */
export function splitSecrets(schema: z.ZodType, value: unknown): SplitValue {
  const secrets: Record<string, Secret> = {};
  const plain = rewrite(schema, value, "", (key, current) => {
    if (isSecret(current)) secrets[key] = current;
    return undefined;
  });
  return { plain, secrets };
}

/**
 * Puts stored secrets where the value has none. A place that holds null was cleared on purpose and stays so.
 *
 * @param plain a value without secrets, or the output of the edit schema
 * @returns input for the full schema, which must still parse it
 */
export function mergeSecrets(schema: z.ZodType, plain: unknown, secrets: Readonly<Record<string, Secret>>): Plain {
  return rewrite(schema, plain, "", (key, current) => {
    if (current === undefined) return secrets[key];
    return isSecret(current) ? current : undefined;
  });
}

/** Secret keys that the chosen branches of a value can hold. */
export function secretKeys(schema: z.ZodType, value: unknown): string[] {
  const keys: string[] = [];
  rewrite(schema, value, "", (key) => {
    keys.push(key);
    return undefined;
  });
  return keys;
}

/** Copies a value along its schema; `secretAt` decides what stands at each place of a secret. */
function rewrite(
  schema: z.ZodType,
  value: unknown,
  prefix: string,
  secretAt: (key: string, current: unknown) => Secret | undefined,
): Plain {
  const source = asRecord(value);
  const result: Plain = {};
  for (const [name, field] of entriesOf(schema)) {
    const key = secretKeyOf(prefix, name);
    const mark = markOf(field);
    const current = source[name];
    if (mark?.kind === "secret") {
      const replacement = secretAt(key, current);
      if (replacement !== undefined) result[name] = replacement;
    } else if (mark?.kind === "method" && current !== undefined) {
      const choice = asRecord(current)[mark.discriminator];
      const branch = mark.branches.find((candidate) => candidate.value === choice);
      result[name] = branch ? rewrite(branch.schema, current, `${key}.${branch.value}`, secretAt) : current;
    } else if (current !== undefined) {
      result[name] = current;
    }
  }
  return result;
}

function asRecord(value: unknown): Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Plain) : {};
}
