/** The world in which the decision table is judged: a tenant for each of its settings, all in memory. */
import { hash } from "node:crypto";
import { findConnector } from "#connectors/registry.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { Revocations } from "#lib/gateway/revocations.ts";
import { introspect } from "#lib/protocol/introspection.ts";
import { trustAnchorOf } from "#lib/runtime/trust-anchors.ts";
import {
  compileSnapshot,
  type Grant,
  type Snapshot,
  type SnapshotApi,
  type TrustAnchor,
} from "#lib/token-validation/snapshot.ts";
import {
  createValidator,
  defaultLimits,
  type ValidationRequest,
  type Validator,
} from "#lib/token-validation/validator.ts";
import type { TestCertificate } from "./certificates.ts";
import type {
  DecisionTable,
  Expectation,
  KeyManagerChange,
  Shape,
  TableCase,
  TableWorld,
  TenantChange,
} from "./decision-table.ts";
import { tableTime, tokenMaker } from "./table-tokens.ts";

/** One line of the table, ready to be asked. */
export type PreparedCase = {
  name: string;
  shape: Shape;
  expected: Expectation;
  isActive: boolean | undefined;
  tenantId: string;
  /** Undefined where the caller sends none. */
  token: string | undefined;
  method: string;
  path: string;
  /** Whether the caller's request line names the whole address. */
  isAbsolute: boolean;
  operations: readonly string[] | undefined;
  isDpop: boolean;
  /** The gateway's own; undefined where it does not say. */
  origin: string | undefined;
  certificate: TestCertificate | undefined;
  /** The whole `Authorization` header, where the case is about that. */
  authorization: string | undefined;
  isTwice: boolean;
  /** A fresh proof for this call. */
  prove(): string | undefined;
};

/** A call of a case, with the proof that the caller sent. */
type AskedCall = Omit<
  PreparedCase,
  "name" | "shape" | "expected" | "isActive" | "authorization" | "isAbsolute" | "isTwice" | "prove"
> & {
  proof: string | undefined;
};

export type DecisionWorld = {
  cases: readonly PreparedCase[];
  validator: Validator;
  /** What a face would ask the validator. */
  requestOf(call: AskedCall): ValidationRequest;
  /** Which key managers were asked about which token, by tenant and token. */
  shownTo: ReadonlyMap<string, ReadonlySet<string>>;
};

type Tenant = {
  snapshot: Snapshot | null;
  own: TrustAnchor;
  down: ReadonlySet<string>;
  revocations: Revocations;
  grants: ReadonlyMap<string, Grant>;
  /** Introspection answers of the first key manager, by token. */
  answers: Map<string, unknown>;
};

const gatewayOrigin = "https://api.example";

