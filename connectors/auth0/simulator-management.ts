/** The Management API v2 of a simulated tenant: what the connector uses of it, as its published description says. */
import { z } from "zod";
import { json } from "#lib/connector-kit/simulator.ts";
import {
  addApi,
  addClient,
  addGrant,
  findApi,
  generatedId,
  generatedSecret,
  type SimulatedClient,
  type Tenant,
} from "./simulator-tenant.ts";

/** The Management API's error body (recorded answers). */
export function problem(status: number, message: string, errorCode?: string, headers: Record<string, string> = {}) {
  const words: Record<number, string> = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
  };
  return json(
    status,
    { statusCode: status, error: words[status], message, ...(errorCode !== undefined && { errorCode }) },
    headers,
  );
}

const absentClient = () => problem(404, "The client does not exist", "inexistent_client");
const absentApi = () => problem(404, "The resource server does not exist", "inexistent_resource_server");
const absentGrant = () => problem(404, "The grant does not exist.", "inexistent_client_grant");
const invalid = (message: string) => problem(400, `Payload validation error: '${message}'.`, "invalid_body");
const done = () => new Response(null, { status: 204 });

// --- Payloads ---

const texts = z.array(z.string());
const absoluteOrEmpty = z.string().refine((text) => text === "" || URL.canParse(text), "Object didn't pass validation");
const callback = z.string().refine((text) => URL.canParse(text) && !/^(javascript|data):/i.test(text), {
  error: ({ input }) => `Object didn't pass validation for format callback-url: ${String(input)}`,
});
const keyMethods = ["private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"] as const;
const credentialBody = z.strictObject({
  credential_type: z.enum(["public_key", "cert_subject_dn", "x509_cert"]),
  name: z.string().optional(),
  pem: z.string().optional(),
  subject_dn: z.string().optional(),
  alg: z.enum(["RS256", "RS384", "PS256"]).optional(),
  kid: z.string().optional(),
  parse_expiry_from_cert: z.boolean().optional(),
  expires_at: z.string().optional(),
});
const refreshToken = z
  .strictObject({
    rotation_type: z.enum(["rotating", "non-rotating"]),
    expiration_type: z.enum(["expiring", "non-expiring"]),
    leeway: z.number().optional(),
    token_lifetime: z.number().min(1).optional(),
    infinite_token_lifetime: z.boolean().optional(),
    idle_token_lifetime: z.number().min(1).optional(),
    infinite_idle_token_lifetime: z.boolean().optional(),
    policies: z.array(z.unknown()).nullish(),
  })
  .refine((held) => held.rotation_type !== "rotating" || held.expiration_type === "expiring", {
    error: "Rotating refresh tokens must expire",
  });
const metadata = z
  .record(z.string().max(255), z.string().max(255).nullable())
  .refine((members) => Object.keys(members).length <= 10, "Object has too many properties (11), maximum 10");

