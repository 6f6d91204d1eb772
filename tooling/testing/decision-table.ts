/** The decision table of the validator: what tokens of each kind of key manager open, as data: the shapes of tokens in the folders of connectors, what happens to them in decision-table/. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { connectors } from "#connectors/registry.ts";
import { refusals, type Reason } from "#lib/token-validation/verdict.ts";

const Members = z.record(z.string(), z.unknown());
const expectation = z.union([z.literal("allowed"), z.enum(Object.keys(refusals) as [Reason, ...Reason[]])]);

const Handling = z.union([
  z.strictObject({ kind: z.literal("NONE") }),
  z.strictObject({ kind: z.literal("REFERENCE"), pattern: z.string() }),
  z.strictObject({
    kind: z.literal("JWT"),
    claims: z.array(z.strictObject({ claim: z.string(), pattern: z.string() })),
  }),
]);

/** What an administrator chose for a key manager; the rest is as usual. */
const KeyManager = z
  .strictObject({
    issuer: z.string(),
    enabled: z.boolean(),
    validationMethod: z.enum(["SELF", "INTROSPECT"]),
    signingKeys: z.literal("pem"),
    consumerKeyClaim: z.string(),
    scopesClaim: z.string(),
    claimMappings: z.array(z.strictObject({ remote: z.string(), local: z.string() })),
    tokenHandling: Handling,
  })
  .partial();

/** How one kind of key manager makes its tokens, or answers about them. */
const WrittenShape = z.strictObject({
  id: z.string(),
  what: z.string(),
  issuer: z.string(),
  audience: z.string(),
  client: z.string(),
  /** By what cases tell shapes apart. */
  traits: z.array(z.string()),
  /** Claims that name the client. */
  clientClaims: z.array(z.string()),
  scopesClaim: z.string(),
  keyManager: KeyManager.optional(),
  /** Of a JWT. */
  header: Members.optional(),
  /** For tokens that the server is asked about: how they begin, or "signed" for JWTs. */
  token: z.string().optional(),
  /** Of a JWT, or of the server's answer (RFC 7662). */
  claims: Members,
});

/** How a proof differs from a good one (RFC 9449 §4.2). */
const Proof = z
  .strictObject({
    none: z.literal(true),
    text: z.string(),
    by: z.literal("stranger"),
    header: Members,
    withoutHeader: z.array(z.string()),
    claims: Members,
    claimsAsText: z.array(z.string()),
    without: z.array(z.string()),
    signature: z.literal("stranger"),
  })
  .partial();

const Call = z
  .strictObject({
    method: z.string(),
    path: z.string(),
    /** The caller's request line names the whole address (RFC 9112 §3.2.2); the servers in front of other faces hand its path on. */
    absolute: z.literal(true),
    /** False where the caller sends none. */
    token: z.literal(false),
    scheme: z.literal("DPoP"),
    /** The whole header, for faces that read it. */
    authorization: z.string(),
    proof: Proof,
    /** Null where the gateway does not say at which address it was called. */
    origin: z.null(),
    certificate: z.enum(["holder", "stranger"]),
    operations: z.array(z.string()),
    /** The verdict on the second of two equal calls. */
    twice: z.literal(true),
  })
  .partial();

const Tenant = z
  .strictObject({
    suspended: z.literal(true),
    unknown: z.literal(true),
    keyManager: KeyManager,
    /** Further key managers; like the first, but for what is said here. */
    others: z.array(KeyManager),
    down: z.array(z.enum(["keys", "introspection", "grants"])),
    revoked: z.array(
      z.strictObject({
        kind: z.enum(["TOKEN_ID", "TOKEN_DIGEST", "CONSUMER_KEY", "SUBJECT"]),
        value: z.string(),
        issuedBefore: z.string().optional(),
        keyManager: z.string().optional(),
      }),
    ),
  })
  .partial();

/** How a case differs from the good token of its shape, in front of a call that it opens. */
const Change = z
  .strictObject({
    header: Members,
    withoutHeader: z.array(z.string()),
    headerText: z.string(),
    claims: Members,
    without: z.array(z.string()),
    /** Numbers that are written as texts. */
    claimsAsText: z.array(z.string()),
    claimsText: z.string(),
    /** In every claim that names the client; null for none. */
    client: z.union([z.string(), z.array(z.string()), z.null()]),
    /** In the claim that holds scopes; null for no such claim. */
    scopes: z.union([z.string(), z.array(z.string()), z.null()]),
    scopesAsIs: z.unknown(),
    signature: z.enum(["stranger", "changed", "cut", "longer", "zeros", "of other claims", "shared secret"]),
    /** In place of the token. */
    text: z.string(),
    /** In place of the server's answer. */
    answer: z.unknown(),
    /** The server does not know the token. */
    unknown: z.literal(true),
    tenant: Tenant,
    call: Call,
  })
  .partial();

