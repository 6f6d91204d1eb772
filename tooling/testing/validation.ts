/** A validator in a small world: two key managers, one API, and a clock that the test moves. */
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTHeaderParameters } from "jose";
import { silentLog } from "#lib/foundation/log.ts";
import type { TokenFacts } from "#lib/token-validation/facts.ts";
import type { IntrospectionAnswer } from "#lib/token-validation/introspection.ts";
import {
  compileSnapshot,
  type Grant,
  type SnapshotApi,
  type SnapshotData,
  type SubscriptionState,
  type TrustAnchor,
} from "#lib/token-validation/snapshot.ts";
import {
  createValidator,
  type ValidationRequest,
  type Validator,
  type ValidatorLimits,
  type ValidatorPorts,
} from "#lib/token-validation/validator.ts";
import type { Allowed, KeyType, Verdict } from "#lib/token-validation/verdict.ts";

export const issuer = "https://id.example/realms/shop";
export const keySetUrl = `${issuer}/keys`;
export const consumerKey = "shop-client";
export const tenantId = "tenant-a";

export type SigningPair = { algorithm: string; keyId: string; privateKey: CryptoKey; publicJwk: JWK };

/** A fresh key pair, with the JWK as a server would publish it. */
export async function signingPair(algorithm = "ES256", keyId = "key-1"): Promise<SigningPair> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid: keyId, alg: algorithm, use: "sig" };
  return { algorithm, keyId, privateKey, publicJwk };
}

export type TokenParts = {
  header?: Record<string, unknown> | undefined;
  claims?: Record<string, unknown> | undefined;
};

/** Claims of a good access token (RFC 9068 §2.2) at a time. */
export function goodClaims(nowSeconds: number): Record<string, unknown> {
  return {
    iss: issuer,
    sub: "user-1",
    aud: "https://orders.example",
    client_id: consumerKey,
    scope: "orders:read orders:write",
    jti: "token-1",
    iat: nowSeconds,
    exp: nowSeconds + 300,
  };
}

