/** The Apps API of Okta's simulator: applications and their secrets. */
import { z } from "zod";
import { randomToken } from "#lib/foundation/ids.ts";
import { json } from "#lib/connector-kit/simulator.ts";
import { refusal } from "./simulator-words.ts";

export type StoredSecret = { id: string; value: string; isActive: boolean; created: string };
export type StoredApp = {
  id: string;
  clientId: string;
  isActive: boolean;
  created: string;
  body: AppBody;
  secrets: StoredSecret[];
};

export type AppStore = {
  apps: Map<string, StoredApp>;
  byClientId(clientId: string): StoredApp | undefined;
  create(body: unknown): StoredApp | Response;
  handle(request: Request, path: readonly string[], query: URLSearchParams): Promise<Response>;
};

const text = z.string().max(1024);
const address = text.nullable();
const anything = z.record(z.string(), z.unknown());
/** What Okta adds to a key of its own may be sent back. */
const jsonWebKey = z.strictObject({
  kty: z.enum(["RSA", "EC"]),
  kid: z.string().nullish(),
  status: z.enum(["ACTIVE", "INACTIVE"]).default("ACTIVE"),
  alg: z.string().optional(),
  use: z.enum(["sig", "enc"]).optional(),
  crv: z.string().optional(),
  n: z.string().optional(),
  e: z.string().optional(),
  x: z.string().optional(),
  y: z.string().optional(),
  id: z.string().optional(),
  created: z.string().optional(),
  lastUpdated: z.string().optional(),
});
const grantType = z.enum([
  "authorization_code",
  "client_credentials",
  "implicit",
  "interaction_code",
  "password",
  "refresh_token",
  "urn:ietf:params:oauth:grant-type:device_code",
  "urn:ietf:params:oauth:grant-type:jwt-bearer",
  "urn:ietf:params:oauth:grant-type:saml2-bearer",
  "urn:ietf:params:oauth:grant-type:token-exchange",
  "urn:openid:params:grant-type:ciba",
]);
const authMethod = z.enum([
  "client_secret_basic",
  "client_secret_post",
  "client_secret_jwt",
  "private_key_jwt",
  "none",
]);