const clientMembers = {
  name: z
    .string()
    .min(1)
    .regex(/^[^<>]+$/),
  description: z.string().max(140).optional(),
  app_type: z.enum(["native", "spa", "regular_web", "non_interactive"]).optional(),
  logo_uri: absoluteOrEmpty.optional(),
  initiate_login_uri: absoluteOrEmpty.optional(),
  callbacks: z.array(callback).optional(),
  allowed_logout_urls: texts.optional(),
  web_origins: texts.optional(),
  allowed_origins: texts.optional(),
  grant_types: z
    .array(
      z.enum([
        "authorization_code",
        "implicit",
        "refresh_token",
        "client_credentials",
        "password",
        "http://auth0.com/oauth/grant-type/password-realm",
        "http://auth0.com/oauth/grant-type/mfa-oob",
        "http://auth0.com/oauth/grant-type/mfa-otp",
        "http://auth0.com/oauth/grant-type/mfa-recovery-code",
        "urn:openid:params:grant-type:ciba",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token",
      ]),
    )
    .optional(),
  oidc_conformant: z.boolean().optional(),
  is_first_party: z.boolean().optional(),
  require_pushed_authorization_requests: z.boolean().optional(),
  jwt_configuration: z.looseObject({ alg: z.enum(["HS256", "RS256", "RS512", "PS256"]).optional() }).optional(),
  client_metadata: metadata.optional(),
  token_exchange: z
    .strictObject({
      allow_any_profile_of_type: z.array(z.enum(["custom_authentication", "on_behalf_of_token_exchange"])),
    })
    .nullish(),
  refresh_token: refreshToken.nullish(),
};
const authMethod = z.enum(["none", "client_secret_post", "client_secret_basic"]);
const createBody = z.strictObject({
  ...clientMembers,
  token_endpoint_auth_method: authMethod.optional(),
  client_authentication_methods: z
    .partialRecord(z.enum(keyMethods), z.strictObject({ credentials: z.array(credentialBody).min(1).max(2) }))
    .optional(),
});
const updateBody = z
  .strictObject({
    ...clientMembers,
    client_secret: z.string().min(48).optional(),
    token_endpoint_auth_method: authMethod.nullish(),
    client_authentication_methods: z
      .partialRecord(
        z.enum(keyMethods),
        z.strictObject({
          credentials: z
            .array(z.strictObject({ id: z.string() }))
            .min(1)
            .max(2),
        }),
      )
      .nullish(),
  })
  .partial();
const grantBody = z.strictObject({
  client_id: z.string(),
  audience: z.string(),
  scope: texts,
  subject_type: z.enum(["client", "user"]).optional(),
});
const grantChange = z.strictObject({
  scope: texts.nullish(),
  allow_all_scopes: z.boolean().nullish(),
});
const apiScopes = z.array(z.strictObject({ value: z.string().min(1), description: z.string().optional() }));
const apiBody = z.strictObject({
  name: z
    .string()
    .regex(/^[^<>]+$/)
    .optional(),
  identifier: z.string().min(1),
  scopes: apiScopes.optional(),
  signing_alg: z.enum(["HS256", "RS256", "RS512", "PS256"]).optional(),
  token_lifetime: z.number().optional(),
  token_dialect: z.string().optional(),
});
const apiChange = apiBody.omit({ identifier: true }).partial();

function described({ issues: [issue] }: z.ZodError): Response {
  if (issue?.code === "unrecognized_keys") {
    return invalid(`Additional properties not allowed: ${issue.keys.join(",")}`);
  }
  const where = issue?.path.map(String).join(".") ?? "";
  return problem(400, `Payload validation error: '${issue?.message ?? ""}' on property ${where}.`, "invalid_body");
}

// --- Operations ---

type Call = {
  tenant: Tenant;
  /** Decoded parts of the path that the operation leaves open. */
  parts: string[];
  query: URLSearchParams;
  body: unknown;
  /** Scopes of the caller's token. */
  scopes: readonly string[];
};
type Operation = {
  name: string;
  /** One of these is needed. */
  scopes: readonly string[];
  query?: readonly string[];
  run(call: Call): Response;
};

const readClients = ["read:clients", "read:client_keys", "read:client_credentials", "read:client_summary"];
const readKeys = ["read:client_keys", "read:client_credentials"];
const paging = ["page", "per_page", "include_totals", "from", "take", "fields", "include_fields"];

function shown({ client_secret, ...client }: SimulatedClient, scopes: readonly string[]): Record<string, unknown> {
  const { token_endpoint_auth_method: method, ...rest } = client;
  const maySee = scopes.some((scope) => readKeys.includes(scope));
  return {
    ...rest,
    ...(method !== undefined && { token_endpoint_auth_method: method }),
    ...(maySee && { client_secret }),
  };
}

