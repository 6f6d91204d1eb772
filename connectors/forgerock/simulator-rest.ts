/** AM's REST API (CREST), as far as a key manager needs it: a realm's clients and its OAuth2 provider. */
import { json } from "#lib/connector-kit/simulator.ts";
import { randomToken } from "#lib/foundation/ids.ts";
import { clientTemplate, overrides } from "./simulator-template.ts";
import type { Client, Groups, Json, World } from "./simulator-world.ts";

const reasons: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  412: "Precondition Failed",
  429: "Too Many Requests",
  501: "Not Implemented",
};

/** An error as every CREST resource words it. */
export function crestError(code: number, message: string, detail?: Json, headers?: Record<string, string>): Response {
  return json(code, { code, reason: reasons[code] ?? "Error", message, ...(detail && { detail }) }, headers);
}

const type = { _id: "OAuth2Client", name: "OAuth2 Clients", collection: true };
const revision = () => String(Math.trunc((Math.random() - 0.5) * 4_000_000_000));
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const unwrapped = (value: unknown) => (isObject(value) && "inherited" in value ? value["value"] : value);

/** A client as it is read: all groups but one wrapped, the secret hidden beside its encrypted form. */
function shown({ id, groups, secret }: Client): Json {
  const wrapped = Object.entries(groups).map(([group, values]) => [
    group,
    group === overrides ? values : Object.fromEntries(Object.entries(values).map(wrap)),
  ]);
  const document = Object.fromEntries(wrapped) as Groups;
  document["coreOAuth2ClientConfig"] = {
    ...document["coreOAuth2ClientConfig"],
    userpassword: null,
    ...(secret !== null && { "userpassword-encrypted": "AAAAA0FFUwIQ" }),
  };
  return { _id: id, _rev: revision(), ...document, _type: type };
}

function wrap([name, value]: [string, unknown]): [string, unknown] {
  // Empty texts are not stored, and come back as nothing.
  return [name, { inherited: false, ...(value !== "" && value !== null && { value }) }];
}

/** AM's checks of a document that is written. */
function problemOf(body: Json): Response | null {
  const validAttributes = Object.values(clientTemplate).flatMap((group) => Object.keys(group));
  const invalid = () => crestError(400, "Invalid attribute specified.", { validAttributes });
  for (const [group, values] of Object.entries(body)) {
    const known = (clientTemplate as Record<string, Json>)[group];
    if (!known || !isObject(values)) return invalid();
    for (const [name, given] of Object.entries(values)) {
      if (name.endsWith("-encrypted")) continue;
      if (!(name in known)) return invalid();
      const value = unwrapped(given);
      if (value === undefined || value === null || name === "userpassword") continue;
      const isFit = Array.isArray(known[name])
        ? Array.isArray(value) && value.every((item) => typeof item === "string")
        : typeof value === typeof known[name];
      if (!isFit) return crestError(400, `Invalid attribute value syntax: ${JSON.stringify(value).slice(0, 50)}`);
    }
  }
  const clientType = unwrapped((body["coreOAuth2ClientConfig"] as Json | undefined)?.["clientType"]);
  const isKnown = clientType === undefined || clientType === "Confidential" || clientType === "Public";
  return isKnown ? null : crestError(400, "Data validation failed for the attribute, clientType");
}

/** What is left out is removed: defaults are never filled in again. */
function stored(body: Json): Groups {
  const groups = Object.entries(body).map(([group, values]) => {
    const kept = Object.entries(values as Json).filter(([name]) => !/^userpassword$|-encrypted$/.test(name));
    return [group, Object.fromEntries(kept.map(([name, value]) => [name, unwrapped(value)]))];
  });
  return Object.fromEntries(groups) as Groups;
}

function putClient(world: World, id: string, { request, body }: { request: Request; body: Json }): Response {
  const before = world.clients.get(id);
  if (before && request.headers.get("if-none-match") === "*") {
    return crestError(412, "Unable to create SMS config: Service already exists");
  }
  const problem = problemOf(body);
  if (problem) return problem;
  const core = body["coreOAuth2ClientConfig"] as Json | undefined;
  const given = unwrapped(core?.["userpassword"]);
  const kept = core && "userpassword" in core ? (before?.secret ?? null) : null;
  // An encrypted value from another cluster decrypts to nonsense.
  const isGarbled = core !== undefined && "userpassword-encrypted" in core;
  const secret = typeof given === "string" ? world.keep(given) : isGarbled ? randomToken() : kept;
  const client = { id, groups: stored(body), secret, keys: before?.keys ?? [] };
  world.clients.set(id, client);
  return json(before ? 200 : 201, shown(client));
}

