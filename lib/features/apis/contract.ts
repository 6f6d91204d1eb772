import { z } from "zod";
import { CursorInput } from "#lib/foundation/cursor.ts";
import { searchText, text } from "#lib/foundation/text.ts";
import type { SubscriptionState } from "../subscriptions/contract.ts";

/** HTTP methods that a resource may have (RFC 9110 §9.3, RFC 5789). */
export const verbs = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;
/** What a GraphQL request asks for (GraphQL §2.3); a resource is one with the name of a field. */
export const operationTypes = ["QUERY", "MUTATION", "SUBSCRIPTION"] as const;
const resourceVerbs = [...verbs, ...operationTypes] as const;
export const maximumResources = 1000;

/** What an API speaks, and so what its resources are. */
export const apiKinds = ["HTTP", "GRAPHQL", "WEBSOCKET"] as const;
export type ApiKind = (typeof apiKinds)[number];
export const kindLabels = { HTTP: "HTTP", GRAPHQL: "GraphQL", WEBSOCKET: "WebSocket" } as const satisfies Record<
  ApiKind,
  string
>;

/** Developers of which tenants may subscribe to an API. */
export const availabilities = ["OWN_TENANT", "ALL_TENANTS", "LISTED"] as const;
export type SubscriptionAvailability = (typeof availabilities)[number];

const apiName = text(100)
  .min(1, "Enter a name.")
  .regex(/^[^\n\r\t]*$/, "Leave out line breaks and tabs.");

const version = z
  .string()
  .trim()
  .min(1, "Enter a version, such as 1.0.0.")
  .max(30, "Use at most 30 characters.")
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "Use letters, digits, dots, hyphens and underscores, such as 1.0.0 or v2.");

const context = z
  .string()
  .trim()
  .max(200, "Use at most 200 characters.")
  .regex(
    /^(\/[A-Za-z0-9_~-]+(\.[A-Za-z0-9_~-]+)*)+$/,
    "Begin with a slash and end without one, such as /orders or /sales/orders.",
  );

/** RFC 6749 §3.3: printable ASCII without space, quotation mark and backslash. */
export const ScopeName = z
  .string()
  .trim()
  .min(1, "Enter a scope name.")
  .max(100, "Use at most 100 characters.")
  .regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'Use printable ASCII characters without spaces, " and \\.');

