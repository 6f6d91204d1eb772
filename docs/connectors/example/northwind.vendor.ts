/**
 * “Northwind Identity”, the fictitious server of northwind.yaml, in memory. It is the server side of the example:
 * whoever describes a connector of their own writes the like for their server, or points the suite at a real one.
 */
import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { VendorKit } from "#lib/connector-kit/conformance/vendor-kit.ts";
import type { SimulatedVendor } from "#lib/connector-kit/simulator.ts";

type App = {
  number: number;
  clientId: string;
  clientSecret: string;
  title: string;
  kind: string;
  flows: string[];
  callbacks: string[];
  tokenMinutes: number;
  labels: Record<string, string>;
};

const members = ["title", "kind", "flows", "callbacks", "tokenMinutes", "labels"];
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

  const fault = (status: number, code: string, text: string) => json(status, { fault: { code, text } });

  function newSecret(): string {
    const secret = `canary-${randomUUID()}`;
    canaries.push(secret);
    return secret;
  }

  function problemOf(body: Record<string, unknown>, except?: App): Response | null {
    const unknown = Object.keys(body).find((member) => !members.includes(member));
    if (unknown) return fault(400, "UNKNOWN_MEMBER", `${unknown} is not known`);
    const missing = ["title", "kind", "flows"].find((member) => body[member] === undefined);
    if (missing) return fault(400, "MISSING_MEMBER", `${missing} is missing`);
    if (!(body["flows"] as string[]).every((flow) => flows.includes(flow))) {
      return fault(400, "UNKNOWN_FLOW", "flows may hold machine and browser");
    }
    const marker = (body["labels"] as Record<string, string> | undefined)?.["latchkey"];
    const taken = [...apps.values()].some((app) => app !== except && app.labels["latchkey"] === marker);
    return marker !== undefined && taken ? fault(400, "NAME_TAKEN", "this label is taken") : null;
  }

  function make(body: Record<string, unknown>): App {
    const app = {
      number: apps.size + 1,
      clientId: randomUUID(),
      clientSecret: newSecret(),
      callbacks: [],
      tokenMinutes: 60,
      labels: {},
      ...(body as Pick<App, "title" | "kind" | "flows">),
    };
    apps.set(app.clientId, app);
    return app;
  }

  /** The secret is shown when it is made, and never again. */
  const shown = ({ clientSecret: _, ...app }: App) => ({ app });

  async function manage(request: Request, path: string): Promise<Response> {
    if (request.headers.get("x-northwind-key") !== apiKey) return fault(401, "WRONG_KEY", "the key is not valid");
    const { method } = request;
    const text = await request.text();
    const body = (text ? JSON.parse(text) : {}) as Record<string, unknown>;
    if (path === "/apps" && method === "GET") {
      const label = new URL(request.url).searchParams.get("label");
      return json(200, { apps: [...apps.values()].filter(({ labels }) => labels["latchkey"] === label).map(shown) });
    }
    if (path === "/apps" && method === "POST") return problemOf(body) ?? json(201, { app: make(body) });
    const [, id = "", part] = /^\/apps\/([^/]+)(\/secret)?$/.exec(path) ?? [];
    const app = apps.get(decodeURIComponent(id));
    if (!app) return fault(404, "UNKNOWN_APP", "there is no such app");
    if (part && method === "POST") return json(200, { clientSecret: (app.clientSecret = newSecret()) });
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
    if (!app || app.clientSecret !== given.clientSecret) return oauthError(401, "invalid_client", "wrong credentials");
    if (form.get("grant_type") !== "client_credentials" || !app.flows.includes("machine")) {
      return oauthError(400, "unauthorized_client", "this app may not use this grant");
    }
    if (form.get("scope")) return oauthError(400, "invalid_scope", "there are no scopes here");
    const seconds = app.tokenMinutes * 60;
    const token = await new SignJWT({ client_id: app.clientId })
      .setProtectedHeader({ alg: "RS256", kid: "1", typ: "at+jwt" })
      .setIssuer(issuer)
      .setSubject(app.clientId)
      .setAudience(`${origin}/api`)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(`${String(seconds)} seconds`)
      .sign(privateKey);
    canaries.push(token);
    return json(200, { access_token: token, token_type: "Bearer", expires_in: seconds });
  }

  async function revoke(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text());
    const given = clientOf(request, form);
    if (!given || apps.get(given.clientId)?.clientSecret !== given.clientSecret) {
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
    createClient() {
      const { clientId, clientSecret } = make({ title: "By hand", kind: "machine", flows: ["machine"] });
      return Promise.resolve({ clientId, clientSecret });
    },
  };
}