/** One page behind a cursor; without `take`, a bare list of the first fifty. */
function page<T extends Record<string, unknown>>(
  items: T[],
  { query, name, idOf }: { query: URLSearchParams; name: string; idOf: (item: T) => string },
): Response {
  const fields = query.get("fields")?.split(",");
  const picked = (item: T) =>
    fields ? Object.fromEntries(fields.filter((key) => key in item).map((key) => [key, item[key]])) : item;
  const take = Number(query.get("take") ?? 0);
  if (!query.has("take")) return json(200, items.slice(0, 50).map(picked));
  if (!(take >= 1 && take <= 100)) return problem(400, "Query validation error: 'take'", "invalid_query_string");
  const from = query.get("from");
  const start = from === null ? 0 : items.findIndex((item) => idOf(item) === from) + 1;
  const part = items.slice(start, start + take);
  const last = part.at(-1);
  const hasMore = start + take < items.length;
  return json(200, { [name]: part.map(picked), ...(hasMore && last && { next: idOf(last) }) });
}

function storeCredentials(tenant: Tenant, clientId: string, asked: z.output<typeof credentialBody>[]) {
  const held = tenant.credentials.get(clientId) ?? [];
  const made = asked.map((credential) => ({ ...credential, id: generatedId("cred_", 22) }));
  tenant.credentials.set(clientId, [...held, ...made]);
  return made;
}

function createClient({ tenant, body }: Call): Response {
  const parsed = createBody.safeParse(body);
  if (!parsed.success) return described(parsed.error);
  const { client_authentication_methods: methods, client_metadata, ...asked } = parsed.data;
  if (methods && asked.token_endpoint_auth_method) return bothMethods();
  const client = addClient(tenant, {
    ...asked,
    ...(client_metadata && { client_metadata: mergedMetadata({}, client_metadata) }),
  });
  if (asked.token_exchange === null) delete client.token_exchange;
  if (methods) {
    client.client_authentication_methods = Object.fromEntries(
      Object.entries(methods).map(([method, { credentials }]) => [
        method,
        { credentials: storeCredentials(tenant, client.client_id, credentials).map(({ id }) => ({ id })) },
      ]),
    );
  }
  return json(201, shown(client, readKeys));
}

const bothMethods = () =>
  problem(
    400,
    "Only one of 'token_endpoint_auth_method' and 'client_authentication_methods' can be provided.",
    "invalid_body",
  );

/** Members are merged, and null takes one away (docs, “Manage Metadata”). */
function mergedMetadata(before: Record<string, string>, change: Record<string, string | null>): Record<string, string> {
  const merged = Object.entries({ ...before, ...change });
  return Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== null));
}

function updateClient({ tenant, body, parts: [id = ""], scopes }: Call): Response {
  const client = tenant.clients.get(id);
  if (!client) return absentClient();
  const parsed = updateBody.safeParse(body);
  if (!parsed.success) return described(parsed.error);
  const { client_metadata, ...change } = parsed.data;
  const known = (tenant.credentials.get(id) ?? []).map((credential) => credential.id);
  const named = Object.values(change.client_authentication_methods ?? {}).flatMap(({ credentials }) => credentials);
  if (named.some((credential) => !known.includes(credential.id))) {
    return problem(400, "The credential does not exist.", "invalid_body");
  }
  const after: SimulatedClient = { ...client, ...(change as Partial<SimulatedClient>) };
  for (const [member, value] of Object.entries(after)) if (value === null) Reflect.deleteProperty(after, member);
  if (after.token_endpoint_auth_method && after.client_authentication_methods) return bothMethods();
  if (client_metadata) after.client_metadata = mergedMetadata(client.client_metadata ?? {}, client_metadata);
  if (Object.keys(after.client_metadata ?? {}).length > 10) return invalid("Object has too many properties");
  tenant.clients.set(id, after);
  return json(200, shown(after, scopes));
}

function rotateSecret({ tenant, parts: [id = ""] }: Call): Response {
  const client = tenant.clients.get(id);
  if (!client) return absentClient();
  if (client.client_authentication_methods) return problem(400, "The client does not use a client secret.");
  tenant.replaced.push({ clientId: id, secret: client.client_secret, until: tenant.now() + 30_000 });
  client.client_secret = generatedSecret(tenant);
  return json(200, shown(client, readKeys));
}

function deleteClient({ tenant, parts: [id = ""] }: Call): Response {
  tenant.clients.delete(id);
  tenant.credentials.delete(id);
  for (const grant of [...tenant.grants.values()]) if (grant.client_id === id) tenant.grants.delete(grant.id);
  return done();
}

