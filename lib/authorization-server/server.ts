/** The built-in authorization servers of all tenants, behind one handler for Node's requests. */
import type { IncomingMessage, ServerResponse } from "node:http";
import inject from "light-my-request";
import { LRUCache } from "lru-cache";
import type { Provider } from "oidc-provider";
import type { JWK } from "jose";
import { deleteExpiredAuthorizationState } from "#lib/data/authorization-state.ts";
import type { Database } from "#lib/data/database.ts";
import { findIssuer, type IssuerRecord } from "#lib/data/issuers.ts";
import { deleteExpiredRevocations } from "#lib/data/revocations.ts";
import { deleteExpiredSigningKeys, listOwnersOfKeysOlderThan, type SigningKeyOwner } from "#lib/data/signing-keys.ts";
import type { Vault } from "#lib/data/vault.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import type { DeriveSecret } from "#lib/foundation/derived-secret.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { Log } from "#lib/foundation/log.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { createAccessTokens, type AccessTokens } from "./access-tokens.ts";
import { clientSegment, defaultAudience, issuerOf, mountOf, readTarget, routes, type Target } from "./addresses.ts";
import { createClientSecrets, type ClientSecrets } from "./client-secrets.ts";
import { errorPagePolicy, renderErrorPage } from "./error-page.ts";
import {
  allow,
  deny,
  readInteraction,
  signIn,
  type Continuation,
  type InteractionView,
  type Visitor,
} from "./interactions.ts";
import { makeRequest } from "./made-request.ts";
import { findClients, settleRepeatedSecret, type JsonAnswer } from "./management.ts";
import { buildProvider } from "./provider.ts";
import { openKeySet, rotateKeySet, type KeySet } from "./signing.ts";
import { answerScopeRoute } from "./scope-routes.ts";
import { answerSecretRoute } from "./secret-routes.ts";
import { createScopes, type Scopes } from "./scopes.ts";
import { createStore } from "./store.ts";
import type { VerifySubjectToken } from "./token-exchange.ts";
import { answerUserinfo } from "./userinfo.ts";

export type AuthorizationServerDependencies = {
  database: Database;
  vault: Vault;
  clock: Clock;
  log: Log;
  derive: DeriveSecret;
  /** Scheme, host and port under which the installation is reached; every issuer begins with it. */
  origin: string;
  /** Connectors whose key managers stand for a tenant's own authorization server. */
  connectorIds: readonly string[];
  /** Judges tokens of the tenant's other key managers that are to be exchanged. */
  verifySubjectToken: VerifySubjectToken;
};

export type AuthorizationServer = {
  /** Answers a request. @returns false, with nothing written, where the address is none of ours */
  handle(req: IncomingMessage, res: ServerResponse): Promise<boolean>;
  /** True for a path, without query, that `handle` answers. */
  answers(path: string): boolean;
  /** Answers in this process what would otherwise go out to an address of our own. */
  fetch: OutboundFetch;
  /** True for addresses that `fetch` answers. */
  owns(url: string): boolean;
  /** The tenant's published signing keys; empty for a tenant that is unknown or suspended. */
  publicKeys(tenantId: TenantId): Promise<JWK[]>;
  /** Gives the tenant new signing keys; the old ones stay published until their tokens have expired. */
  rotateSigningKeys(tenantId: TenantId): Promise<void>;
  /** Rotates what is due, backend JWTs' keys too, and removes what has expired. For a job, a few times a day. */
  maintain(): Promise<Maintenance>;
  /** What the sign-in and consent pages work with; null where there is nothing to answer in this browser. */
  interactions: {
    read(slug: string, interactionId: string, cookies: string): Promise<InteractionView | null>;
    signIn(slug: string, interactionId: string, visitor: Visitor): Promise<Continuation | null>;
    allow(slug: string, interactionId: string, visitor: Visitor): Promise<Continuation | null>;
    deny(slug: string, interactionId: string, cookies: string): Promise<Continuation | null>;
  };
};

/** Counts of what was done. */
export type Maintenance = { rotated: number; states: number; revocations: number; signingKeys: number };

/** How long a change by another process (suspension, disabling, rotation) may go unseen here. */
const recheckMs = 2_000;
const maximumTenants = 500;
const rotateAfterMs = 90 * 24 * 60 * 60 * 1000;
/** Expired rows stay for a day: a code or refresh token used late must still be recognised as used. */
const keepExpiredMs = 24 * 60 * 60 * 1000;
const maximumBodyBytes = 56 * 1024;

type Running = {
  issuer: IssuerRecord;
  keySet: KeySet;
  provider: Provider;
  accessTokens: AccessTokens;
  secrets: ClientSecrets;
  scopes: Scopes;
  respond: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
};