/** Makes the world of a table, and every token in it. */
export async function decisionWorld({ world, shapes, cases }: DecisionTable): Promise<DecisionWorld> {
  const maker = await tokenMaker(shapes);
  const tenants = new Map<string, Tenant>();
  const shownTo = new Map<string, Set<string>>();
  const clock = { now: () => new Date(tableTime * 1000) };

  function anchorOf(shape: Shape, keyManagerId: string, change: KeyManagerChange, areKeysDown: boolean): TrustAnchor {
    const connector = findConnector(shape.connector);
    if (!connector) throw new Error(`There is no connector ${shape.connector}.`);
    const chosen = { ...shape.keyManager, ...change };
    const url = `https://keys.example/${areKeysDown ? "down" : shape.id}`;
    return trustAnchorOf(
      {
        id: keyManagerId,
        displayName: shape.what,
        issuer: chosen.issuer ?? shape.issuer,
        enabled: chosen.enabled ?? true,
        validationMethod: chosen.validationMethod ?? "SELF",
        signingKeys: chosen.signingKeys === "pem" ? { kind: "pem", value: maker.pemOf(shape) } : { kind: "jwks", url },
        revision: 1,
        updatedAt: new Date(0),
        consumerKeyClaim: chosen.consumerKeyClaim ?? null,
        scopesClaim: chosen.scopesClaim ?? null,
        tokenHandling: chosen.tokenHandling ?? { kind: "NONE" },
        claimMappings: chosen.claimMappings ?? [],
      },
      connector,
    );
  }

  function tenantOf(shape: Shape, change: TenantChange): string {
    const tenantId = `${shape.id} ${JSON.stringify(change)}`;
    if (tenants.has(tenantId)) return tenantId;
    const down = new Set<string>(change.down);
    const open = (name: string, settings: KeyManagerChange) =>
      anchorOf(shape, `${tenants.size}-${name}`, settings, down.has("keys"));
    const own = open("own", change.keyManager ?? {});
    const others = (change.others ?? []).map((other, at) => open(`other-${at}`, other));
    const ids: Record<string, string> = { own: own.keyManagerId, other: others[0]?.keyManagerId ?? "nobody" };
    const apis = world.apis.map((api) => apiOf(api, world.resources, (text) => ids[text] ?? maker.fill(shape, text)));
    const suspended = change.suspended ?? false;
    const plans = [{ id: "plan-1", name: "Gold", requestsPerMinute: 600 }];
    const data = { tenantId, version: 1n, suspended, plans, trustAnchors: [own, ...others], apis };
    tenants.set(tenantId, {
      snapshot: change.unknown ? null : compileSnapshot(data),
      own,
      down,
      revocations: new Revocations(),
      grants: grantsOf(shape, world),
      answers: new Map(),
    });
    return tenantId;
  }

  function revoke(tenant: Tenant, shape: Shape, change: TenantChange, digest: string): void {
    for (const { kind, value, issuedBefore, keyManager } of change.revoked ?? []) {
      tenant.revocations.add({
        kind,
        keyManager: keyManager ?? tenant.own.revocationName,
        value: maker.fill(shape, value, { digest }),
        issuedBefore: issuedBefore === undefined ? null : new Date((tableTime + Number(issuedBefore.slice(3))) * 1000),
        expiresAt: new Date((tableTime + 86_400) * 1000),
      });
    }
  }

  function prepare({ name, shape, change, expected, isActive }: TableCase): PreparedCase {
    const { tenant: settings = {}, call = {} } = change;
    const tenantId = tenantOf(shape, settings);
    const tenant = tenantNamed(tenantId);
    const { text, answer } = maker.make(shape, change);
    if (!change.unknown) tenant.answers.set(text, answer);
    revoke(tenant, shape, settings, hash("sha256", text, "base64url"));
    const token = call.token === false ? undefined : text;
    const method = call.method ?? "GET";
    const path = maker.fill(shape, call.path ?? "/orders/1.0.0/items");
    const { proof = {} } = call;
    return {
      name,
      shape,
      expected,
      isActive,
      tenantId,
      token,
      method,
      path,
      isAbsolute: call.absolute ?? false,
      operations: call.operations,
      isDpop: call.scheme === "DPoP",
      origin: call.origin === null ? undefined : gatewayOrigin,
      certificate: call.certificate && maker.certificates[call.certificate],
      authorization:
        call.authorization === undefined ? undefined : maker.fill(shape, call.authorization, { token: text }),
      isTwice: call.twice ?? false,
      prove: () => maker.prove({ token: text, method, url: gatewayOrigin + path }, proof),
    };
  }

  function tenantNamed(tenantId: string): Tenant {
    const tenant = tenants.get(tenantId);
    if (!tenant) throw new Error(`There is no tenant ${tenantId}.`);
    return tenant;
  }

  const validator = createValidator({
    clock,
    // The cases of one server must not make it rest for the others.
    limits: { ...defaultLimits, introspection: { ...defaultLimits.introspection, failuresInARow: Infinity } },
    log: silentLog,
    snapshot: (tenantId) => tenantNamed(tenantId).snapshot,
    grant(tenantId, keyManagerId, consumerKey) {
      const { down, own, grants } = tenantNamed(tenantId);
      if (down.has("grants")) return Promise.reject(new Error("down"));
      return keyManagerId === own.keyManagerId ? (grants.get(consumerKey) ?? null) : null;
    },
    isRevoked: (tenantId, { revocationName }, { facts, digest }) =>
      tenantNamed(tenantId).revocations.covers(revocationName, facts, digest),
    async fetchKeySet(url) {
      const shape = shapes.find(({ id }) => url.endsWith(`/${id}`));
      if (!shape) throw new Error("down");
      return maker.keySetOf(shape);
    },
    introspect({ tenantId, anchor, token }) {
      const { down, own, answers } = tenantNamed(tenantId);
      const place = `${tenantId} ${token}`;
      shownTo.set(place, (shownTo.get(place) ?? new Set()).add(anchor.keyManagerId));
      if (down.has("introspection")) return Promise.reject(new Error("down"));
      const isKnown = anchor.keyManagerId === own.keyManagerId && answers.has(token);
      const answer = isKnown ? answers.get(token) : { active: false };
      // Read as every connector reads it: the answer is hostile until then.
      return introspect(
        { clock, fetch: () => Promise.resolve(Response.json(answer)) },
        {
          introspectionEndpoint: "https://as.example/introspect",
          credentials: { method: "client_secret_basic", clientId: "latchkey", clientSecret: new Secret("s") },
          token: new Secret(token),
        },
      );
    },
  });

  return {
    cases: cases.map(prepare),
    validator,
    shownTo,
    requestOf: ({ tenantId, token, method, path, operations, isDpop, proof, origin, certificate }) => ({
      tenantId,
      token,
      method,
      target: { requestPath: path },
      operations,
      proof: {
        dpop: isDpop ? { proof, url: origin && origin + path } : undefined,
        certificate: certificate?.certificate,
      },
    }),
  };
}

/** @param fill fills in a text of the table, such as the name of a key manager */
function apiOf(
  api: TableWorld["apis"][number],
  resources: TableWorld["resources"],
  fill: (text: string) => string,
): SnapshotApi {
  return {
    id: api.context,
    name: api.context.slice(1),
    kind: api.kind ?? "HTTP",
    context: api.context,
    version: "1.0.0",
    keyManagerIds: api.keyManagerIds?.map(fill) ?? null,
    subscriptionValidation: api.subscriptionValidation ?? true,
    audiences: (api.audiences ?? []).map(fill),
    resources: api.resources ?? resources,
  };
}

/** The one application holds every client of the table, and is subscribed as the APIs say. */
function grantsOf({ client }: Shape, { apis, clients }: TableWorld): Map<string, Grant> {
  const subscribed = apis.filter(({ subscription }) => subscription !== null);
  const subscriptions = new Map(
    subscribed.map(({ context, subscription }) => {
      const state = subscription ?? "ACTIVE";
      return [context, { view: { id: `sub ${context}` }, planId: "plan-1", state }] as const;
    }),
  );
  const application = { id: "app-1", name: "L\u00e4den & Co" };
  const held = Object.entries({ ...clients, [client]: "PRODUCTION" as const });
  return new Map(held.map(([name, keyType]) => [name, { application, keyType, subscriptions }]));
}
