/**
 * A PingFederate 12 in memory: its administrative API as the published description has it, and its runtime. Both
 * listen on one origin here; a real one has two ports.
 */
import { randomBytes } from "node:crypto";
import { basicAuthorization } from "#lib/connector-kit/sign-in.ts";
import {
  clientCertificateHeader,
  json,
  simulate,
  type SimulatedVendor,
  type Simulator,
} from "#lib/connector-kit/simulator.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { connection, type Connection } from "./config.ts";
import { createEngine, type Manager, type StoredClient } from "./simulator-engine.ts";
import {
  absent,
  clientBody,
  invalid,
  invalidField,
  malformed,
  problemsOf,
  refusal,
  scopeBody,
  secretBody,
  type ClientBody,
  type ScopeBody,
} from "./simulator-rules.ts";

export type SimulatedPingFederateOptions = {
  /** What pf.admin.api.authentication names; both a password and OAuth unless told otherwise. */
  authentication?: readonly ("native" | "OAuth2" | "cert")[];
  /** The certificate that cert_auth.properties names. */
  certificate?: string;
  /** Public keys of the portal's OAuth client, as JWKS; a secret unless given. */
  portalKeys?: string;
  role?: "Admin" | "Auditor";
  /** For how long the server keeps replaced secrets, and whether it insists. */
  retentionMinutes?: number;
  insistsOnRetention?: boolean;
  /** Changes reach the engines at the next replication, a minute later. */
  isCluster?: boolean;
  managers?: readonly Manager[];
};

export type SimulatedPingFederate = SimulatedVendor & {
  connectionInput: Record<string, unknown> & { adminUrl: string };
  /** A client as the administrative node has it. */
  client(clientId: string): StoredClient | undefined;
  /** A client that somebody made in the console. */
  addClient(changes?: Partial<StoredClient>): StoredClient;
  /** Puts the configuration onto the engines. */
  replicate(): void;
  /** Signing in as the portal's OAuth client. */
  oauthSignIn: { method: "client_secret"; clientId: string; clientSecret: string; scopes: string[] };
  pass(seconds: number): void;
};

const apiPath = "/pf-admin-api/v1";
const portalScope = "pf-admin";
const copy = (client: StoredClient): StoredClient => structuredClone(client);

