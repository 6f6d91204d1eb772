import { Kind, parse, type DocumentNode, type OperationDefinitionNode, type SelectionSetNode } from "graphql";

/** Larger documents are not looked at: what they would ask for is more than anybody reads at once. */
const maximumTokens = 10_000;

/**
 * What a GraphQL request touches at the root of the schema, such as "QUERY orders" (GraphQL §2.3): each field by its
 * own name, whatever alias it has, those of fragments included, and those under @skip and @include too, because
 * variables decide about them.
 *
 * @param operationName which of the document's operations runs; it may be left out where there is one
 * @throws {Error} in words for whoever sent the document, where it cannot be read or the operation is not clear
 */
export function operationsOf(query: string, operationName?: string | null): string[] {
  const document = read(query);
  const operation = chosen(document, operationName);
  const type = operation.operation.toUpperCase();
  const fields = new Set<string>();
  collect(operation.selectionSet, { document, fields, seen: new Set() });
  return [...fields].map((field) => `${type} ${field}`);
}

function read(query: string): DocumentNode {
  try {
    return parse(query, { maxTokens: maximumTokens, noLocation: true });
  } catch (error) {
    throw new Error(`The query is no GraphQL that can be read. ${error instanceof Error ? error.message : ""}`.trim());
  }
}

function chosen({ definitions }: DocumentNode, operationName?: string | null): OperationDefinitionNode {
  const operations = definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const named = operationName ? operations.filter(({ name }) => name?.value === operationName) : operations;
  const [only] = named;
  if (only && named.length === 1) return only;
  throw new Error(
    operationName
      ? `The query must hold one operation named ${operationName}.`
      : "Say by operationName which operation of the query runs.",
  );
}

type Collecting = { document: DocumentNode; fields: Set<string>; seen: Set<string> };

function collect({ selections }: SelectionSetNode, to: Collecting): void {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) to.fields.add(selection.name.value);
    else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet, to);
    else if (!to.seen.has(selection.name.value)) {
      const name = selection.name.value;
      to.seen.add(name);
      const fragments = to.document.definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION);
      const named = fragments.filter((fragment) => fragment.name.value === name);
      const [fragment] = named;
      if (!fragment || named.length > 1) throw new Error(`The query must hold one fragment named ${name}.`);
      collect(fragment.selectionSet, to);
    }
  }
}