function createCredential({ tenant, body, parts: [id = ""] }: Call): Response {
  if (!tenant.clients.has(id)) return absentClient();
  const parsed = credentialBody.safeParse(body);
  if (!parsed.success) return described(parsed.error);
  if ((tenant.credentials.get(id) ?? []).length >= 2) return problem(400, "A client may have two credentials at most.");
  const [made] = storeCredentials(tenant, id, [parsed.data]);
  const { pem: _pem, ...rest } = made ?? {};
  return json(201, rest);
}

function unknownScopes(tenant: Tenant, audience: string, scope: readonly string[]): Response | undefined {
  const defined = findApi(tenant, audience)?.scopes.map(({ value }) => value) ?? [];
  const unknown = scope.filter((name) => !defined.includes(name));
  if (unknown.length === 0) return undefined;
  const words = `One or more of the following scopes are not defined on the resource server: ${unknown.join(", ")}`;
  return problem(400, words, "invalid_body");
}

function createGrant({ tenant, body }: Call): Response {
  const parsed = grantBody.safeParse(body);
  if (!parsed.success) return described(parsed.error);
  const { client_id, audience, scope, subject_type: type = "client" } = parsed.data;
  if (!tenant.clients.has(client_id)) return absentClient();
  if (!findApi(tenant, audience)) return absentApi();
  const held = [...tenant.grants.values()].some(
    (grant) => grant.client_id === client_id && grant.audience === audience && grant.subject_type === type,
  );
  if (held) return problem(409, "A resource with the same value already exists.");
  return unknownScopes(tenant, audience, scope) ?? json(201, addGrant(tenant, { ...parsed.data, scope }));
}

function updateGrant({ tenant, body, parts: [id = ""] }: Call): Response {
  const grant = tenant.grants.get(id);
  if (!grant) return absentGrant();
  const parsed = grantChange.safeParse(body);
  if (!parsed.success) return described(parsed.error);
  const scope = parsed.data.scope ?? [];
  const refused = unknownScopes(tenant, grant.audience, scope);
  if (refused) return refused;
  grant.scope = scope;
  if (parsed.data.allow_all_scopes === false) delete grant.allow_all_scopes;
  return json(200, grant);
}

function updateApi({ tenant, body, parts: [key = ""] }: Call): Response {
  const api = findApi(tenant, key);
  if (!api) return absentApi();
  const parsed = apiChange.safeParse(body);
  if (!parsed.success) return described(parsed.error);
  if (api.is_system && parsed.data.scopes) return invalid("Additional properties not allowed: scopes");
  Object.assign(api, parsed.data);
  return json(200, api);
}

function createApi({ tenant, body }: Call): Response {
  const parsed = apiBody.safeParse(body);
  if (!parsed.success) return described(parsed.error);
  if (findApi(tenant, parsed.data.identifier))
    return problem(409, "A resource server with the same identifier exists.");
  const { identifier, ...rest } = parsed.data;
  return json(201, addApi(tenant, { ...(rest as object), identifier }));
}