/** Starts a PingFederate; every one is a world of its own. */
export function openSimulatedPingFederate(
  { origin }: { origin: string },
  options: SimulatedPingFederateOptions = {},
): SimulatedPingFederate {
  const { authentication = ["native", "OAuth2"], role = "Admin", retentionMinutes = 0 } = options;
  const managers = options.managers ?? [
    { id: "jwt", canRevoke: true },
    { id: "reference", isReference: true },
  ];
  const clients = new Map<string, StoredClient>();
  const replicated = new Map<string, StoredClient>();
  const scopes = {
    common: new Map<string, ScopeBody>(),
    exclusive: new Map<string, ScopeBody>(),
  };
  /** What was shown encrypted, to what it stands for: no two answers show the same. */
  const encrypted = new Map<string, string>();
  const canaries: string[] = [];
  let offsetSeconds = 0;

  const now = () => Math.floor(Date.now() / 1000) + offsetSeconds;
  const date = (seconds = now()) => new Date(seconds * 1000).toISOString();

  function canary(): string {
    const secret = `canary-${randomBytes(18).toString("base64url")}`;
    canaries.push(secret);
    return secret;
  }

  const engine = createEngine({
    origin,
    now,
    client: (clientId) => (options.isCluster ? replicated : clients).get(clientId),
    isCommonScope: (name) => scopes.common.has(name),
    managers,
    canaries,
  });

  // --- Clients ---

  function encrypt(secret: string): string {
    const text = `OBF:JWE:${randomBytes(24).toString("base64url")}`;
    encrypted.set(text, secret);
    return text;
  }

  function secretsShown({ secret, retained }: Pick<StoredClient, "secret" | "retained">) {
    const kept = retained.filter(({ expiresAt }) => expiresAt > now());
    return {
      ...(secret !== undefined && { encryptedSecret: encrypt(secret) }),
      secondarySecrets: kept.map((one) => ({ encryptedSecret: encrypt(one.secret), expiryTime: date(one.expiresAt) })),
    };
  }

  function shown({ secret, retained, clientAuth, ...client }: StoredClient): ClientBody {
    const usesSecret = ["SECRET", "CLIENT_SECRET_JWT"].includes(clientAuth?.type ?? "NONE");
    return { ...client, clientAuth: { ...clientAuth, ...(usesSecret && secretsShown({ secret, retained })) } };
  }

  type SecretChange = { secret?: string | undefined; encryptedSecret?: string | undefined; secondarySecrets?: unknown };

  /** What becomes of a client's secrets; null where the request is not acceptable. */
  function withSecrets(
    change: SecretChange,
    before: StoredClient | undefined,
  ): Pick<StoredClient, "secret" | "retained" | "clientSecretChangedTime"> | null {
    const secret = change.secret ?? encrypted.get(change.encryptedSecret ?? "");
    if (!secret) return null;
    if (change.secret !== undefined) canaries.push(change.secret);
    const isNew = secret !== before?.secret;
    const listed = change.secondarySecrets as { encryptedSecret?: string; expiryTime?: string }[] | undefined;
    const known = before?.retained ?? [];
    const kept = listed?.map((one) => known.find((old) => old.secret === encrypted.get(one.encryptedSecret ?? "")));
    const retained = (options.insistsOnRetention ? known : (kept ?? known)).filter((one) => one !== undefined);
    if (isNew && before?.secret !== undefined && retentionMinutes > 0) {
      retained.push({ secret: before.secret, expiresAt: now() + retentionMinutes * 60 });
    }
    const clientSecretChangedTime = isNew ? date() : before.clientSecretChangedTime;
    return { secret, retained, ...(clientSecretChangedTime !== undefined && { clientSecretChangedTime }) };
  }

  function store(body: ClientBody & { clientId: string }, before: StoredClient | undefined): Response | StoredClient {
    const problems = problemsOf(body, {
      commonScopes: new Set(scopes.common.keys()),
      exclusiveScopes: new Set(scopes.exclusive.keys()),
      managers: new Set(managers.map(({ id }) => id)),
      policies: new Set(["defaultPolicy"]),
    });
    if (problems.length > 0) return invalid(...problems);
    const { secret, encryptedSecret, secondarySecrets, ...clientAuth } = body.clientAuth ?? {};
    const usesSecret = ["SECRET", "CLIENT_SECRET_JWT"].includes(clientAuth.type ?? "NONE");
    const secrets = usesSecret ? withSecrets({ secret, encryptedSecret, secondarySecrets }, before) : { retained: [] };
    if (!secrets) {
      return invalidField(
        "clientAuth.secret",
        "required_field",
        "A client secret is required for this authentication type.",
      );
    }
    const { replicationStatus: _, clientSecretChangedTime: __, ...members } = body;
    const client: StoredClient = {
      enabled: true,
      redirectUris: [],
      restrictScopes: false,
      restrictedScopes: [],
      exclusiveScopes: [],
      restrictedResponseTypes: [],
      refreshRolling: "SERVER_DEFAULT",
      persistentGrantExpirationType: "SERVER_DEFAULT",
      persistentGrantIdleTimeoutType: "SERVER_DEFAULT",
      bypassApprovalPage: false,
      requireProofKeyForCodeExchange: false,
      ...members,
      ...secrets,
      clientAuth: { type: "NONE", ...clientAuth },
      creationDate: before?.creationDate ?? date(),
      modificationDate: date(),
      ...(options.isCluster && { replicationStatus: "NOT_REPLICATED" }),
    };
    clients.set(client.clientId, client);
    return client;
  }

  function addClient(changes: Partial<StoredClient> = {}): StoredClient {
    const client: StoredClient = {
      clientId: `by-hand-${randomBytes(8).toString("hex")}`,
      name: "By hand",
      grantTypes: ["CLIENT_CREDENTIALS"],
      clientAuth: { type: "SECRET" },
      secret: canary(),
      retained: [],
      ...changes,
    };
    clients.set(client.clientId, client);
    replicated.set(client.clientId, copy(client));
    return client;
  }

  function list(url: URL): Response {
    const filter = url.searchParams.get("filter")?.toLowerCase() ?? "";
    const [page, size] = ["page", "numberPerPage"].map((name) => Number(url.searchParams.get(name) ?? Number.NaN));
    const found = [...clients.values()].filter(({ clientId, name }) =>
      [clientId, name ?? ""].some((text) => text.toLowerCase().includes(filter)),
    );
    const items = size && page ? found.slice((page - 1) * size, page * size) : found;
    return json(200, { items: items.map(shown) });
  }

  function collection(request: Request, url: URL, body: unknown): Response {
    if (request.method === "GET") return list(url);
    if (request.method !== "POST") return notAllowed();
    const parsed = clientBody.safeParse(body);
    if (!parsed.success) return malformed(parsed.error);
    const { clientId = "" } = parsed.data;
    if (clients.has(clientId)) {
      return invalidField("clientId", "client_id_in_use", "The Client ID you specified is already in use.");
    }
    const stored = store({ ...parsed.data, clientId }, undefined);
    return stored instanceof Response ? stored : json(201, shown(stored));
  }

  function item(request: Request, clientId: string, body: unknown): Response {
    const before = clients.get(clientId);
    if (!before) return absent();
    switch (request.method) {
      case "GET":
        return json(200, shown(before));
      case "PUT": {
        const parsed = clientBody.safeParse(body);
        if (!parsed.success) return malformed(parsed.error);
        // The address decides; what the body says about the id is overridden.
        const stored = store({ ...parsed.data, clientId }, before);
        return stored instanceof Response ? stored : json(200, shown(stored));
      }
      case "DELETE":
        clients.delete(clientId);
        return new Response(null, { status: 204 });
      default:
        return notAllowed();
    }
  }

  function secretOf(request: Request, clientId: string, body: unknown): Response {
    const before = clients.get(clientId);
    if (!before) return absent();
    if (request.method === "GET") return json(200, secretsShown(before));
    if (request.method !== "PUT") return notAllowed();
    const parsed = secretBody.safeParse(body);
    if (!parsed.success) return malformed(parsed.error);
    const secrets = withSecrets(parsed.data, before);
    if (!secrets) return invalidField("secret", "required_field", "A client secret is required.");
    const client = { ...before, ...secrets, ...(options.isCluster && { replicationStatus: "NOT_REPLICATED" }) };
    clients.set(clientId, client);
    return json(200, secretsShown(client));
  }

  // --- Scopes and settings ---

  function scopeRequest(
    request: Request,
    kind: keyof typeof scopes,
    name: string | undefined,
    body: unknown,
  ): Response {
    const entries = scopes[kind];
    const existing = name === undefined ? undefined : entries.get(name);
    if (name !== undefined && !existing) return absent();
    if (existing && request.method === "GET") return json(200, existing);
    if (existing && request.method === "DELETE") {
      entries.delete(existing.name);
      return new Response(null, { status: 204 });
    }
    if (request.method !== (existing ? "PUT" : "POST")) return notAllowed();
    const parsed = scopeBody.safeParse(body);
    if (!parsed.success) return malformed(parsed.error);
    const entry = { dynamic: false, ...parsed.data };
    if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(entry.name)) {
      return invalidField("name", "invalid_scope", `The scope value '${entry.name}' contains invalid characters.`);
    }
    if (entry.description === "")
      return invalidField("description", "required_field", "Scope Description is required.");
    const isTaken = Object.values(scopes).some((others) => others.has(entry.name));
    if (isTaken && entry.name !== existing?.name) {
      return invalidField("name", "scope_in_use", `The scope value '${entry.name}' is already defined.`);
    }
    if (existing) entries.delete(existing.name);
    entries.set(entry.name, entry);
    return json(existing ? 200 : 201, entry);
  }

  function serverSettings(): Response {
    return json(200, {
      scopes: [...scopes.common.values()],
      exclusiveScopes: [...scopes.exclusive.values()],
      authorizationCodeTimeout: 60,
      authorizationCodeEntropy: 30,
      refreshTokenLength: 42,
      refreshRollingInterval: 0,
      clientSecretRetentionPeriod: retentionMinutes,
    });
  }

  function managerShown({ id, isReference = false, keyPath, canRevoke = false }: Manager) {
    const plugin = isReference ? "ReferenceBearerAccessTokenManagementPlugin" : "JwtBearerAccessTokenManagementPlugin";
    const fields = [
      { name: "Token Lifetime", value: "120" },
      { name: "Use Centralized Signing Key", value: String(keyPath === undefined) },
      { name: "JWKS Endpoint Path", value: keyPath ?? "" },
      { name: "Enable Token Revocation", value: String(canRevoke) },
    ];
    return {
      id,
      name: id,
      pluginDescriptorRef: { id: `com.pingidentity.pf.access.token.management.plugins.${plugin}` },
      configuration: { tables: [], fields: isReference ? [] : fields },
    };
  }

  // --- The administrative API ---

  const notAllowed = () => refusal(405, "method_not_allowed", "Method not allowed.");

  function isSignedIn(request: Request): boolean {
    const header = request.headers.get("authorization") ?? "";
    const certificate = request.headers.get(clientCertificateHeader);
    if (authentication.includes("native") && header === basicAuthorization(account)) return true;
    if (authentication.includes("cert") && certificate && options.certificate) {
      return decodeURIComponent(certificate).trim() === options.certificate.trim();
    }
    const owner = authentication.includes("OAuth2") ? engine.ownerOf(header.replace(/^Bearer /, "")) : undefined;
    return owner?.clientId === portalClient.clientId && owner.scopes.includes(portalScope);
  }

  async function administration(request: Request, url: URL): Promise<Response> {
    if (!isSignedIn(request))
      return refusal(401, "invalid_credentials", "The credentials you provided were not recognized.");
    if (request.headers.get("x-xsrf-header") !== "PingFederate") {
      return refusal(403, "invalid_xsrf_header", "The X-XSRF-Header header is missing or invalid.");
    }
    if (role === "Auditor" && request.method !== "GET") {
      return refusal(403, "permission_error", "You do not have permission to perform this operation.");
    }
    const isWrite = ["POST", "PUT"].includes(request.method);
    if (isWrite && request.headers.get("content-type")?.split(";")[0] !== "application/json") {
      return refusal(415, "unsupported_media_type", "Content-Type must be application/json.");
    }
    const body: unknown = isWrite ? await request.json().catch(() => undefined) : undefined;
    const [, resource, ...rest] = url.pathname.slice(apiPath.length).split("/").map(decodeURIComponent);
    if (resource === "version" && request.method === "GET") return json(200, { version: "12.1.0.4" });
    if (resource !== "oauth") return absent();
    const [kind, ...names] = rest;
    if (kind === "clients") return clientRequest(request, url, names, body);
    if (kind === "authServerSettings") return settingsRequest(request, names, body);
    if (kind === "accessTokenManagers" && request.method === "GET" && names.length === 0) {
      return json(200, { items: managers.map(managerShown) });
    }
    return absent();
  }

  function clientRequest(request: Request, url: URL, [clientId, ...below]: string[], body: unknown): Response {
    if (clientId === undefined) return collection(request, url, body);
    if (below.length === 0) return item(request, clientId, body);
    return below.join("/") === "clientAuth/clientSecret" ? secretOf(request, clientId, body) : absent();
  }

  function settingsRequest(request: Request, [below, kind, name]: string[], body: unknown): Response {
    if (below === undefined) return request.method === "GET" ? serverSettings() : notAllowed();
    if (below !== "scopes") return absent();
    if (kind === "commonScopes") return scopeRequest(request, "common", name, body);
    return kind === "exclusiveScopes" ? scopeRequest(request, "exclusive", name, body) : absent();
  }

  function replicate(): void {
    replicated.clear();
    for (const client of clients.values()) {
      if (client.replicationStatus !== undefined) client.replicationStatus = "REPLICATED";
      replicated.set(client.clientId, copy(client));
    }
  }

  // --- What an administrator has set up ---

  for (const name of ["openid", "profile"])
    scopes.common.set(name, { name, description: `The scope ${name}`, dynamic: false });
  scopes.exclusive.set(portalScope, { name: portalScope, description: "The administrative API", dynamic: false });
  const account = { username: "latchkey", password: new Secret(canary()) };
  const resourceServer = addClient({
    clientId: "gateway",
    grantTypes: ["ACCESS_TOKEN_VALIDATION"],
    validateUsingAllEligibleAtms: true,
  });
  const portalClient = addClient({
    clientId: "latchkey-portal",
    exclusiveScopes: [portalScope],
    ...(options.portalKeys !== undefined && {
      clientAuth: { type: "PRIVATE_KEY_JWT" },
      jwksSettings: { jwks: options.portalKeys },
    }),
  });

  const introspection = { method: "client_secret", clientId: "gateway", clientSecret: resourceServer.secret };
  const password = account.password.reveal();
  const connectionInput = {
    adminUrl: origin,
    signIn: { method: "basic", username: account.username, password },
    introspection,
  };
  const connectionOf = (input: unknown): Connection => connection.parse(input);

  return {
    ...simulate(
      [origin],
      (request) => {
        const url = new URL(request.url);
        return url.pathname.startsWith(`${apiPath}/`) ? administration(request, url) : engine.handle(request, url);
      },
      { absent },
    ),
    wellKnownUrl: `${origin}/.well-known/openid-configuration`,
    settings: {
      issuer: origin,
      endpoints: {
        token: `${origin}/as/token.oauth2`,
        introspection: `${origin}/as/introspect.oauth2`,
        revocation: `${origin}/as/revoke_token.oauth2`,
      },
      signingKeys: { kind: "jwks", url: `${origin}/pf/JWKS` },
      connection: connectionOf(connectionInput),
    },
    connectionInput,
    refusedConnectionInput: {
      ...connectionInput,
      signIn: { method: "basic", username: account.username, password: "not-the-password" },
    },
    canaries,
    scope: "openid",
    createClient() {
      const { clientId, secret = "" } = addClient();
      return Promise.resolve({ clientId, clientSecret: secret });
    },
    client: (clientId) => clients.get(clientId),
    addClient,
    replicate,
    oauthSignIn: {
      method: "client_secret",
      clientId: portalClient.clientId,
      clientSecret: portalClient.secret ?? "",
      scopes: [portalScope],
    },
    pass(seconds) {
      offsetSeconds += seconds;
      // Engines look for a newer configuration once a minute.
      if (seconds >= 60) replicate();
    },
  };
}

export const simulator: Simulator = {
  connectorId: "pingfederate",
  open: (place) => openSimulatedPingFederate(place),
};