/** Opens the authorization servers. Each tenant's is built on first use. */
export function createAuthorizationServer(dependencies: AuthorizationServerDependencies): AuthorizationServer {
  const { database, clock, log, origin, connectorIds } = dependencies;

  const running = new LRUCache<string, Running>({
    max: maximumTenants,
    ttl: recheckMs,
    allowStaleOnFetchRejection: false,
    fetchMethod: async (slug, before) => {
      const issuer = await database.inInstallation((ctx) => findIssuer(ctx, { slug }, connectorIds));
      if (!issuer?.active) return undefined;
      const keySet = await openKeySet(dependencies, ownerOfKeys(issuer.tenantId));
      return before?.keySet.version === keySet.version ? { ...before, issuer } : build(dependencies, issuer, keySet);
    },
  });

  const find = (slug: string) => running.fetch(slug);

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<boolean> {
    const target = readTarget(req.url ?? "");
    if (!target) return false;
    try {
      const tenant = await find(target.slug);
      await (tenant ? answer(dependencies, tenant, target, { req, res }) : answerUnknown(res));
    } catch (error) {
      log.error({ error, path: target.path }, "authorization server failed");
      if (!res.headersSent) send(res, { status: 500, body: { error: "server_error" } });
      else res.destroy();
    }
    return true;
  }

  async function slugOf(tenantId: TenantId): Promise<string | undefined> {
    const issuer = await database.inInstallation((ctx) => findIssuer(ctx, { tenantId }, connectorIds));
    return issuer?.slug;
  }

  async function rotateSigningKeys(tenantId: TenantId): Promise<void> {
    await rotateKeySet(dependencies, ownerOfKeys(tenantId));
    const slug = await slugOf(tenantId);
    if (slug) running.delete(slug);
  }

  async function withTenant<T>(slug: string, work: (options: Parameters<typeof readInteraction>[0]) => Promise<T>) {
    const tenant = await find(slug);
    if (!tenant?.issuer.issuing) return null;
    const { tenantId, name } = tenant.issuer;
    return work({ database, provider: tenant.provider, tenant: { id: tenantId, name } });
  }

  const owns = (url: string) => url.startsWith(`${origin}/t/`) || url.startsWith(`${origin}/.well-known/`);

  return {
    handle,
    answers: (path) => readTarget(path) !== null,
    owns,
    fetch: async (url, init = {}) => {
      const { pathname, search } = new URL(url);
      const response = await inject(
        (req, res) =>
          void handle(req, res as unknown as ServerResponse).then((answered) => {
            if (!answered) send(res, { status: 404, body: { error: "not_found" } });
          }),
        {
          method: init.method ?? "GET",
          url: `${pathname}${search}`,
          headers: { host: new URL(origin).host, ...init.headers },
          ...(init.body === undefined ? {} : { payload: init.body }),
        },
      );
      const headers = new Headers();
      for (const [name, value] of Object.entries(response.headers)) {
        for (const one of [value].flat()) if (one !== undefined) headers.append(name, String(one));
      }
      const bodyless = response.statusCode === 204 || response.statusCode === 304;
      return new Response(bodyless ? null : new Uint8Array(response.rawPayload), {
        status: response.statusCode,
        headers,
      });
    },
    async publicKeys(tenantId) {
      const slug = await slugOf(tenantId);
      return (slug && (await find(slug))?.keySet.published) || [];
    },
    rotateSigningKeys,
    async maintain() {
      const now = clock.now().getTime();
      const due = await database.inInstallation((ctx) => listOwnersOfKeysOlderThan(ctx, new Date(now - rotateAfterMs)));
      for (const owner of due) {
        if (owner.purpose === "AUTHORIZATION_SERVER") await rotateSigningKeys(owner.tenantId);
        else await rotateKeySet(dependencies, owner);
      }
      return database.inInstallation(async (ctx) => ({
        rotated: due.length,
        states: await deleteExpiredAuthorizationState(ctx, new Date(now - keepExpiredMs)),
        revocations: await deleteExpiredRevocations(ctx, new Date(now)),
        signingKeys: await deleteExpiredSigningKeys(ctx, new Date(now)),
      }));
    },
    interactions: {
      read: (slug, id, cookies) => withTenant(slug, (options) => readInteraction(options, id, cookies)),
      signIn: (slug, id, visitor) => withTenant(slug, (options) => signIn(options, id, visitor)),
      allow: (slug, id, visitor) => withTenant(slug, (options) => allow(options, id, visitor)),
      deny: (slug, id, cookies) => withTenant(slug, (options) => deny(options, id, cookies)),
    },
  };
}

function build(dependencies: AuthorizationServerDependencies, issuer: IssuerRecord, keySet: KeySet): Running {
  const { database, clock, derive, origin, connectorIds } = dependencies;
  const accessTokens = createAccessTokens({
    database,
    clock,
    tenantId: issuer.tenantId,
    issuer: issuerOf(origin, issuer.slug),
    published: keySet.published,
  });
  const secrets = createClientSecrets({ database, clock, tenantId: issuer.tenantId });
  const store = createStore({
    ...{ database, clock, secrets },
    tenantId: issuer.tenantId,
    initialAccessToken: derive("built-in.registration", issuer.tenantId),
  });
  const scopes = createScopes({
    ...{ database, clock, connectorIds },
    tenantId: issuer.tenantId,
    audience: defaultAudience(origin, issuer.slug),
  });
  const provider = buildProvider({
    ...{ ...dependencies, store, secrets, scopes },
    tenant: { id: issuer.tenantId, slug: issuer.slug },
    keySet,
    accessTokens,
  });
  return { issuer, keySet, provider, accessTokens, secrets, scopes, respond: provider.callback() };
}