const operations: readonly Operation[] = [
  {
    name: "GET clients",
    scopes: readClients,
    query: [...paging, "is_global", "is_first_party", "app_type", "external_client_id", "q"],
    run: ({ tenant, query, scopes }) =>
      page(
        [...tenant.clients.values()].map((client) => shown(client, scopes)),
        { query, name: "clients", idOf: (client) => String(client["client_id"]) },
      ),
  },
  { name: "POST clients", scopes: ["create:clients"], run: createClient },
  {
    name: "GET clients/*",
    scopes: readClients,
    query: ["fields", "include_fields"],
    run({ tenant, parts: [id = ""], scopes }) {
      const client = tenant.clients.get(id);
      return client ? json(200, shown(client, scopes)) : absentClient();
    },
  },
  { name: "PATCH clients/*", scopes: ["update:clients"], run: updateClient },
  { name: "DELETE clients/*", scopes: ["delete:clients"], run: deleteClient },
  { name: "POST clients/*/rotate-secret", scopes: ["update:client_keys"], run: rotateSecret },
  { name: "POST clients/*/credentials", scopes: ["create:client_credentials"], run: createCredential },
  {
    name: "GET clients/*/credentials",
    scopes: ["read:client_credentials"],
    run: ({ tenant, parts: [id = ""] }) =>
      json(
        200,
        (tenant.credentials.get(id) ?? []).map(({ pem: _pem, ...rest }) => rest),
      ),
  },
  {
    name: "DELETE clients/*/credentials/*",
    scopes: ["delete:client_credentials"],
    run({ tenant, parts: [id = "", credential = ""] }) {
      tenant.credentials.set(
        id,
        (tenant.credentials.get(id) ?? []).filter((held) => held.id !== credential),
      );
      return done();
    },
  },
  {
    name: "GET client-grants",
    scopes: ["read:client_grants"],
    query: [...paging, "audience", "client_id", "subject_type"],
    run({ tenant, query }) {
      const wanted = (name: "audience" | "client_id" | "subject_type") => query.get(name);
      const found = [...tenant.grants.values()].filter((grant) =>
        (["audience", "client_id", "subject_type"] as const).every(
          (name) => (wanted(name) ?? grant[name]) === grant[name],
        ),
      );
      return page(found, { query, name: "client_grants", idOf: ({ id }) => id });
    },
  },
  { name: "POST client-grants", scopes: ["create:client_grants"], run: createGrant },
  { name: "PATCH client-grants/*", scopes: ["update:client_grants"], run: updateGrant },
  {
    name: "DELETE client-grants/*",
    scopes: ["delete:client_grants"],
    run({ tenant, parts: [id = ""] }) {
      tenant.grants.delete(id);
      return done();
    },
  },
  { name: "POST resource-servers", scopes: ["create:resource_servers"], run: createApi },
  {
    name: "GET resource-servers/*",
    scopes: ["read:resource_servers"],
    query: ["include_fields"],
    run({ tenant, parts: [key = ""] }) {
      const api = findApi(tenant, key);
      return api ? json(200, api) : absentApi();
    },
  },
  { name: "PATCH resource-servers/*", scopes: ["update:resource_servers"], run: updateApi },
];

function findOperation(method: string, path: string): { operation: Operation; parts: string[] } | undefined {
  for (const operation of operations) {
    const [wanted, pattern = ""] = operation.name.split(" ");
    const match = new RegExp(`^/${pattern.replaceAll("*", "([^/]+)")}$`).exec(path);
    if (wanted === method && match) return { operation, parts: match.slice(1).map(decodeURIComponent) };
  }
  return undefined;
}

/**
 * Answers one call of the Management API.
 *
 * @param path below /api/v2
 * @param permissions scopes of the caller's token; null where it has none that counts
 */
export async function manage(
  tenant: Tenant,
  request: Request,
  { path, permissions }: { path: string; permissions: readonly string[] | null },
): Promise<Response> {
  if (!permissions) return problem(401, "Invalid token", "invalid_token");
  const found = findOperation(request.method, path);
  if (!found) return problem(404, "Not Found");
  const { operation, parts } = found;
  if (!operation.scopes.some((scope) => permissions.includes(scope))) {
    return problem(403, `Insufficient scope, expected any of: ${operation.scopes.join(",")}`, "insufficient_scope");
  }
  const query = new URL(request.url).searchParams;
  const stranger = [...query.keys()].find((name) => !operation.query?.includes(name));
  if (stranger) {
    const words = `Query validation error: 'Additional properties not allowed: ${stranger}'.`;
    return problem(400, words, "invalid_query_string");
  }
  const text = await request.text();
  if (text && !request.headers.get("content-type")?.startsWith("application/json")) {
    return problem(400, "Payload validation error: 'Expected type object but found type string'.", "invalid_body");
  }
  let body: unknown;
  try {
    body = text ? JSON.parse(text) : undefined;
  } catch {
    return problem(400, "Invalid request payload JSON format", "invalid_body");
  }
  return operation.run({ tenant, parts, query, body, scopes: permissions });
}
