/**
 * “Northwind Identity”, the fictitious server of northwind.yaml, in memory. It is the server side of the example:
 * whoever describes a connector of their own writes the like for their server, or points the suite at a real one.
 */
import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { VendorKit } from "#lib/connector-kit/conformance/vendor-kit.ts";
import type { SimulatedVendor } from "#lib/connector-kit/simulator.ts";

/** `since` counts seconds from the epoch, `until` is a moment (RFC 3339). */
type AppSecret = { number: number; value: string; since: number; until?: string };

type App = {
  number: number;
  clientId: string;
  secrets: AppSecret[];
  scopes: string[];
  title: string;
  kind: string;
  flows: string[];
  callbacks: string[];
  tokenMinutes: number;
  regions: string[];
  certificate?: string;
  notes?: string;
  labels: Record<string, string>;
};

const members = ["title", "kind", "flows", "callbacks", "tokenMinutes", "regions", "certificate", "notes", "labels"];
/** May stand in a new client, and in no change of one. */
const identity = ["clientId", "clientSecret"];
const secretsAtOnce = 3;
const flows = ["machine", "browser"];

/** @returns a world of its own, with everything that the conformance suite asks for */
export default async function northwind(
  { simulate, simulatorMark, json, oauthError, clientOf, Secret }: VendorKit,
  { origin = "https://northwind.test" } = {},
): Promise<SimulatedVendor> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const issuer = `${origin}/id`;
  const apiKey = `canary-${randomUUID()}`;
  const canaries = [apiKey];
  const apps = new Map<string, App>();
  const revoked = new Set<string>();
  const scopes = new Map<string, string>();
  let offsetSeconds = 0;
  let numbers = 0;
  const now = () => Math.floor(Date.now() / 1000) + offsetSeconds;

  const fault = (status: number, code: string, text: string) => json(status, { fault: { code, text } });

  function newSecret(value = `canary-${randomUUID()}`, until?: string): AppSecret {
    canaries.push(value);
    numbers += 1;
    return { number: numbers, value, since: now(), ...(until !== undefined && { until }) };
  }

  const accepts = ({ secrets }: App, given: string) =>
    secrets.some(({ value, until }) => value === given && (until === undefined || Date.parse(until) / 1000 > now()));

  function problemOf(body: Record<string, unknown>, except?: App): Response | null {
    const allowed = except ? members : [...members, ...identity];
    const unknown = Object.keys(body).find((member) => !allowed.includes(member));
    if (unknown) return fault(400, "UNKNOWN_MEMBER", `${unknown} is not known`);
    const missing = ["title", "kind", "flows"].find((member) => body[member] === undefined);
    if (missing) return fault(400, "MISSING_MEMBER", `${missing} is missing`);
    if (!(body["flows"] as string[]).every((flow) => flows.includes(flow))) {
      return fault(400, "UNKNOWN_FLOW", "flows may hold machine and browser");
    }
    const marker = (body["labels"] as Record<string, string> | undefined)?.["latchkey"];
    const taken = [...apps.values()].some((app) => app !== except && app.labels["latchkey"] === marker);
    if (marker !== undefined && taken) return fault(400, "NAME_TAKEN", "this label is taken");
    return apps.has(String(body["clientId"])) ? fault(400, "NAME_TAKEN", "this client id is taken") : null;
  }

  function make(body: Record<string, unknown>): App {
    const { clientId = randomUUID(), clientSecret, ...rest } = body as { clientId?: string; clientSecret?: string };
    const app = {
      number: apps.size + 1,
      clientId,
      secrets: [newSecret(clientSecret)],
      scopes: [],
      callbacks: [],
      tokenMinutes: 60,
      regions: [],
      labels: {},
      ...(rest as Pick<App, "title" | "kind" | "flows">),
    };
    apps.set(app.clientId, app);
    return app;
  }

  /** Secrets are shown when they are made, and never again. */
  const shown = ({ secrets: _, scopes: _granted, ...app }: App) => ({ app });
  const shownSecret = ({ value, ...secret }: AppSecret) => ({ ...secret, tail: `…${value.slice(-4)}` });

  /** `/scopes` and `/scopes/{name}`. */
  function manageScopes(method: string, name: string | undefined, body: Record<string, unknown>): Response {
    if (name === undefined) {
      if (method === "GET")
        return json(
          200,
          [...scopes].map(([known, text]) => ({ name: known, text })),
        );
      if (method !== "POST") return fault(405, "WRONG_METHOD", "this cannot be done here");
      scopes.set(String(body["name"]), String(body["text"] ?? ""));
      return json(201, body);
    }
    if (!scopes.has(name)) return fault(404, "UNKNOWN_SCOPE", "there is no such scope");
    if (method === "PUT") {
      scopes.set(name, String(body["text"] ?? ""));
      return json(200, body);
    }
    scopes.delete(name);
    return new Response(null, { status: 204 });
  }

  /** `/apps/{id}/secrets` and `/apps/{id}/secrets/{number}`. */
  function manageSecrets(app: App, method: string, number: string | undefined, until: unknown): Response {
    if (method === "GET") return json(200, { secrets: app.secrets.map(shownSecret) });
    if (method === "POST") {
      if (app.secrets.length >= secretsAtOnce) return fault(400, "TOO_MANY", "an app has three secrets at most");
      const secret = newSecret(undefined, typeof until === "string" ? until : undefined);
      app.secrets.push(secret);
      return json(201, { ...shownSecret(secret), clientSecret: secret.value });
    }
    const at = app.secrets.findIndex((secret) => String(secret.number) === number);
    if (at < 0) return fault(404, "UNKNOWN_SECRET", "there is no such secret");
    app.secrets.splice(at, 1);
    return new Response(null, { status: 204 });
  }

  async function manage(request: Request, path: string): Promise<Response> {
    if (request.headers.get("x-northwind-key") !== apiKey) return fault(401, "WRONG_KEY", "the key is not valid");
    const { method } = request;
    const text = await request.text();
    const body = (text ? JSON.parse(text) : {}) as Record<string, unknown>;
    if (path === "/apps" && method === "GET") {
      const label = new URL(request.url).searchParams.get("label");
      return json(200, { apps: [...apps.values()].filter(({ labels }) => labels["latchkey"] === label).map(shown) });
    }
    if (path === "/apps" && method === "POST") {
      const problem = problemOf(body);
      if (problem) return problem;
      const app = make(body);
      return json(201, { app: { ...shown(app).app, clientSecret: app.secrets[0]?.value } });
    }
    const [, kind, id, part, number] = /^\/(apps|scopes)(?:\/([^/]+))?(?:\/([a-z]+))?(?:\/([^/]+))?$/.exec(path) ?? [];
    if (kind === "scopes") return manageScopes(method, id && decodeURIComponent(id), body);
    const app = apps.get(decodeURIComponent(id ?? ""));
    if (!app) return fault(404, "UNKNOWN_APP", "there is no such app");
    if (part === "secrets") return manageSecrets(app, method, number, body["until"]);
    if (part === "scopes" && method === "PUT") {
      app.scopes = body["names"] as string[];
      return json(200, body);
    }
    if (part === "secret" && method === "POST") {
      const secret = newSecret();
      app.secrets = [secret];
      return json(200, { clientSecret: secret.value });
    }
    if (method === "GET") return json(200, shown(app));
    if (method === "PUT") return problemOf(body, app) ?? json(200, shown(Object.assign(app, body)));
    if (method !== "DELETE") return fault(405, "WRONG_METHOD", "this cannot be done here");
    apps.delete(app.clientId);
    return new Response(null, { status: 204 });
  }

  async function issue(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text());
    const given = clientOf(request, form);
    const app = given && apps.get(given.clientId);
    if (!app || !accepts(app, given.clientSecret)) return oauthError(401, "invalid_client", "wrong credentials");
    if (form.get("grant_type") !== "client_credentials" || !app.flows.includes("machine")) {
      return oauthError(400, "unauthorized_client", "this app may not use this grant");
    }
    const scope = form.get("scope") ?? "";
    const foreign = scope.split(" ").find((name) => name !== "" && !(scopes.has(name) && app.scopes.includes(name)));
    if (foreign !== undefined) return oauthError(400, "invalid_scope", `this app may not ask for ${foreign}`);
    const seconds = app.tokenMinutes * 60;
    const token = await new SignJWT({ client_id: app.clientId, ...(scope && { scope }) })
      .setProtectedHeader({ alg: "RS256", kid: "1", typ: "at+jwt" })
      .setIssuer(issuer)
      .setSubject(app.clientId)
      .setAudience(`${origin}/api`)
      .setJti(randomUUID())
      .setIssuedAt(now())
      .setExpirationTime(now() + seconds)
      .sign(privateKey);
    canaries.push(token);
    return json(200, { access_token: token, token_type: "Bearer", expires_in: seconds, ...(scope && { scope }) });
  }

  async function revoke(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text());
    const given = clientOf(request, form);
    const app = given && apps.get(given.clientId);
    if (!app || !accepts(app, given.clientSecret)) {
      return oauthError(401, "invalid_client", "wrong credentials");
    }
    revoked.add(form.get("token") ?? "");
    return new Response(null, { status: 200 });
  }

  const metadata = {
    ...simulatorMark,
    issuer,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    jwks_uri: `${issuer}/keys`,
    grant_types_supported: ["client_credentials", "authorization_code"],
    response_types_supported: ["code"],
  };

  async function handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/manage/v1/")) return manage(request, pathname.slice("/manage/v1".length));
    switch (pathname) {
      case "/id/.well-known/openid-configuration":
        return json(200, metadata);
      case "/id/keys":
        return json(200, { keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "RS256", use: "sig" }] });
      case "/id/token":
        return issue(request);
      case "/id/revoke":
        return revoke(request);
      default:
        return fault(404, "UNKNOWN_ADDRESS", "there is nothing here");
    }
  }

  const connectionInput = { apiUrl: `${origin}/manage`, apiKey };
  return {
    ...simulate([origin], handle),
    wellKnownUrl: `${issuer}/.well-known/openid-configuration`,
    settings: {
      issuer,
      endpoints: { token: metadata.token_endpoint, revocation: metadata.revocation_endpoint },
      signingKeys: { kind: "jwks", url: metadata.jwks_uri },
      connection: { ...connectionInput, apiKey: new Secret(apiKey) },
    },
    connectionInput,
    refusedConnectionInput: { ...connectionInput, apiKey: "wrong" },
    canaries,
    pass(seconds) {
      offsetSeconds += seconds;
    },
    createClient() {
      const { clientId, secrets } = make({ title: "By hand", kind: "machine", flows: ["machine"] });
      return Promise.resolve({ clientId, clientSecret: secrets[0]?.value ?? "" });
    },
  };
}
