import { Kind, parse, type DefinitionNode, type DocumentNode } from "graphql";
import { fieldError } from "#lib/foundation/errors.ts";
import { cut } from "#lib/foundation/text.ts";
import { maximumResources, operationTypes, type ApiDraft } from "./contract.ts";

/** Schemas of the largest public APIs stay well below. */
const maximumTokens = 500_000;

/** Whether a text means to be GraphQL type definitions: it defines types, and is no OpenAPI document. */
export function isGraphqlSchema(text: string): boolean {
  if (/^\s*["']?(openapi|swagger)["']?\s*:/m.test(text)) return false;
  return /^\s*(extend\s+)?(type\s+[_A-Za-z]\w*|schema)\b[^:{]*\{/m.test(text);
}

/**
 * Reads GraphQL type definitions (GraphQL §3) into a draft: each field of the root types is a resource. Directives that
 * the schema does not define, such as those of a gateway, are no matter.
 *
 * @throws {AppError} `input.invalid` at `document`, saying what is wrong with it
 */
export function draftOfSchema(text: string): ApiDraft {
  const { definitions } = read(text);
  const roots = rootsOf(definitions);
  const resources = operationTypes.flatMap((verb) =>
    [...fieldsOf(definitions, roots[verb])].map((path) => ({ verb, path, scopes: [] })),
  );
  if (resources.length === 0) throw refuse("The schema has no fields under its types of queries and mutations.");
  if (resources.length > maximumResources) {
    throw refuse(`The schema has ${resources.length} operations; an API has at most ${maximumResources}.`);
  }
  const description = descriptionOf(definitions);
  return {
    ...{ name: "", version: "1.0.0", context: "", description, kind: "GRAPHQL", scopes: [], resources },
    notes: ["A schema has no name and no address: enter a name and a context, and add scopes where calls need them."],
  };
}

const refuse = (message: string) => fieldError("document", message);

function read(text: string): DocumentNode {
  try {
    return parse(text, { maxTokens: maximumTokens, noLocation: true });
  } catch (error) {
    throw refuse(`The file is no GraphQL schema that can be read. ${error instanceof Error ? error.message : ""}`);
  }
}

type Roots = Record<(typeof operationTypes)[number], string>;

/** GraphQL §3.3.1: named by the schema, or by what they are usually called. */
function rootsOf(definitions: readonly DefinitionNode[]): Roots {
  const roots: Roots = { QUERY: "Query", MUTATION: "Mutation", SUBSCRIPTION: "Subscription" };
  for (const definition of definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue;
    for (const { operation, type } of definition.operationTypes ?? []) {
      roots[operation.toUpperCase() as keyof Roots] = type.name.value;
    }
  }
  return roots;
}

/** The type and its extensions; a field that stands in several counts once. */
function fieldsOf(definitions: readonly DefinitionNode[], name: string): Set<string> {
  const fields = new Set<string>();
  for (const definition of definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    if (definition.name.value !== name) continue;
    for (const field of definition.fields ?? []) fields.add(field.name.value);
  }
  return fields;
}

function descriptionOf(definitions: readonly DefinitionNode[]): string {
  const schema = definitions.find((definition) => definition.kind === Kind.SCHEMA_DEFINITION);
  return cut((schema?.description?.value ?? "").trim(), 2000);
}