/** What the published API takes; anything beyond is refused. */
const appBody = z.strictObject({
  name: z.literal("oidc_client"),
  label: z.string().min(1).max(100),
  signOnMode: z.literal("OPENID_CONNECT"),
  profile: anything.optional(),
  accessibility: anything.optional(),
  visibility: anything.optional(),
  credentials: z.strictObject({
    userNameTemplate: anything.optional(),
    oauthClient: z.strictObject({
      autoKeyRotation: z.boolean().default(true),
      client_id: z
        .string()
        .min(6)
        .max(100)
        .regex(/^[A-Za-z0-9$\-_.+!*'(),]+$/)
        .optional(),
      client_secret: z.string().min(14).max(100).optional(),
      pkce_required: z.boolean().optional(),
      token_endpoint_auth_method: authMethod.default("client_secret_basic"),
    }),
  }),
  settings: z.strictObject({
    notes: anything.optional(),
    notifications: anything.optional(),
    implicitAssignment: z.boolean().optional(),
    oauthClient: z.strictObject({
      application_type: z.enum(["web", "browser", "native", "service"]).default("web"),
      grant_types: z.array(grantType).min(1),
      response_types: z.array(z.enum(["code", "token", "id_token"])).nullish(),
      redirect_uris: z.array(text).nullish(),
      post_logout_redirect_uris: z.array(text).optional(),
      consent_method: z.enum(["REQUIRED", "TRUSTED"]).default("TRUSTED"),
      issuer_mode: z.enum(["CUSTOM_URL", "DYNAMIC", "ORG_URL"]).default("ORG_URL"),
      idp_initiated_login: anything.default({ mode: "DISABLED", default_scope: [] }),
      wildcard_redirect: z.enum(["DISABLED", "SUBDOMAIN"]).default("DISABLED"),
      dpop_bound_access_tokens: z.boolean().default(false),
      participate_slo: z.boolean().optional(),
      refresh_token: z
        .strictObject({ rotation_type: z.enum(["ROTATE", "STATIC"]), leeway: z.int().min(0).max(60).default(30) })
        .optional(),
      jwks: z.strictObject({ keys: z.array(jsonWebKey) }).optional(),
      jwks_uri: address.optional(),
      request_object_signing_alg: z
        .enum(["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"])
        .optional(),
      initiate_login_uri: address.optional(),
      client_uri: address.default(null),
      logo_uri: address.default(null),
      tos_uri: address.optional(),
      policy_uri: address.optional(),
    }),
  }),
});
export type AppBody = z.output<typeof appBody>;

const secretBody = z.strictObject({
  client_secret: z.string().min(14).max(100).optional(),
  status: z.enum(["ACTIVE", "INACTIVE"]).default("ACTIVE"),
});

const saml = "urn:ietf:params:oauth:grant-type:saml2-bearer";
const exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
/** Grant types for each kind of application, and what it cannot be without. */
const types = {
  browser: { allowed: ["authorization_code", "implicit", "refresh_token", saml], needed: undefined },
  native: {
    allowed: [
      "authorization_code",
      "implicit",
      "password",
      "refresh_token",
      "urn:ietf:params:oauth:grant-type:device_code",
      saml,
    ],
    needed: "authorization_code",
  },
  service: { allowed: ["client_credentials", saml, exchange], needed: undefined },
  web: {
    allowed: [
      "authorization_code",
      "implicit",
      "refresh_token",
      "client_credentials",
      "urn:openid:params:grant-type:ciba",
      saml,
      exchange,
    ],
    needed: "authorization_code",
  },
} as const;

/** What Okta checks beyond the form of the request. */
function problemsOf({ credentials, settings }: AppBody): string[] {
  const { oauthClient: client } = settings;
  const { oauthClient: keys } = credentials;
  const { allowed, needed } = types[client.application_type];
  const grants: readonly string[] = client.grant_types;
  const responses: readonly string[] = client.response_types ?? [];
  const problems: string[] = [];
  for (const grant of grants) {
    if (!(allowed as readonly string[]).includes(grant)) {
      problems.push(`grant_types: '${grant}' is not valid for application_type '${client.application_type}'.`);
    }
  }
  if (needed && !grants.includes(needed)) {
    problems.push(`grant_types: application_type '${client.application_type}' needs '${needed}'.`);
  }
  if (grants.includes("authorization_code") !== responses.includes("code")) {
    problems.push("response_types: 'code' and the grant type 'authorization_code' go together.");
  }
  if (grants.includes("implicit") !== (responses.includes("token") || responses.includes("id_token"))) {
    problems.push("response_types: 'token' or 'id_token' and the grant type 'implicit' go together.");
  }
  const uris = client.redirect_uris ?? [];
  if (responses.length > 0 && uris.length === 0) problems.push("redirect_uris: at least one is needed.");
  for (const uri of uris) {
    const isAddress = URL.canParse(uri) && !uri.includes("#") && !/^(javascript|data|vbscript):/i.test(uri);
    if (!isAddress) problems.push(`redirect_uris: '${uri}' is not a valid redirect URI.`);
  }
  const method = keys.token_endpoint_auth_method;
  if (method === "none" && client.application_type === "service") {
    problems.push("token_endpoint_auth_method: 'none' is not valid for application_type 'service'.");
  }
  if (method === "none" && keys.pkce_required === false) {
    problems.push("pkce_required: must be true where token_endpoint_auth_method is 'none'.");
  }
  if (method === "private_key_jwt" && !client.jwks && !client.jwks_uri) {
    problems.push("jwks: 'private_key_jwt' needs 'jwks' or 'jwks_uri'.");
  }
  if (client.jwks && client.jwks_uri) problems.push("jwks: 'jwks' and 'jwks_uri' exclude each other.");
  if (client.refresh_token && !grants.includes("refresh_token")) {
    problems.push("refresh_token: needs the grant type 'refresh_token'.");
  }
  if (client.dpop_bound_access_tokens && (grants.includes("client_credentials") || grants.includes("implicit"))) {
    problems.push("dpop_bound_access_tokens: excludes 'client_credentials' and 'implicit'.");
  }
  return problems;
}

function causesOf(error: z.ZodError): string[] {
  return error.issues.map(({ path, message }) => `${path.join(".") || "request"}: ${message}`);
}

/** Twenty characters that begin with the kind of object. */
export function oktaId(prefix: string): string {
  return `${prefix}${randomToken(24).replaceAll(/[^A-Za-z0-9]/g, "x")}`.slice(0, 20);
}

/** Parses a JSON body by a schema; a refusal where it is none. */
export async function bodyOf<S extends z.ZodType>(request: Request, schema: S): Promise<z.output<S> | Response> {
  if (request.headers.get("content-type") !== "application/json") return refusal("E0000003");
  const parsed = schema.safeParse(await request.json().catch(() => undefined));
  return parsed.success ? parsed.data : refusal("E0000001", causesOf(parsed.error));
}

/** The body of a lifecycle call: there is none. */
const noBody = () => json(200, {});
const noContent = () => new Response(null, { status: 204 });

/**
 * Opens an empty Apps API.
 *
 * @param world.base where the org stands; @param world.now seconds since the epoch; @param world.note takes each secret
 */
export function openAppStore(world: { base: string; now(): number; note(secret: string): void }): AppStore {
  const apps = new Map<string, StoredApp>();
  const byClientId = (clientId: string) => [...apps.values()].find((app) => app.clientId === clientId);
  const date = () => new Date(world.now() * 1000).toISOString();

  function addSecret(app: StoredApp, value = `canary-${randomToken(24)}`, isActive = true): StoredSecret {
    const secret = { id: oktaId("ocs"), value, isActive, created: date() };
    world.note(value);
    app.secrets.push(secret);
    return secret;
  }

  const usesSecret = ({ body }: StoredApp) =>
    body.credentials.oauthClient.token_endpoint_auth_method.startsWith("client_secret_");

  /** Gives an application the secret that its method needs, or the one that was asked for. */
  function settleSecret(app: StoredApp): void {
    const { client_secret: wanted, ...rest } = app.body.credentials.oauthClient;
    app.body.credentials.oauthClient = rest;
    if (!usesSecret(app)) app.secrets = [];
    else if (app.secrets.length === 0) addSecret(app, wanted);
  }

  function create(input: unknown): StoredApp | Response {
    const parsed = appBody.safeParse(input);
    if (!parsed.success) return refusal("E0000001", causesOf(parsed.error));
    const problems = problemsOf(parsed.data);
    if (problems.length > 0) return refusal("E0000001", problems);
    const id = oktaId("0oa");
    const clientId = parsed.data.credentials.oauthClient.client_id ?? id;
    if (byClientId(clientId) || clientId === "ALL_CLIENTS") {
      return refusal("E0000001", [`client_id: '${clientId}' is taken.`]);
    }
    const app: StoredApp = { id, clientId, isActive: true, created: date(), body: parsed.data, secrets: [] };
    settleSecret(app);
    apps.set(id, app);
    return app;
  }

  /** The whole object as Okta sends it, nulls included; the secret only right after it was made or changed. */
  function shown(app: StoredApp, showsSecret = false): object {
    const { credentials, settings, ...rest } = app.body;
    const self = `${world.base}/api/v1/apps/${app.id}`;
    const secret = app.secrets.findLast(({ isActive }) => isActive)?.value;
    const { oauthClient: client } = settings;
    return {
      id: app.id,
      orn: `orn:okta:idp:00o0:apps:oidc_client:${app.id}`,
      ...rest,
      status: app.isActive ? "ACTIVE" : "INACTIVE",
      created: app.created,
      lastUpdated: date(),
      features: [],
      accessibility: { selfService: false, errorRedirectUrl: null, loginRedirectUrl: null },
      visibility: {
        autoLaunch: false,
        autoSubmitToolbar: false,
        hide: { iOS: true, web: true },
        appLinks: { oidc_client_link: true },
      },
      credentials: {
        userNameTemplate: { template: "${source.login}", type: "BUILT_IN" },
        signing: { kid: "org-signing-key" },
        oauthClient: {
          ...credentials.oauthClient,
          pkce_required: credentials.oauthClient.pkce_required ?? true,
          client_id: app.clientId,
          ...(showsSecret && secret !== undefined && { client_secret: secret }),
        },
      },
      settings: {
        implicitAssignment: false,
        emOptInStatus: "NONE",
        notes: { admin: null, enduser: null },
        notifications: { vpn: { network: { connection: "DISABLED" }, message: null, helpUrl: null } },
        ...settings,
        oauthClient: {
          ...client,
          ...(client.jwks && {
            jwks: {
              keys: client.jwks.keys.map((key, at) => ({
                ...key,
                id: `pks${String(at)}${app.id}`,
                created: app.created,
                lastUpdated: app.created,
              })),
            },
          }),
          response_types: client.response_types ?? [],
          redirect_uris: client.redirect_uris ?? [],
        },
      },
      _links: { self: { href: self } },
    };
  }

  function shownSecret(app: StoredApp, secret: StoredSecret): object {
    const href = `${world.base}/api/v1/apps/${app.id}/credentials/secrets/${secret.id}/lifecycle`;
    return {
      id: secret.id,
      created: secret.created,
      lastUpdated: secret.created,
      secret_hash: `hash-of-${secret.id}`,
      status: secret.isActive ? "ACTIVE" : "INACTIVE",
      client_secret: secret.value,
      _links: secret.isActive
        ? { deactivate: { href: `${href}/deactivate`, hints: { allow: ["POST"] } } }
        : { activate: { href: `${href}/activate`, hints: { allow: ["POST"] } } },
    };
  }

  function list(query: URLSearchParams): Response {
    if (query.has("filter") && query.get("filter") !== 'name eq "oidc_client"') {
      return refusal("E0000001", ["filter: not supported"]);
    }
    const all = [...apps.values()].filter(({ isActive }) => isActive || query.get("includeNonDeleted") === "true");
    const limit = Math.min(Number(query.get("limit") ?? 20), 200);
    const from = all.findIndex(({ id }) => id === query.get("after")) + 1;
    const page = all.slice(from, from + limit);
    const last = page.at(-1);
    query.set("after", last?.id ?? "");
    const links = [`<${world.base}/api/v1/apps>; rel="self"`];
    if (from + limit < all.length) links.push(`<${world.base}/api/v1/apps?${query.toString()}>; rel="next"`);
    const answer = page.map((app) => shown(app));
    return json(200, answer, { link: links.join(", ") });
  }

  async function replace(app: StoredApp, request: Request): Promise<Response> {
    const body = await bodyOf(request, appBody);
    if (body instanceof Response) return body;
    const problems = problemsOf(body);
    const { client_id: clientId = app.clientId } = body.credentials.oauthClient;
    if (clientId !== app.clientId) problems.push("client_id: cannot be changed.");
    if (body.settings.oauthClient.application_type !== app.body.settings.oauthClient.application_type) {
      problems.push("application_type: cannot be changed.");
    }
    if (problems.length > 0) return refusal("E0000001", problems);
    app.body = body;
    settleSecret(app);
    return json(200, shown(app, true));
  }

  async function secretsOf(app: StoredApp, request: Request, [id, lifecycle, verb]: readonly string[]) {
    if (id === undefined) {
      if (request.method === "GET")
        return json(
          200,
          app.secrets.map((secret) => shownSecret(app, secret)),
        );
      if (request.method !== "POST") return refusal("E0000022");
      const body = await bodyOf(request, secretBody);
      if (body instanceof Response) return body;
      if (!usesSecret(app)) return refusal("E0000001", ["client_secret: the client does not use one."]);
      if (app.secrets.length >= 2) return refusal("E0000001", ["You've reached the maximum number of client secrets."]);
      return json(201, shownSecret(app, addSecret(app, body.client_secret, body.status === "ACTIVE")));
    }
    const secret = app.secrets.find((one) => one.id === id);
    if (!secret) return refusal("E0000007");
    if (lifecycle === "lifecycle" && request.method === "POST") {
      const isOnly = app.secrets.filter(({ isActive }) => isActive).length < 2;
      if (verb === "deactivate" && (isOnly || !secret.isActive)) {
        return refusal("E0000001", ["The client must have at least one active client secret."]);
      }
      if (verb !== "deactivate" && verb !== "activate") return refusal("E0000007");
      secret.isActive = verb === "activate";
      return json(200, shownSecret(app, secret));
    }
    if (request.method === "GET") return json(200, shownSecret(app, secret));
    if (request.method !== "DELETE") return refusal("E0000022");
    if (secret.isActive) return refusal("E0000001", ["An active client secret cannot be deleted."]);
    app.secrets = app.secrets.filter((one) => one !== secret);
    return noContent();
  }

  return {
    apps,
    byClientId,
    create,
    async handle(request, [id, part, item, ...rest], query) {
      const { method } = request;
      if (id === undefined) {
        if (method === "GET") return list(query);
        if (method !== "POST") return refusal("E0000022");
        if (request.headers.get("content-type") !== "application/json") return refusal("E0000003");
        const made = create(await request.json().catch(() => undefined));
        return made instanceof Response ? made : json(200, shown(made, true));
      }
      const app = apps.get(id);
      if (!app) return refusal("E0000007");
      if (part === "lifecycle" && method === "POST" && (item === "activate" || item === "deactivate")) {
        app.isActive = item === "activate";
        return noBody();
      }
      if (part === "credentials" && item === "secrets") return secretsOf(app, request, rest);
      if (part !== undefined) return refusal("E0000007");
      if (method === "GET") return json(200, shown(app));
      if (method === "PUT") return replace(app, request);
      if (method !== "DELETE") return refusal("E0000022");
      if (app.isActive) return refusal("E0000056");
      apps.delete(id);
      return noContent();
    },
  };
}
