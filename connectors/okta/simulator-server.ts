/** A custom authorization server of Okta's simulator, as its management API sees it: scopes, access policies, rules. */
import { z } from "zod";
import { json } from "#lib/connector-kit/simulator.ts";
import { bodyOf, oktaId } from "./simulator-apps.ts";
import { refusal } from "./simulator-words.ts";

const scopeBody = z.strictObject({
  name: z.string().min(1),
  displayName: z.string().optional(),
  description: z.string().optional(),
  consent: z.enum(["IMPLICIT", "REQUIRED", "FLEXIBLE"]).default("IMPLICIT"),
  default: z.boolean().default(false),
  optional: z.boolean().default(false),
  metadataPublish: z.enum(["ALL_CLIENTS", "NO_CLIENTS"]).default("NO_CLIENTS"),
});
const policyBody = z.strictObject({
  type: z.literal("OAUTH_AUTHORIZATION_POLICY"),
  name: z.string().min(1).max(100),
  description: z.string().min(1).max(255),
  status: z.enum(["ACTIVE", "INACTIVE"]).default("ACTIVE"),
  priority: z.int().min(1),
  conditions: z.strictObject({ clients: z.strictObject({ include: z.array(z.string()).min(1) }) }),
});
const included = z.strictObject({ include: z.array(z.string()) });
const ruleBody = z.strictObject({
  type: z.literal("RESOURCE_ACCESS"),
  name: z.string().min(1),
  status: z.enum(["ACTIVE", "INACTIVE"]).default("ACTIVE"),
  priority: z.int().min(1).optional(),
  conditions: z.strictObject({
    people: z.strictObject({ groups: included, users: included }),
    grantTypes: z.strictObject({ include: z.array(z.string()).min(1) }),
    scopes: z.strictObject({ include: z.array(z.string()).min(1) }),
  }),
  actions: z.strictObject({
    token: z.strictObject({
      accessTokenLifetimeMinutes: z.int().min(5).max(1440),
      refreshTokenLifetimeMinutes: z.int().min(0),
      refreshTokenWindowMinutes: z.int().min(10).max(2_628_000),
      inlineHook: z.strictObject({ id: z.string() }).optional(),
    }),
  }),
});

export type StoredScope = z.output<typeof scopeBody> & { id: string; system: boolean };
type StoredRule = z.output<typeof ruleBody> & { id: string };
export type StoredPolicy = z.output<typeof policyBody> & { id: string; rules: StoredRule[] };

export type ServerStore = {
  scopes: StoredScope[];
  policies: StoredPolicy[];
  handle(request: Request, path: readonly string[], query: URLSearchParams): Promise<Response>;
  /** The first rule of the first policy that fits, or undefined. */
  ruleFor(asked: { clientId: string; grantType: string; scopes: readonly string[] }): StoredRule | undefined;
  addScope(scope: z.input<typeof scopeBody> & { system?: boolean }): void;
  /** A policy that somebody made in the console. */
  addPolicy(clients: readonly string[], scopes: readonly string[]): void;
};

/** Scopes that each server has from the beginning. */
const ownScopes = ["openid", "profile", "email", "address", "phone", "offline_access", "device_sso"];
const noContent = () => new Response(null, { status: 204 });

/**
 * Opens an authorization server.
 *
 * @param world.knows whether an application has this client id
 */