/** A path template: literal segments, whole-segment parameters "{id}", and "/*" at the end for the rest. */
const resourcePath = z
  .string()
  .regex(
    /^\/$|^(\/([A-Za-z0-9._~!$&'()+,;=:@%-]+|\{[A-Za-z0-9_.-]+\}))*(\/\*)?\/?$/,
    "Begin with a slash; write parameters as whole segments such as /orders/{id}; end with /* to match the rest.",
  )
  .refine((path) => path !== "", "Begin with a slash.")
  .refine((path) => !/(^|\/)\.{1,2}(\/|$)/.test(path), "Leave out the segments . and ..");

const Scope = z.strictObject({
  name: ScopeName,
  description: text(256).default(""),
});

/** GraphQL §2.1.9. Names that begin with two underscores are introspection, which an API may offer too. */
const fieldName = z
  .string()
  .regex(/^[_A-Za-z][_0-9A-Za-z]*$/, "Use the name of a field: letters, digits and underscores, such as orders.");

/** What the two may be is the word of the API's kind. */
const Resource = z.strictObject({
  verb: z.enum(resourceVerbs, "Choose an HTTP method, or the type of an operation."),
  path: text(300),
  scopes: z.array(ScopeName).max(50).default([]),
});

const fields = z.strictObject({
  name: apiName,
  version,
  context,
  description: text(2000).default(""),
  kind: z.enum(apiKinds, "Choose a kind of API.").default("HTTP"),
  scopes: z.array(Scope).max(200, "An API has at most 200 scopes.").default([]),
  resources: z
    .array(Resource)
    .min(1, "Add at least one resource.")
    .max(maximumResources, `An API has at most ${maximumResources} resources.`),
  planIds: z.array(z.uuid()).max(50).default([]),
  acceptAllKeyManagers: z.boolean().default(true),
  keyManagerIds: z.array(z.uuid()).max(100).default([]),
  subscriptionValidation: z.boolean().default(true),
  subscriptionAvailability: z.enum(availabilities).default("OWN_TENANT"),
  /** Addresses of other tenants, where the API lists them. */
  subscriberTenants: z
    .array(text(40, "A tenant's address has at most 40 characters.").toLowerCase().min(1))
    .max(200, "List at most 200 tenants, or open the API to all.")
    .default([]),
  audiences: z.array(text(300).min(1, "Enter an audience.")).max(50).default([]),
});

type Fields = z.output<typeof fields>;

/** What a creator fills in for an API. Problems are told at the field that has them. */
export const ApiInput = fields.superRefine(refuseContradictions);
export type ApiInput = z.input<typeof ApiInput>;
export type ApiFields = Fields;

/** An edit names the revision that the person saw. */
export const EditApiInput = fields.extend({ id: z.uuid(), revision: z.int() }).superRefine(refuseContradictions);

/** An API, and which key managers it would accept. */
export const PreviewAcceptanceInput = z.strictObject({
  id: z.uuid(),
  acceptAllKeyManagers: z.boolean(),
  keyManagerIds: fields.shape.keyManagerIds,
});
export type PreviewAcceptanceInput = z.input<typeof PreviewAcceptanceInput>;

/** Who would be refused at a published API that stops accepting some key managers. */
export type AcceptanceImpactView = {
  /** The names of those that it would stop accepting. */
  keyManagers: string[];
  /** Applications that are subscribed and hold active keys there; names of the first few. */
  applications: { count: number; names: string[] };
  /** False where others may call as well, who are subscribed to nothing. */
  subscriptionValidation: boolean;
};

export const ApiRef = z.strictObject({ id: z.uuid() });

/** Most characters of a search. */
export const searchLength = 100;
export const ListApisInput = z.strictObject({
  search: searchText(searchLength),
  status: z.enum(["CREATED", "PUBLISHED", "RETIRED"]).optional(),
  cursor: CursorInput,
  limit: z.int().min(1).max(100).default(25),
});

export const ImportApiInput = z.strictObject({
  /** The text of an OpenAPI document, JSON or YAML, or of a GraphQL schema. */
  document: z.string().min(1, "Choose a file or paste its text.").max(2_000_000, "The file is larger than 2 MB."),
});

export type ApiStatus = "CREATED" | "PUBLISHED" | "RETIRED";

export type ApiSummaryView = {
  id: string;
  name: string;
  version: string;
  context: string;
  description: string;
  kind: ApiKind;
  status: ApiStatus;
  createdAt: string;
};

export type ApiView = ApiSummaryView & {
  revision: number;
  acceptAllKeyManagers: boolean;
  subscriptionValidation: boolean;
  subscriptionAvailability: SubscriptionAvailability;
  /** Addresses of the tenants that it lists. */
  subscriberTenants: string[];
  audiences: string[];
  scopes: { name: string; description: string }[];
  resources: { verb: string; path: string; scopes: string[] }[];
  keyManagers: { id: string; displayName: string; enabled: boolean }[];
  plans: { id: string; name: string; description: string; requestsPerMinute: number | null }[];
};

/** What a document yields: a filled form, and what the reader should know about it. */
export type ApiDraft = {
  name: string;
  version: string;
  context: string;
  description: string;
  kind: ApiKind;
  scopes: { name: string; description: string }[];
  resources: { verb: (typeof resourceVerbs)[number]; path: string; scopes: string[] }[];
  /** Parts of the document that have no place here, in words. */
  notes: string[];
};

/** The tenant that an API belongs to, where that is another one. */
export type ApiTenant = { name: string; slug: string };

/** A published API in a developer's catalogue. */
export type CatalogueApiView = ApiSummaryView & { tenant: ApiTenant | null };

/**
 * A published API as developers see it. Of another tenant's API the key managers are those that serve the reader's
 * tenant too, and they are always named.
 */
export type PublishedApiView = Omit<
  ApiView,
  "revision" | "audiences" | "subscriptionAvailability" | "subscriberTenants"
> & { tenant: ApiTenant | null };

/** Whether one of a developer's applications can call an API, link by link. */
export type ApiAccessView = {
  applicationId: string;
  applicationName: string;
  subscription: { id: string; planName: string; state: SubscriptionState } | null;
  keys: {
    keyMappingId: string;
    keyManagerName: string;
    keyType: "PRODUCTION" | "SANDBOX";
    /** True where the API accepts the key manager, it is enabled and the keys are active. */
    opens: boolean;
    /** Why not; null where they do. */
    reason: string | null;
  }[];
};

function refuseContradictions(api: Fields, check: z.RefinementCtx): void {
  const problem = (path: (string | number)[], message: string) => check.addIssue({ code: "custom", path, message });

  const known = new Set<string>();
  api.scopes.forEach(({ name }, index) => {
    if (known.has(name)) problem(["scopes", index, "name"], "This API has the scope already.");
    known.add(name);
  });
  const seen = new Set<string>();
  api.resources.forEach(({ verb, path, scopes }, index) => {
    const wrong = resourceProblem(api.kind, { verb, path });
    if (wrong) problem(["resources", index, wrong.at], wrong.message);
    const key = `${verb} ${path.replace(/\{[^}]*\}/g, "{}").replace(/(.)\/$/, "$1")}`;
    if (seen.has(key)) problem(["resources", index, "path"], `${verb} ${path} stands here twice.`);
    seen.add(key);
    const unknown = scopes.find((scope) => !known.has(scope));
    if (unknown !== undefined) {
      problem(
        ["resources", index, "scopes"],
        `The scope ${unknown} is not among the API's scopes. Add it there first.`,
      );
    }
  });
  if (api.subscriptionAvailability === "LISTED" && api.subscriberTenants.length === 0) {
    problem(["subscriberTenants"], "List at least one tenant, or choose who else may subscribe.");
  }
  if (!api.acceptAllKeyManagers && api.keyManagerIds.length === 0) {
    problem(["keyManagerIds"], "Choose at least one key manager, or accept all.");
  }
}

/** What is no resource of an API of this kind, and why. */
function resourceProblem(
  kind: ApiKind,
  { verb, path }: { verb: (typeof resourceVerbs)[number]; path: string },
): { at: "verb" | "path"; message: string } | null {
  const isOperation = operationTypes.some((type) => type === verb);
  if (isOperation !== (kind === "GRAPHQL")) {
    const message =
      kind === "GRAPHQL" ? "Choose QUERY, MUTATION or SUBSCRIPTION." : "Choose an HTTP method: this is no GraphQL API.";
    return { at: "verb", message };
  }
  if (kind === "WEBSOCKET" && verb !== "GET") {
    return { at: "verb", message: "Choose GET: a WebSocket is told by its address alone." };
  }
  const { error } = (kind === "GRAPHQL" ? fieldName : resourcePath).safeParse(path);
  const message = error?.issues[0]?.message;
  return message === undefined ? null : { at: "path", message };
}
