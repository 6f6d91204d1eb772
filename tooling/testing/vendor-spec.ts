/** Published descriptions of vendors' APIs, where they lie beside the checkout: what simulators and connectors say is held against them. */
import { existsSync, readFileSync } from "node:fs";
import { Ajv2019, type ValidateFunction } from "ajv/dist/2019.js";
import formats from "ajv-formats";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";

type Described = { content?: Record<string, { schema?: object }>; $ref?: string };
type Operation = { requestBody?: Described; responses: Record<string, Described> };
type Schema = {
  type?: string;
  properties?: object;
  additionalProperties?: unknown;
  unevaluatedProperties?: unknown;
  allOf?: { $ref?: string }[];
  anyOf?: object[];
  nullable?: boolean;
};
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; responses?: Record<string, Described> };
};

export type VendorSpec = {
  /** Hands every call on; of those whose path matches, notes whatever the description does not allow. */
  watch(fetch: OutboundFetch, paths: RegExp): OutboundFetch;
  /** What was noted, one sentence each. */
  problems: string[];
  /** Operations that were called, as “GET /path/{parameter}”. */
  seen: Set<string>;
};

const plainType = "text/plain";
const formType = "application/x-www-form-urlencoded";

/** A form as the object that a description's schema speaks of. */
function formAsJson(form = ""): string {
  return JSON.stringify(Object.fromEntries(new URLSearchParams(form)));
}

const folder = new URL("../../../shared/vendors/specs/", import.meta.url);

/** Whether the descriptions lie beside this checkout. */
export function hasVendorSpecs(): boolean {
  return existsSync(folder);
}

/** A vendor's description by the name of its file, or null where it is not there. */
export function readVendorSpec(vendor: string): VendorSpec | null {
  const file = new URL(`${vendor}.openapi.json`, folder);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return vendorSpec(JSON.parse(text) as Document);
}

/**
 * A member that the description does not name is a mistake of ours, so every object is closed. One that is composed of
 * others is closed as a whole: its parts do not know each other's members.
 */
function closeObjects(document: Document): void {
  const parts = new Set<string>();
  visit(document, ({ allOf = [], properties }) => {
    if (allOf.length + (properties ? 1 : 0) < 2) return;
    for (const { $ref } of allOf) if ($ref) parts.add($ref);
  });
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    if (parts.has(`#/components/schemas/${name}`)) continue;
    if (schema.allOf) schema.unevaluatedProperties ??= false;
    else if (schema.properties) schema.additionalProperties ??= false;
  }
}

/** OpenAPI 3.0 lets “nullable” stand beside a reference; JSON Schema wants a type next to it. */
function allowNull(document: Document): void {
  visit(document, (schema) => {
    if (typeof schema.nullable !== "boolean" || schema.type !== undefined) return;
    const { nullable, ...rest } = schema;
    for (const member of Object.keys(schema)) Reflect.deleteProperty(schema, member);
    Object.assign(schema, nullable ? { anyOf: [rest, { type: "null" }] } : rest);
  });
}

function visit(value: unknown, look: (schema: Schema) => void): void {
  if (typeof value !== "object" || value === null) return;
  for (const child of Object.values(value)) visit(child, look);
  if (!Array.isArray(value)) look(value);
}

/** A path template as a pattern: words stand for themselves, parameters for one segment or a part of it. */
function formOf(template: string): RegExp {
  const words = template.split(/\{[^}]+\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`${words.join("[^/]+")}$`);
}

function vendorSpec(document: Document): VendorSpec {
  closeObjects(document);
  allowNull(document);
  const ajv = new Ajv2019({ strict: false, allErrors: true, formats: { int32: true, int64: true } });
  formats.default(ajv);
  ajv.addSchema(document, "spec", undefined, false);
  const problems: string[] = [];
  const seen = new Set<string>();

  const templates = Object.entries(document.paths).map(([template, operations]) => ({
    template,
    operations,
    form: formOf(template),
  }));
  // Fixed words win over parameters.
  templates.sort((one, other) => one.template.split("{").length - other.template.split("{").length);

  function describedAnswer({ responses }: Operation, status: number): Described | undefined {
    const found = responses[String(status)] ?? (status >= 400 ? responses["default"] : undefined);
    return found?.$ref ? document.components.responses?.[found.$ref.split("/").at(-1) ?? ""] : found;
  }

  const validators = new Map<object, ValidateFunction>();
  function validatorOf(schema: object): ValidateFunction {
    const known = validators.get(schema);
    if (known) return known;
    // References of the description point into itself, which is known here as “spec”.
    const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"spec#/')) as object;
    const validator = ajv.compile(local);
    validators.set(schema, validator);
    return validator;
  }

  function check(what: string, schema: object | undefined, text: string): void {
    if (!schema) {
      if (text !== "") problems.push(`${what}: nothing was expected`);
      return;
    }
    if (text === "") {
      problems.push(`${what}: nothing was said`);
      return;
    }
    const isValid = validatorOf(schema);
    if (!isValid(JSON.parse(text))) problems.push(`${what}: ${ajv.errorsText(isValid.errors)}`);
  }

  return {
    problems,
    seen,
    watch: (fetch, paths) => async (url, init) => {
      const method = init?.method ?? "GET";
      const { pathname } = new URL(url);
      if (!paths.test(pathname)) return fetch(url, init);
      const found = templates.find(({ form, operations }) => form.test(pathname) && method.toLowerCase() in operations);
      const response = await fetch(url, init);
      if (!found) {
        problems.push(`${method} ${pathname} is not described`);
        return response;
      }
      const name = `${method} ${found.template}`;
      seen.add(name);
      const operation = found.operations[method.toLowerCase()];
      const kind = init?.headers?.["content-type"]?.split(";")[0] ?? "application/json";
      const asked = operation?.requestBody?.content?.[kind]?.schema;
      if (asked)
        check(`request of ${name}`, asked, kind === formType ? formAsJson(init?.body) : (init?.body ?? "null"));
      const described = operation && describedAnswer(operation, response.status);
      if (!described) problems.push(`${name} may not answer ${response.status}`);
      else {
        const { [plainType]: plain, "application/json": json } = described.content ?? {};
        const text = await response.clone().text();
        check(`${response.status} of ${name}`, (plain ?? json)?.schema, plain ? JSON.stringify(text) : text);
      }
      return response;
    },
  };
}