export function openServerStore(world: {
  base: string;
  serverId: string;
  issuer: string;
  audience: string;
  now(): number;
  knows(clientId: string): boolean;
}): ServerStore {
  const scopes: StoredScope[] = [];
  const policies: StoredPolicy[] = [];
  const self = `${world.base}/api/v1/authorizationServers/${world.serverId}`;
  const date = () => new Date(world.now() * 1000).toISOString();
  const byPriority = (one: { priority?: number | undefined }, other: { priority?: number | undefined }) =>
    (one.priority ?? 99) - (other.priority ?? 99);

  function addScope({ system = false, ...input }: Parameters<ServerStore["addScope"]>[0]): StoredScope {
    const scope = { ...scopeBody.parse(input), id: oktaId("scp"), system };
    scopes.push(scope);
    return scope;
  }
  for (const name of ownScopes) addScope({ name, system: true });

  function shownScope(scope: StoredScope): object {
    const texts = { displayName: scope.displayName ?? scope.name, description: scope.description ?? "" };
    return { ...scope, ...texts, _links: { self: { href: `${self}/scopes/${scope.id}` } } };
  }

  function shownPolicy({ rules: _rules, ...policy }: StoredPolicy): object {
    const dates = { created: date(), lastUpdated: date(), system: false };
    return { ...policy, ...dates, _links: { self: { href: `${self}/policies/${policy.id}` } } };
  }

  function shownRule(policy: StoredPolicy, rule: StoredRule): object {
    const href = `${self}/policies/${policy.id}/rules/${rule.id}`;
    return { ...rule, created: date(), lastUpdated: date(), system: false, _links: { self: { href } } };
  }

  async function scopeRequest(request: Request, id: string | undefined, query: URLSearchParams): Promise<Response> {
    const { method } = request;
    if (id === undefined && method === "GET") {
      const limit = Number(query.get("limit") ?? 50);
      const from = scopes.findIndex((scope) => scope.id === query.get("after")) + 1;
      const page = scopes.slice(from, from + limit);
      query.set("after", page.at(-1)?.id ?? "");
      const next = from + limit < scopes.length ? { link: `<${self}/scopes?${query.toString()}>; rel="next"` } : {};
      return json(200, page.map(shownScope), next);
    }
    const existing = scopes.find((scope) => scope.id === id);
    if (id !== undefined && !existing) return refusal("E0000007");
    if (existing && method === "GET") return json(200, shownScope(existing));
    if (existing && method === "DELETE") {
      if (existing.system) return refusal("E0000006");
      scopes.splice(scopes.indexOf(existing), 1);
      return noContent();
    }
    if (method !== (existing ? "PUT" : "POST")) return refusal("E0000022");
    const body = await bodyOf(request, scopeBody);
    if (body instanceof Response) return body;
    // RFC 6749 §3.3: what a scope may be made of.
    if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(body.name))
      return refusal("E0000001", [`name: '${body.name}' is invalid.`]);
    const other = scopes.find(({ name }) => name === body.name);
    if (other && other !== existing) return refusal("E0000001", ["name: An object with this field already exists."]);
    if (!existing) return json(201, shownScope(addScope(body)));
    Object.assign(existing, body);
    return json(200, shownScope(existing));
  }

  function problemOf(rule: z.output<typeof ruleBody>): Response | undefined {
    const unknown = rule.conditions.scopes.include.filter(
      (name) => name !== "*" && !scopes.some((scope) => scope.name === name),
    );
    if (unknown.length > 0) return refusal("E0000001", [`scopes: '${unknown.join(" ")}' does not exist.`]);
    return undefined;
  }

  async function ruleRequest(request: Request, policy: StoredPolicy, id: string | undefined): Promise<Response> {
    const { method } = request;
    if (id === undefined && method === "GET")
      return json(
        200,
        policy.rules.map((rule) => shownRule(policy, rule)),
      );
    const existing = policy.rules.find((rule) => rule.id === id);
    if (id !== undefined && !existing) return refusal("E0000007");
    if (existing && method === "GET") return json(200, shownRule(policy, existing));
    if (existing && method === "DELETE") {
      policy.rules.splice(policy.rules.indexOf(existing), 1);
      return noContent();
    }
    if (method !== (existing ? "PUT" : "POST")) return refusal("E0000022");
    const body = await bodyOf(request, ruleBody);
    if (body instanceof Response) return body;
    const problem = problemOf(body);
    if (problem) return problem;
    const rule = Object.assign(existing ?? { id: oktaId("0pr") }, body);
    if (!existing) policy.rules.push(rule);
    return json(existing ? 200 : 201, shownRule(policy, rule));
  }

  async function policyRequest(request: Request, [id, part, ruleId]: readonly string[]): Promise<Response> {
    const { method } = request;
    if (id === undefined && method === "GET") return json(200, [...policies].sort(byPriority).map(shownPolicy));
    const existing = policies.find((policy) => policy.id === id);
    if (id !== undefined && !existing) return refusal("E0000007");
    if (existing && part === "rules") return ruleRequest(request, existing, ruleId);
    if (part !== undefined) return refusal("E0000007");
    if (existing && method === "GET") return json(200, shownPolicy(existing));
    if (existing && method === "DELETE") {
      policies.splice(policies.indexOf(existing), 1);
      return noContent();
    }
    if (method !== (existing ? "PUT" : "POST")) return refusal("E0000022");
    const body = await bodyOf(request, policyBody);
    if (body instanceof Response) return body;
    const unknown = body.conditions.clients.include.filter((name) => name !== "ALL_CLIENTS" && !world.knows(name));
    if (unknown.length > 0) return refusal("E0000001", [`clients: '${unknown.join(" ")}' does not exist.`]);
    const policy = Object.assign(existing ?? { id: oktaId("00p"), rules: [] }, body);
    if (!existing) policies.push(policy);
    return json(existing ? 200 : 201, shownPolicy(policy));
  }

  function shownServer(): object {
    return {
      id: world.serverId,
      name: "Shop",
      description: null,
      audiences: [world.audience],
      issuer: world.issuer,
      issuerMode: "ORG_URL",
      status: "ACTIVE",
      created: date(),
      lastUpdated: date(),
      credentials: { signing: { kid: "simulated", rotationMode: "AUTO", lastRotated: date() } },
      _links: { self: { href: self } },
    };
  }

  return {
    scopes,
    policies,
    addScope,
    addPolicy(clients, granted) {
      const rule = ruleBody.parse({
        type: "RESOURCE_ACCESS",
        name: "By hand",
        conditions: {
          people: { groups: { include: ["EVERYONE"] }, users: { include: [] } },
          grantTypes: { include: ["client_credentials"] },
          scopes: { include: granted },
        },
        actions: {
          token: { accessTokenLifetimeMinutes: 60, refreshTokenLifetimeMinutes: 0, refreshTokenWindowMinutes: 10 },
        },
      });
      const policy = policyBody.parse({
        type: "OAUTH_AUTHORIZATION_POLICY",
        name: "By hand",
        description: "By hand",
        priority: 50,
        conditions: { clients: { include: clients } },
      });
      policies.push({ ...policy, id: oktaId("00p"), rules: [{ ...rule, id: oktaId("0pr") }] });
    },
    ruleFor({ clientId, grantType, scopes: asked }) {
      const fits = policies
        .filter(({ status }) => status === "ACTIVE")
        .filter(({ conditions: { clients } }) =>
          clients.include.some((name) => name === clientId || name === "ALL_CLIENTS"),
        )
        .sort(byPriority);
      const rules = fits.flatMap(({ rules: own }) => own.filter(({ status }) => status === "ACTIVE").sort(byPriority));
      return rules.find(({ conditions: { grantTypes, scopes: allowed } }) => {
        const covers = allowed.include.includes("*") || asked.every((name) => allowed.include.includes(name));
        return grantTypes.include.includes(grantType) && covers;
      });
    },
    async handle(request, [id, collection, ...rest], query) {
      if (id === undefined) return request.method === "GET" ? json(200, [shownServer()]) : refusal("E0000022");
      if (id !== world.serverId) return refusal("E0000007");
      if (collection === undefined) return request.method === "GET" ? json(200, shownServer()) : refusal("E0000022");
      if (collection === "scopes") return scopeRequest(request, rest[0], query);
      if (collection === "policies") return policyRequest(request, rest);
      return refusal("E0000007");
    },
  };
}
