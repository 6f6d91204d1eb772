/**
 * What the validator knows about one tenant: plain data, loaded as a whole and then compiled into tables
 * that answer each question by one look-up. Whom a consumer key belongs to is asked for when a call needs it.
 */
import { Ownership, type TokenHandling } from "./ownership.ts";
import { ResourceTable, type SnapshotResource } from "./resources.ts";
import type { Allowed, KeyType } from "./verdict.ts";

/** What makes a key manager's tokens trustworthy: nothing of it ever comes from a token. */
export type TrustAnchor = {
  keyManagerId: string;
  name: string;
  /** `iss` must equal this, byte for byte. */
  issuer: string;
  enabled: boolean;
  validation: "SELF" | "INTROSPECT";
  signingKeys: { kind: "jwks"; url: string } | { kind: "pem"; value: string } | { kind: "none" };
  /** The claim that the administrator chose; it must be there, and agree with the others that are. */
  consumerKeyClaim: string | null;
  /** Claims in which this kind of server names the client; those present must agree. */
  consumerKeyClaims: readonly string[];
  /** Claims that may hold scopes; the first one present counts. */
  scopesClaims: readonly string[];
  /** Claims that are passed on, and under which name; in the order in which they take up room. */
  claimMappings: readonly { readonly remote: string; readonly local: string }[];
  /** True where the administrator chose the scopes claim: it then stands alone, in tokens and introspection answers. */
  scopesClaimChosen: boolean;
  /** Which tokens are its own, beside what their issuer says. */
  handling: TokenHandling;
  /** JWS algorithms accepted. */
  algorithms: readonly string[];
  /** Accepted `typ` headers, lower-case, without "application/"; empty accepts any that is not known as something else. */
  tokenTypes: readonly string[];
  /** Claim values that mark a token as something else than an access token. */
  refusedClaims: Readonly<Record<string, readonly string[]>>;
  /** Members without which an introspection answer is about something else than an access token. */
  introspectedMembers?: readonly string[];
  /** By what name the tenant's list of revocations speaks of this key manager. */
  revocationName: string;
  /** Changes with every change of the key manager: what was learned under another one is forgotten. */
  fingerprint: string;
};

/** What an API speaks: its resources are paths with methods, operations, or addresses of handshakes. */
export type ApiKind = "HTTP" | "GRAPHQL" | "WEBSOCKET";

export type SnapshotApi = {
  id: string;
  name: string;
  kind: ApiKind;
  context: string;
  version: string;
  /** Ids of the accepted key managers; null accepts all. */
  keyManagerIds: readonly string[] | null;
  subscriptionValidation: boolean;
  /** Empty accepts any audience. */
  audiences: readonly string[];
  resources: readonly SnapshotResource[];
};

export type SubscriptionState = "ACTIVE" | "BLOCKED" | "PRODUCTION_BLOCKED" | "ON_HOLD" | "REJECTED";

/** A plan, as the gateway learns of it. */
export type SnapshotPlan = { readonly id: string; readonly name: string; readonly requestsPerMinute: number | null };

/** One tenant at one version. Only published APIs stand in it. */
export type SnapshotData = {
  tenantId: string;
  version: bigint;
  suspended: boolean;
  /** Of several with one issuer, the first that is enabled and accepted is trusted. */
  trustAnchors: readonly TrustAnchor[];
  plans: readonly SnapshotPlan[];
  apis: readonly SnapshotApi[];
};

/** An API ready to be asked about. */
export type CompiledApi = {
  readonly id: string;
  readonly view: Allowed["api"];
  readonly accepts: (keyManagerId: string) => boolean;
  readonly subscriptionValidation: boolean;
  readonly audiences: ReadonlySet<string>;
  readonly kind: ApiKind;
  /** Of a WebSocket API, all of them are found as GET. */
  readonly resources: ResourceTable;
  /** Of a GraphQL API, by "QUERY orders". */
  readonly operations: ReadonlyMap<string, SnapshotResource>;
};

/** What a consumer key opens: its application, and that application's subscriptions by API. */
export type Grant = {
  readonly application: { readonly id: string; readonly name: string };
  readonly keyType: KeyType;
  readonly subscriptions: ReadonlyMap<string, GrantedSubscription>;
};

export type GrantedSubscription = {
  readonly view: { readonly id: string };
  readonly state: SubscriptionState;
  readonly planId: string;
};

/** One tenant, ready to be asked. */
export type Snapshot = {
  readonly tenantId: string;
  readonly version: bigint;
  readonly suspended: boolean;
  /** Every API that may be called. */
  readonly published: readonly Allowed["api"][];
  /** Whose a token is. */
  readonly owners: Ownership;
  readonly anchorsById: ReadonlyMap<string, TrustAnchor>;
  findApi(context: string, version: string): CompiledApi | null;
  /** The API that serves an address, and the path inside it. */
  route(requestPath: string): { api: CompiledApi; path: string } | null;
  findPlan(id: string): SnapshotPlan | null;
};

/** Builds the tables of one tenant. */
export function compileSnapshot(data: SnapshotData): Snapshot {
  const apis = new Map(data.apis.map((api) => [`${api.context}/${api.version}`, compileApi(api)]));
  const plans = new Map(data.plans.map((plan) => [plan.id, plan]));
  const longestPrefix = Math.max(0, ...[...apis.keys()].map((prefix) => prefix.length));
  return {
    tenantId: data.tenantId,
    version: data.version,
    suspended: data.suspended,
    published: [...apis.values()].map(({ view }) => view),
    owners: new Ownership(data.trustAnchors),
    anchorsById: new Map(data.trustAnchors.map((anchor) => [anchor.keyManagerId, anchor])),
    findApi: (context, version) => apis.get(`${context}/${version}`) ?? null,
    route: (requestPath) => route(apis, longestPrefix, requestPath),
    findPlan: (id) => plans.get(id) ?? null,
  };
}

function compileApi(api: SnapshotApi): CompiledApi {
  const accepted = api.keyManagerIds && new Set(api.keyManagerIds);
  return {
    id: api.id,
    view: { id: api.id, name: api.name, context: api.context, version: api.version },
    accepts: (keyManagerId) => accepted === null || accepted.has(keyManagerId),
    subscriptionValidation: api.subscriptionValidation,
    audiences: new Set(api.audiences),
    kind: api.kind,
    resources: new ResourceTable(resourcesOf(api)),
    operations: new Map(api.kind === "GRAPHQL" ? api.resources.map((one) => [`${one.method} ${one.path}`, one]) : []),
  };
}

/** A WebSocket begins with a GET (RFC 6455 §4.1) or a CONNECT (RFC 8441 §4): the method says nothing about it. */
function resourcesOf({ kind, resources }: SnapshotApi): readonly SnapshotResource[] {
  if (kind === "GRAPHQL") return [];
  return kind === "WEBSOCKET" ? resources.map((resource) => ({ ...resource, method: "GET" })) : resources;
}

/** Longest prefix first: "/sales/orders" wins over "/sales". The prefix is compared byte for byte. */
function route(
  apis: ReadonlyMap<string, CompiledApi>,
  longestPrefix: number,
  requestPath: string,
): { api: CompiledApi; path: string } | null {
  const query = requestPath.search(/[?#]/);
  const path = query < 0 ? requestPath : requestPath.slice(0, query);
  let end = path.length;
  while (end > 0) {
    const api = end <= longestPrefix ? apis.get(path.slice(0, end)) : undefined;
    if (api) return { api, path: path.slice(end) };
    end = path.lastIndexOf("/", Math.min(end - 1, longestPrefix));
  }
  return null;
}
