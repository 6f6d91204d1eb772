/** Forms of a described connector: the same field builders that programmed ones use. */
import { z } from "zod";
import { field } from "../fields.ts";
import type { DescribedField } from "./format.ts";

/** A strict object of the described fields. */
export function formOf(fields: readonly DescribedField[]): z.ZodType<Record<string, unknown>> {
  return z.strictObject(Object.fromEntries(fields.map((described) => [described.name, build(described)])));
}

function build({ name: _, ...described }: DescribedField): z.ZodType {
  const options = withoutUndefined(described);
  switch (options.kind) {
    case "text":
      return field.text(options);
    case "url":
      return field.url(options);
    case "secret":
      return field.secret(options);
    case "choice":
      return field.choice({ ...options, options: options.options.map(toOption) });
    case "multiChoice":
      return field.multiChoice({ ...options, options: options.options.map(toOption) });
    case "certificate":
      return field.certificate(options);
    case "flag":
      return field.flag(options);
    case "number":
      return field.number(options);
    case "list":
      return field.list({ ...options, items: options.items ?? "text" });
  }
}

function toOption(option: string | { value: string; label: string; help?: string | undefined }) {
  return typeof option === "string" ? option : withoutUndefined(option);
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The builders tell an absent option from an undefined one. */
export function withoutUndefined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
}