/** Signs a token; a claim or header set to undefined is left out. */
export async function signToken(
  pair: SigningPair,
  { header = {}, claims = {} }: TokenParts,
  nowSeconds: number,
): Promise<string> {
  const protectedHeader = { alg: pair.algorithm, kid: pair.keyId, typ: "at+jwt", ...header };
  return new SignJWT(withoutUndefined({ ...goodClaims(nowSeconds), ...claims }))
    .setProtectedHeader(withoutUndefined(protectedHeader) as JWTHeaderParameters)
    .sign(pair.privateKey);
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

export const trustAnchor: TrustAnchor = {
  keyManagerId: "km-1",
  name: "Shop identity",
  issuer,
  enabled: true,
  validation: "SELF",
  signingKeys: { kind: "jwks", url: keySetUrl },
  consumerKeyClaim: null,
  consumerKeyClaims: ["client_id", "azp"],
  scopesClaims: ["scope", "scp"],
  claimMappings: [],
  scopesClaimChosen: false,
  handling: { kind: "NONE" },
  algorithms: ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"],
  tokenTypes: ["at+jwt", "jwt"],
  refusedClaims: { typ: ["ID", "Refresh"] },
  revocationName: "",
  fingerprint: "km-1:1",
};

export const ordersApi: SnapshotApi = {
  id: "api-1",
  name: "Orders",
  kind: "HTTP",
  context: "/orders",
  version: "1.0.0",
  keyManagerIds: null,
  subscriptionValidation: true,
  audiences: [],
  resources: [
    { method: "GET", path: "/items", scopes: ["orders:read"] },
    { method: "GET", path: "/items/{id}", scopes: ["orders:read"] },
    { method: "DELETE", path: "/items/{id}", scopes: ["orders:admin"] },
    { method: "GET", path: "/status", scopes: [] },
  ],
};

export const snapshotData: SnapshotData = {
  tenantId,
  version: 1n,
  suspended: false,
  trustAnchors: [trustAnchor],
  plans: [{ id: "plan-1", name: "Gold", requestsPerMinute: 600 }],
  apis: [ordersApi],
};

/** Who holds which consumer key, and is subscribed to what. */
export type GrantData = {
  applications: readonly { id: string; name: string }[];
  keyMappings: readonly { keyManagerId: string; consumerKey: string; applicationId: string; keyType: KeyType }[];
  subscriptions: readonly {
    id: string;
    applicationId: string;
    apiId: string;
    planId: string;
    state: SubscriptionState;
  }[];
};

export const grantData: GrantData = {
  applications: [{ id: "app-1", name: "Shop" }],
  keyMappings: [{ keyManagerId: "km-1", consumerKey, applicationId: "app-1", keyType: "PRODUCTION" }],
  subscriptions: [{ id: "sub-1", applicationId: "app-1", apiId: "api-1", planId: "plan-1", state: "ACTIVE" }],
};

/** What is true about a token of which nothing is said. */
export const noFacts: TokenFacts = {
  consumerKey: null,
  subject: null,
  scopes: [],
  claims: {},
  audiences: [],
  expiresAt: null,
  notBefore: null,
  issuedAt: null,
  tokenId: null,
  binding: null,
};

/** A verdict with everything that one may hold. */
export const allowedVerdict: Allowed = {
  allowed: true,
  api: { id: "api-1", name: "Orders", context: "/orders", version: "1.0.0" },
  keyManager: { id: "km-1", name: "Shop identity" },
  consumerKey,
  keyType: "PRODUCTION",
  application: { id: "app-1", name: "Läden & Co" },
  subscription: { id: "sub-1" },
  plan: { id: "plan-1", name: "Gold", requestsPerMinute: 600 },
  subject: "user-1",
  scopes: ["orders:read", "a b"],
  claims: { department: ["North"] },
  expiresAt: null,
  backendToken: null,
};

export type ValidationWorld = {
  /** Milliseconds since the epoch; move it to let time pass. */
  time: number;
  nowSeconds(): number;
  /** What the key set address answers; throw from it to fail. */
  keySet: () => unknown;
  keySetFetches: string[];
  introspect: (token: string) => IntrospectionAnswer | Promise<IntrospectionAnswer>;
  introspections: { keyManagerId: string; token: string }[];
  /** Names of key managers in the list of revocations, each followed by a token id. */
  revoked: Set<string>;
  /** Replaces what is known of the tenant. */
  change(change: Partial<SnapshotData & GrantData>): void;
  /** Replaces how it is found out what a consumer key opens. */
  grant: ValidatorPorts["grant"];
  /** From here on, everything that could leave the process fails the test. */
  cutOff(): void;
  validate(token: string | undefined, request?: Partial<ValidationRequest>): Promise<Verdict>;
  inspect: (token: string) => ReturnType<Validator["inspect"]>;
  explain(token: string | undefined, request?: Partial<ValidationRequest>): ReturnType<Validator["explain"]>;
};

/** Makes the world with one published key; everything in it may be changed. */
export function validationWorld(keys: readonly JWK[], limits?: ValidatorLimits): ValidationWorld {
  let snapshot = compileSnapshot(snapshotData);
  let grants = grantData;
  let isCutOff = false;
  const refuseIo = () => {
    if (isCutOff) throw new Error("The warm path reached out.");
  };
  const world: ValidationWorld = {
    time: Date.parse("2026-01-01T00:00:00Z"),
    nowSeconds: () => Math.floor(world.time / 1000),
    keySet: () => ({ keys }),
    keySetFetches: [],
    introspect: () => ({ active: false }),
    introspections: [],
    revoked: new Set(),
    change({ applications, keyMappings, subscriptions, ...change }) {
      snapshot = compileSnapshot({ ...snapshotData, version: snapshot.version + 1n, ...change });
      grants = {
        applications: applications ?? grantData.applications,
        keyMappings: keyMappings ?? grantData.keyMappings,
        subscriptions: subscriptions ?? grantData.subscriptions,
      };
    },
    grant: (_tenant, keyManagerId, key) => findGrant(grants, keyManagerId, key),
    cutOff: () => (isCutOff = true),
    validate: async (token, request = {}) => validator.validate(callWith(token, request)),
    inspect: (token) => validator.inspect(tenantId, token),
    explain: (token, request = {}) => validator.explain(callWith(token, request)),
  };
  const validator = createValidator({
    clock: { now: () => new Date(world.time) },
    timer: () => world.time,
    log: silentLog,
    snapshot: (asked) => (asked === tenantId ? snapshot : null),
    grant: (...asked) => world.grant(...asked),
    isRevoked: (_tenant, { revocationName }, { facts }) => world.revoked.has(`${revocationName}${facts.tokenId}`),
    fetchKeySet: async (url) => {
      refuseIo();
      world.keySetFetches.push(url);
      return world.keySet();
    },
    introspect: async ({ anchor, token }) => {
      refuseIo();
      world.introspections.push({ keyManagerId: anchor.keyManagerId, token });
      return world.introspect(token);
    },
    ...(limits ? { limits } : {}),
  });
  return world;
}

function callWith(token: string | undefined, request: Partial<ValidationRequest>): ValidationRequest {
  return { tenantId, token, method: "GET", target: { requestPath: "/orders/1.0.0/items" }, ...request };
}

/** What a consumer key opens at a key manager. */
export function findGrant(data: GrantData, keyManagerId: string, key: string): Grant | null {
  const mapping = data.keyMappings.find((one) => one.keyManagerId === keyManagerId && one.consumerKey === key);
  const application = data.applications.find(({ id }) => id === mapping?.applicationId);
  if (!mapping || !application) return null;
  const own = data.subscriptions.filter(({ applicationId }) => applicationId === application.id);
  const subscriptions = own.map(({ id, apiId, planId, state }) => [apiId, { view: { id }, planId, state }] as const);
  return { application, keyType: mapping.keyType, subscriptions: new Map(subscriptions) };
}