const Group = z.strictObject({
  what: z.string(),
  /** Ids of shapes, or those whose tokens are signed or asked about; all of them unless it says so. */
  shapes: z.union([z.enum(["signed", "introspected"]), z.array(z.string())]).optional(),
  /** Where every key manager is judged alike: the shapes in detail have all cases, the others the first one. */
  alike: z.literal(true).optional(),
  /** For the shapes in detail alone: no key manager has a part in it. */
  detailed: z.literal(true).optional(),
  /** For every case of the group. */
  claims: Members.optional(),
  scheme: z.literal("DPoP").optional(),
  expect: expectation,
  /** What shapes of an id or a trait give instead; the first that fits counts. */
  except: z.record(z.string(), expectation).optional(),
  /** Whether introspection that names no call calls the token active; where the expectation does not tell. */
  isActive: z.boolean().optional(),
  cases: z.array(Change),
});

const Resource = z.strictObject({ method: z.string(), path: z.string(), scopes: z.array(z.string()) });

const World = z.strictObject({
  apis: z.array(
    z.strictObject({
      context: z.string(),
      kind: z.enum(["HTTP", "GRAPHQL", "WEBSOCKET"]).optional(),
      subscriptionValidation: z.boolean().optional(),
      audiences: z.array(z.string()).optional(),
      keyManagerIds: z.array(z.string()).optional(),
      /** Null for none. */
      subscription: z.enum(["BLOCKED", "PRODUCTION_BLOCKED", "ON_HOLD", "REJECTED"]).nullish(),
      resources: z.array(Resource).optional(),
    }),
  ),
  /** Of APIs that do not say theirs. */
  resources: z.array(Resource),
  /** Ids of shapes that stand for the others where all are judged alike. */
  detailed: z.array(z.string()),
  /** Clients beside the one of the shape, with the type of their keys. */
  clients: z.record(z.string(), z.enum(["PRODUCTION", "SANDBOX"])),
});

export type Shape = z.output<typeof WrittenShape> & {
  /** Id of the connector, whose declaration says what is trusted. */
  connector: string;
};
export type KeyManagerChange = z.output<typeof KeyManager>;
export type TenantChange = z.output<typeof Tenant>;
export type TokenChange = z.output<typeof Change>;
export type ProofChange = z.output<typeof Proof>;
export type TableWorld = z.output<typeof World>;
export type Expectation = z.output<typeof expectation>;

/** One line of the table. */
export type TableCase = {
  /** Unique. */
  name: string;
  shape: Shape;
  change: TokenChange;
  expected: Expectation;
  /** Whether the token is active, whatever it opens; undefined where the expectation tells. */
  isActive: boolean | undefined;
};

export type DecisionTable = { world: TableWorld; shapes: readonly Shape[]; cases: readonly TableCase[] };

const folder = new URL("./decision-table/", import.meta.url);
const files = {
  signed: "signed",
  introspected: "introspected",
  facts: "all",
  settings: "all",
  calls: "detailed",
} as const;

/** Whether a shape's server is asked about its tokens. */
export const isIntrospected = ({ token }: Shape) => token !== undefined;

/**
 * Reads the table: every case with every shape that it is for.
 *
 * @throws {z.ZodError} where a file says something that nobody would read
 */
export function readDecisionTable(): DecisionTable {
  const world = World.parse(read("world"));
  const shapes = connectors.flatMap(({ id }) => shapesOf(id));
  const cases = Object.entries(files).flatMap(([file, meant]) => {
    const groups = z.array(Group).parse(read(file));
    return groups.flatMap((group) =>
      shapes
        .filter((shape) => isMeant(shape, group.shapes ?? (meant === "detailed" ? "all" : meant)))
        .flatMap((shape) => {
          if (world.detailed.includes(shape.id)) return expand(group, shape);
          const isOnlyDetailed = meant === "detailed" || group.detailed;
          return isOnlyDetailed ? [] : expand(group, shape, group.alike ? 1 : undefined);
        }),
    );
  });
  return { world, shapes, cases };
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`${file}.json`, folder), "utf8"));
}

/** Each connector brings the tokens of its vendor along. */
function shapesOf(connector: string): Shape[] {
  const file = new URL(`../../connectors/${connector}/token-shapes.json`, import.meta.url);
  const shapes = z.array(WrittenShape).parse(JSON.parse(readFileSync(file, "utf8")));
  return shapes.map((shape) => ({ ...shape, connector }));
}

function isMeant(shape: Shape, meant: "all" | "signed" | "introspected" | readonly string[]): boolean {
  if (typeof meant !== "string") return meant.some((name) => namesOf(shape).includes(name));
  return meant === "all" || isIntrospected(shape) === (meant === "introspected");
}

/** What cases know a shape by. */
const namesOf = ({ id, traits }: Shape): readonly string[] => [id, ...traits];

function expand({ cases, ...group }: z.output<typeof Group>, shape: Shape, most?: number): TableCase[] {
  const { what, claims, scheme, expect, except = {}, isActive } = group;
  const [, exception] = Object.entries(except).find(([name]) => namesOf(shape).includes(name)) ?? [];
  return cases.slice(0, most).map((change) => ({
    name: `${shape.id}: ${what}: ${JSON.stringify(change)}`,
    shape,
    change: {
      ...change,
      ...(claims && { claims: { ...claims, ...change.claims } }),
      ...(scheme && { call: { scheme, ...change.call } }),
    },
    expected: exception ?? expect,
    isActive,
  }));
}
