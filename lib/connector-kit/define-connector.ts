import { z } from "zod";
import { capabilities, endpointNames, presetParts, type Connector } from "./contract.ts";
import { describeFields, entriesOf, markOf } from "./descriptors.ts";

/**
 * Declares a connector. Throws while the module loads if the declaration cannot work: a leaf without a
 * descriptor, a form that is no strict object, a fallback that its own field refuses.
 */
export function defineConnector<Connection extends z.ZodType, Client extends z.ZodType>(
  connector: Connector<Connection, Client>,
): Connector<Connection, Client> {
  const complain = (problem: string): never => {
    throw new Error(`Connector “${connector.id}”: ${problem}`);
  };
  if (!/^[a-z][a-z0-9-]{1,31}$/.test(connector.id)) complain("the id must be short, lower-case and without spaces.");
  if (Array.from(connector.monogram).length !== 2) complain("the monogram has two characters.");
  for (const form of ["connection", "client"] as const) {
    try {
      checkForm(connector[form]);
    } catch (error) {
      complain(`${form}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  for (const name of endpointNames) if (!(name in connector.endpoints)) complain(`endpoint “${name}” is not declared.`);
  if (new Set(connector.capabilities).size !== connector.capabilities.length) complain("a capability is named twice.");
  for (const name of connector.capabilities) {
    if (!capabilities.includes(name)) complain(`there is no capability “${name}”.`);
  }
  for (const name of capabilities) {
    const isDeclared = connector.capabilities.includes(name);
    if (isDeclared === name in connector.missing) {
      complain(`capability “${name}” is either provided or missing for a reason that is given.`);
    }
  }
  for (const part of presetParts) {
    const form = connector.preset?.[part];
    if (form && part in connector.missing) complain(`a chosen ${part} is either taken or missing, not both.`);
    if (form && !isPattern(form.pattern)) complain(`the pattern of a chosen ${part} is no regular expression.`);
  }
  // Without both, a client whose making was never answered could not be found again.
  const isFindable = (["registerClient", "findClients"] as const).every((name) =>
    connector.capabilities.includes(name),
  );
  if (connector.preset && !isFindable) complain("a chosen identity needs clients that can be made and found.");
  if (!connector.trust.consumerKeyClaims.length || !connector.trust.algorithms.length) complain("trust is incomplete.");
  return Object.freeze(connector);
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(source).source !== "";
  } catch {
    return false;
  }
}

function checkForm(schema: z.ZodType): void {
  checkStrict(schema);
  describeFields(schema);
  for (const [name, field] of entriesOf(schema)) {
    const mark = markOf(field);
    if (mark?.kind === "method") {
      for (const { schema: branch } of mark.branches) {
        checkStrict(branch);
        const children = entriesOf(branch).filter(([child]) => child !== mark.discriminator);
        checkForm(z.strictObject(Object.fromEntries(children)));
      }
      if (!mark.branches.some(({ value }) => value === mark.fallback)) {
        throw new Error(`“${name}” falls back to a branch that it does not have.`);
      }
    } else if (mark && "fallback" in mark && !acceptsFallback(field, mark)) {
      throw new Error(`“${name}” refuses its own fallback.`);
    }
  }
}

/** An empty list as fallback of a needed field is only what the form starts with, not a value it would accept. */
function acceptsFallback(field: z.ZodType, mark: { fallback?: unknown }): boolean {
  if (Array.isArray(mark.fallback) && mark.fallback.length === 0) return true;
  return field.safeParse(mark.fallback).success;
}

function checkStrict(schema: z.ZodType): void {
  const { def } = schema._zod;
  const isStrict = def.type === "object" && (def as z.core.$ZodObjectDef).catchall?._zod.def.type === "never";
  if (!isStrict) throw new Error("a form is a strict object.");
}