/** Its keys sign tokens of the authorization server, and nothing else. */
function ownerOfKeys(tenantId: TenantId): SigningKeyOwner {
  return { tenantId, purpose: "AUTHORIZATION_SERVER" };
}

type Exchange = { req: IncomingMessage; res: ServerResponse };

async function answer(
  dependencies: AuthorizationServerDependencies,
  tenant: Running,
  target: Target,
  { req, res }: Exchange,
): Promise<void> {
  const { origin } = dependencies;
  trustConfigurationOnly(req, origin);
  const isPage = target.path === routes.authorization || target.path.startsWith(`${routes.authorization}/`);
  // Machines read every route but this one: they get JSON whatever they say they accept.
  if (!isPage) req.headers.accept = "application/json";
  if (!tenant.issuer.issuing && (isPage || target.path === routes.token)) return answerSwitchedOff(res, isPage);

  const own = await answerOwnRoute(dependencies, tenant, target, req);
  if (own) return send(res, own);

  const forwarded = await withSettledSecret(tenant, target, req);
  if (!forwarded) return send(res, { status: 413, body: { error: "invalid_request" } });
  const mount = mountOf(tenant.issuer.slug);
  // The library derives its own mount from these two.
  Object.assign(forwarded, {
    originalUrl: `${mount}${target.path}${target.query}`,
    url: `${target.path}${target.query}`,
  });
  await tenant.respond(forwarded, res);
}

/** Host, scheme and client address as the configuration has them, whatever the request claims. */
function trustConfigurationOnly(req: IncomingMessage, origin: string): void {
  const { host, protocol } = new URL(origin);
  // Every header from which the library's framework reads an address.
  delete req.headers.forwarded;
  delete req.headers["x-forwarded-host"];
  delete req.headers["x-forwarded-for"];
  req.headers.host = host;
  req.headers["x-forwarded-proto"] = protocol.replace(/:$/, "");
}

async function answerOwnRoute(
  { database, clock }: AuthorizationServerDependencies,
  { issuer, provider, accessTokens, secrets, scopes }: Running,
  { path, query }: Target,
  req: IncomingMessage,
): Promise<JsonAnswer | null> {
  const { tenantId } = issuer;
  const issuerAddress = provider.issuer;
  const management = { database, tenantId, issuer: issuerAddress, provider };
  const bearer = /^Bearer ([\x21-\x7e]+)$/i.exec(req.headers.authorization ?? "")?.[1] ?? "";
  if (path === routes.userinfo && (req.method === "GET" || req.method === "POST")) {
    return answerUserinfo({ database, tenantId, issuer: issuerAddress, provider, accessTokens }, bearer);
  }
  const softwareId = new URLSearchParams(query).get("software_id");
  if (path === routes.registration && req.method === "GET" && softwareId) {
    return findClients(management, softwareId, bearer);
  }
  const asked = {
    ...{ path, bearer, method: req.method ?? "GET" },
    readBody: async () => {
      const body = await readBody(req);
      return body === null ? null : (parseObject(body) ?? {});
    },
  };
  return (
    (await answerScopeRoute(management, scopes, asked)) ??
    (await answerSecretRoute({ ...management, secrets, clock }, asked))
  );
}

const clientPath = new RegExp(`^${routes.registration}/(${clientSegment})$`);

/** Replays an update's body with its repeated secret settled; any other request passes as it is. */
async function withSettledSecret(
  { secrets }: Running,
  { path }: Target,
  req: IncomingMessage,
): Promise<IncomingMessage | null> {
  const clientId = clientPath.exec(path)?.[1];
  if (!clientId || req.method !== "PUT") return req;
  const body = await readBody(req);
  if (body === null) return null;
  const metadata = parseObject(body);
  const settled = metadata ? JSON.stringify(await settleRepeatedSecret(secrets, clientId, metadata)) : body;
  const { "transfer-encoding": _chunked, ...headers } = req.headers;
  const length = String(Buffer.byteLength(settled));
  return makeRequest({ method: req.method, headers: { ...headers, "content-length": length }, body: settled });
}

async function readBody(req: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    size += (chunk as Buffer).length;
    if (size > maximumBodyBytes) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    // The library answers a body that is no JSON.
    return null;
  }
}

function answerUnknown(res: ServerResponse): void {
  send(res, { status: 404, body: { error: "not_found", error_description: "there is no such authorization server" } });
}

function answerSwitchedOff(res: ServerResponse, isPage: boolean): void {
  const out = { error: "temporarily_unavailable", error_description: "the administrator switched this server off" };
  if (!isPage) return send(res, { status: 400, body: { ...out, error: "unauthorized_client" } });
  res.writeHead(403, { "content-type": "text/html; charset=utf-8", "content-security-policy": errorPagePolicy });
  res.end(renderErrorPage(out));
}

function send(res: ServerResponse, { status, body, headers = {} }: JsonAnswer): void {
  res.writeHead(status, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers });
  res.end(status === 204 ? undefined : JSON.stringify(body));
}