/** Who is asking: an administrator's session, an access token, or nobody. */
function mayAdminister(world: World, request: Request): "yes" | "no" | "unknown" {
  const session = request.headers.get(world.cookieName) ?? "";
  const endsAt = world.sessions.get(session);
  if (endsAt !== undefined && endsAt > world.now()) {
    world.sessions.set(session, world.now() + 1800);
    return "yes";
  }
  const bearer = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
  const token = bearer === undefined ? undefined : world.tokens.get(bearer);
  if (!token || token.expiresAt <= world.now() || token.name !== "access_token") return "unknown";
  return token.scopes.includes("fr:am:*") ? "yes" : "no";
}

/**
 * Answers below `/json`.
 *
 * @param path below the place of the REST API
 */
export async function restRequest(world: World, request: Request, path: string): Promise<Response> {
  const { method } = request;
  if (/^\/realms\/root(\/realms\/alpha)?\/authenticate$/.test(path)) return authenticate(world, request);
  const access = mayAdminister(world, request);
  if (access === "unknown") return crestError(401, "Access Denied");
  if (access === "no") return crestError(403, "The user has insufficient privileges");
  // Pages of other sites can send neither header.
  const isVersioned = request.headers.has("accept-api-version") || request.headers.has("x-requested-with");
  if (method !== "GET" && !isVersioned) return crestError(403, "Forbidden");

  const configuration = `${world.realmPath}/realm-config`;
  if (!path.startsWith(`${configuration}/`)) return crestError(404, "Not Found");
  let body: Json = {};
  if (method === "PUT" || method === "POST") {
    if (request.headers.get("content-type") !== "application/json") {
      return crestError(
        400,
        "The request could not be processed because it specified a content-type other than 'application/json'",
      );
    }
    const parsed: unknown = await request.json().catch(() => undefined);
    if (!isObject(parsed)) {
      return crestError(400, "The request could not be processed because the provided content is not valid JSON");
    }
    body = parsed;
  }
  const [collection, kind, id, ...rest] = path.slice(configuration.length + 1).split("/");
  if (collection === "services" && kind === "oauth-oidc" && id === undefined)
    return providerRequest(world, method, body);
  if (collection !== "agents" || kind !== "OAuth2Client" || rest.length > 0) return crestError(404, "Not Found");
  if (id === undefined) {
    const action = new URL(request.url).searchParams.get("_action");
    if (method !== "POST" || action !== "template") return crestError(501, "Not Implemented");
    return json(200, clientTemplate);
  }
  return clientRequest(world, decodeURIComponent(id), { request, body });
}

function clientRequest(world: World, id: string, given: { request: Request; body: Json }): Response {
  const { method } = given.request;
  if (method === "PUT") return putClient(world, id, given);
  const client = world.clients.get(id);
  if (!client) return crestError(404, "Not Found");
  if (method === "GET") return json(200, shown(client));
  if (method !== "DELETE") return crestError(405, "Method not allowed");
  world.clients.delete(id);
  for (const [value, token] of world.tokens) if (token.clientId === id) world.tokens.delete(value);
  return json(200, shown(client));
}

function providerRequest(world: World, method: string, body: Json): Response {
  const own = { _id: "", _rev: revision(), _type: { _id: "oauth-oidc", name: "OAuth2 Provider", collection: false } };
  if (method === "PUT") {
    const isUnfit = Object.entries(body).some(([group, values]) => !(group in world.provider) || !isObject(values));
    if (isUnfit) return crestError(400, "Invalid attribute specified.");
    world.provider = structuredClone(body) as Groups;
  } else if (method !== "GET") return crestError(405, "Method not allowed");
  return json(200, { ...own, ...world.provider });
}

/** A header's text, where it is given as an encoded word (RFC 2047 §2). */
function decoded(text: string | null): string {
  const [, base64] = /^=\?UTF-8\?B\?([A-Za-z0-9+/=]*)\?=$/.exec(text ?? "") ?? [];
  return base64 === undefined ? (text ?? "") : Buffer.from(base64, "base64").toString("utf8");
}

function authenticate(world: World, request: Request): Response {
  if (request.method !== "POST") return crestError(405, "Method not allowed");
  if (!/resource=2\.\d/.test(request.headers.get("accept-api-version") ?? "")) {
    return crestError(404, "Resource version is not supported");
  }
  const { searchParams } = new URL(request.url);
  const journey = searchParams.get("authIndexType") === "service" ? searchParams.get("authIndexValue") : null;
  if (journey !== null && journey !== "ldapService") return crestError(401, "No Configuration found");
  const username = decoded(request.headers.get("x-openam-username"));
  const password = decoded(request.headers.get("x-openam-password"));
  const { administrator } = world;
  if (username !== administrator.username || password !== administrator.password) {
    return crestError(401, "Authentication Failed");
  }
  if (world.secondFactor && journey === null) {
    const callbacks = [{ type: "NameCallback", output: [{ name: "prompt", value: "One-time code" }] }];
    return json(200, { authId: randomToken(), callbacks });
  }
  const tokenId = world.keep(`canary-${randomToken()}.*AAJTSQACMDEAAlNLABw*`);
  world.sessions.set(tokenId, world.now() + 1800);
  return json(200, { tokenId, successUrl: "/am/console", realm: "/" });
}
