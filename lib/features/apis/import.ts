import { Validator } from "@seriousme/openapi-schema-validator";
import { parseDocument } from "yaml";
import { z } from "zod";
import { fieldError } from "#lib/foundation/errors.ts";
import { cut } from "#lib/foundation/text.ts";
import { defineQuery } from "../verb.ts";
import { draftOfSchema, isGraphqlSchema } from "./import-graphql.ts";
import { ApiInput, ImportApiInput, ScopeName, maximumResources, verbs, type ApiDraft } from "./contract.ts";

/**
 * Reads an OpenAPI 3 document, or a GraphQL schema, into a draft that fills the form. Nothing is written, and nothing that the
 * document points to is fetched.
 *
 * @throws {AppError} `input.invalid` at `document`, saying what is wrong with it and where
 */
export const importOpenApi = defineQuery({
  action: "api.import",
  permission: "api:write",
  input: ImportApiInput,
  run: async (_ctx, { document }): Promise<ApiDraft> =>
    isGraphqlSchema(document) ? draftOfSchema(document) : toDraft(await readOpenApi(document)),
});

/** The parts of an OpenAPI 3 document that become an API here; the validator has seen the rest. */
const OpenApi = z.object({
  info: z.object({ title: z.string(), version: z.coerce.string(), description: z.string().optional() }),
  servers: z.array(z.object({ url: z.string() })).optional(),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  paths: z.record(z.string(), z.looseObject({})).optional(),
  components: z.object({ securitySchemes: z.record(z.string(), z.looseObject({})).optional() }).optional(),
});
type OpenApi = z.output<typeof OpenApi>;

const Operation = z.object({ security: OpenApi.shape.security });
const OAuthFlows = z.object({
  type: z.literal("oauth2"),
  flows: z.record(z.string(), z.looseObject({ scopes: z.record(z.string(), z.string()).optional() })),
});

const refuse = (message: string) => fieldError("document", message);

async function readOpenApi(text: string): Promise<OpenApi> {
  const parsed = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
  const [problem] = parsed.errors;
  if (problem) {
    throw refuse(`The file is neither JSON nor YAML. ${firstLine(problem.message)}`);
  }
  const content = toPlain(parsed);
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw refuse("The file is not an OpenAPI document: it must hold an object with the field openapi.");
  }
  const specification = content as Record<string, unknown>;
  if ("swagger" in specification) {
    throw refuse("This is a Swagger 2.0 document. Convert it to OpenAPI 3, then import it.");
  }
  if (typeof specification["openapi"] !== "string" || !specification["openapi"].startsWith("3.")) {
    throw refuse('The file is not an OpenAPI 3 document: the field openapi with a value such as "3.1.0" is missing.');
  }
  const { valid, errors } = await new Validator().validate(specification);
  if (!valid) {
    const [first] = typeof errors === "string" ? [] : (errors ?? []);
    const where = first ? ` At ${first.instancePath || "/"}: ${first.message ?? "not allowed"}.` : "";
    throw refuse(`The document breaks the rules of OpenAPI ${specification["openapi"]}.${where}`);
  }
  const result = OpenApi.safeParse(specification);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw refuse(
      `The document cannot be used. At /${issue?.path.join("/") ?? ""}: ${issue?.message ?? "not allowed"}.`,
    );
  }
  return result.data;
}

/** Aliases are limited by the parser, so that a small file cannot grow into a huge object. */
function toPlain(parsed: ReturnType<typeof parseDocument>): unknown {
  try {
    return parsed.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw fieldError("document", `The file cannot be read. ${error instanceof Error ? firstLine(error.message) : ""}`);
  }
}

function toDraft(document: OpenApi): ApiDraft {
  const notes: string[] = [];
  const scopes = declaredScopes(document);
  const resources: ApiDraft["resources"] = [];
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const verb of verbs) {
      const operation = Operation.safeParse(item[verb.toLowerCase()]);
      if (!operation.success) continue;
      const required = requiredScopes(operation.data.security ?? document.security ?? [], scopes);
      for (const name of required) if (!scopes.has(name)) scopes.set(name, "");
      resources.push({ verb, path: simplify(path), scopes: required });
    }
    if ("trace" in item) notes.push(`TRACE ${path} is left out: gateways do not pass TRACE on.`);
  }
  if (resources.length === 0) throw refuse("The document has no operations under paths.");
  if (resources.length > maximumResources) {
    throw refuse(`The document has ${resources.length} operations; an API has at most ${maximumResources}.`);
  }
  const draft = {
    name: cut(document.info.title.trim(), 100),
    version: document.info.version.trim(),
    context: contextOf(document),
    description: cut((document.info.description ?? "").trim(), 2000),
    kind: "HTTP" as const,
    scopes: [...scopes].map(([name, description]) => ({ name, description: cut(description, 256) })),
    resources,
  };
  return { ...draft, notes: [...notes, ...remainingProblems(draft)] };
}

/** What the form will not accept as it stands: said now, and again at its field. */
function remainingProblems(draft: Omit<ApiDraft, "notes">): string[] {
  const result = ApiInput.safeParse(draft);
  if (result.success) return [];
  return result.error.issues.slice(0, 20).map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

function declaredScopes({ components }: OpenApi): Map<string, string> {
  const scopes = new Map<string, string>();
  for (const scheme of Object.values(components?.securitySchemes ?? {})) {
    const oauth = OAuthFlows.safeParse(scheme);
    if (!oauth.success) continue;
    for (const flow of Object.values(oauth.data.flows)) {
      for (const [name, description] of Object.entries(flow.scopes ?? {})) {
        if (ScopeName.safeParse(name).success) scopes.set(name, description);
      }
    }
  }
  return scopes;
}

/** The union over all alternatives: a resource here asks for any one of its scopes. */
function requiredScopes(security: Record<string, string[]>[], declared: ReadonlyMap<string, string>): string[] {
  const names = security.flatMap((alternative) => Object.values(alternative).flat());
  return [...new Set(names)].filter((name) => declared.has(name) || ScopeName.safeParse(name).success);
}

/** The path of the first server without a version segment at its end, else the title as a path. */
function contextOf({ servers, info }: OpenApi): string {
  const path = URL.parse(servers?.[0]?.url ?? "", "http://server.invalid")?.pathname ?? "/";
  const version = info.version.trim();
  const segments = path.split("/").filter(Boolean);
  if (segments.at(-1) === version || segments.at(-1) === `v${version.split(".")[0]}`) segments.pop();
  if (segments.length > 0) return `/${segments.join("/")}`;
  const slug = info.title
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return `/${slug || "api"}`;
}

/** A segment that holds a parameter among other characters matches as a whole segment here. */
function simplify(path: string): string {
  return path
    .split("/")
    .map((segment) => {
      const parameter = /\{([^}]*)\}/.exec(segment);
      return parameter ? `{${(parameter[1] ?? "").replace(/[^A-Za-z0-9_.-]/g, "_")}}` : segment;
    })
    .join("/");
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").slice(0, 200);
}
