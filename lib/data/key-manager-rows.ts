/**
 * What the rows of key managers have in common, whether a tenant's or the installation's: columns, JSON inside
 * them, and the orders of their lists.
 */
import { z } from "zod";
import { text } from "#lib/foundation/text.ts";
import type { Prisma } from "./generated/client.ts";

export type KeyManagerTokenType = "DIRECT" | "EXCHANGED" | "BOTH";
export type KeyManagerValidationMethod = "SELF" | "INTROSPECT";
/** A claim of the key manager's tokens, and the name under which it reaches APIs. */
export type ClaimMapping = { remote: string; local: string };
/** Which tokens are a key manager's own, where the issuer alone does not say; patterns are RE2. */
export type StoredTokenHandling =
  | { kind: "NONE" }
  | { kind: "REFERENCE"; pattern: string }
  | { kind: "JWT"; claims: { claim: string; pattern: string }[] };
export type StoredSigningKeys = { kind: "jwks"; url: string } | { kind: "pem"; value: string } | { kind: "none" };

/** A limit on what developers may enter; the members depend on the type. */
export type StoredConstraint =
  | { type: "MIN"; minimum: number }
  | { type: "MAX"; maximum: number }
  | { type: "RANGE"; minimum: number; maximum: number }
  | { type: "ENUM"; allowed: string[] }
  | { type: "REGEX"; pattern: string; words?: string };

/** What lists show of a key manager: nothing that concerns its connection. */
export type KeyManagerFacts = {
  /** Stable identifier; never changes. */
  name: string;
  displayName: string;
  description: string;
  connectorId: string;
  enabled: boolean;
  tokenType: KeyManagerTokenType;
  /** The value that `iss` must equal, byte for byte. */
  issuer: string;
  /** Addresses by endpoint name. */
  endpoints: Record<string, string>;
  grantTypes: string[];
  validationMethod: KeyManagerValidationMethod;
  tokenHandling: StoredTokenHandling;
  tokenGeneration: boolean;
  clientCreation: boolean;
  clientMapping: boolean;
  mappedClientCheck: boolean;
  /** Whether developers choose which scopes the client credentials tokens of a client may carry. */
  applicationScopes: boolean;
  /** Limits on what developers enter, by field key. */
  constraints: Record<string, StoredConstraint>;
  /** Its discovery document said that it is a simulator. */
  simulated: boolean;
};

/** Everything that is written of a key manager. Its secrets are sealed; only lib/features/key-managers opens them. */
export type KeyManagerValues = KeyManagerFacts & {
  wellKnownUrl: string | null;
  /** Null takes the connector's default. */
  consumerKeyClaim: string | null;
  scopesClaim: string | null;
  /** Audience that a token must name to be exchanged; null where tokens are not exchanged. */
  exchangeAudience: string | null;
  claimMappings: ClaimMapping[];
  signingKeys: StoredSigningKeys;
  /** The connection with its secret leaves taken out. */
  connection: Record<string, unknown>;
  /** Field path → sealed secret. */
  sealedSecrets: Record<string, string>;
};

/** What the database keeps of each row by itself. */
export type RowHistory = { revision: number; createdAt: Date; updatedAt: Date };

export const factColumns = {
  id: true,
  name: true,
  displayName: true,
  description: true,
  connectorId: true,
  enabled: true,
  tokenType: true,
  issuer: true,
  endpoints: true,
  grantTypes: true,
  validationMethod: true,
  tokenHandling: true,
  tokenGeneration: true,
  clientCreation: true,
  clientMapping: true,
  mappedClientCheck: true,
  applicationScopes: true,
  constraints: true,
  simulated: true,
  revision: true,
  createdAt: true,
  updatedAt: true,
} as const;

export const valueColumns = {
  ...factColumns,
  wellKnownUrl: true,
  consumerKeyClaim: true,
  scopesClaim: true,
  exchangeAudience: true,
  claimMappings: true,
  signingKeys: true,
  connection: true,
  sealedSecrets: true,
} as const;

const textByName = z.record(z.string(), z.string());
const claimMappingsShape = z.array(z.object({ remote: z.string(), local: z.string() }));
const anyByName = z.record(z.string(), z.unknown());
const signingKeysShape = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("jwks"), url: z.string() }),
  z.object({ kind: z.literal("pem"), value: z.string() }),
  z.object({ kind: z.literal("none") }),
]);

export const tokenHandlingShape = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("NONE") }),
  z.object({ kind: z.literal("REFERENCE"), pattern: z.string() }),
  z.object({ kind: z.literal("JWT"), claims: z.array(z.object({ claim: z.string(), pattern: z.string() })) }),
]);

const constraintShape = z.discriminatedUnion("type", [
  z.object({ type: z.literal("MIN"), minimum: z.number() }),
  z.object({ type: z.literal("MAX"), maximum: z.number() }),
  z.object({ type: z.literal("RANGE"), minimum: z.number(), maximum: z.number() }),
  z.object({ type: z.literal("ENUM"), allowed: z.array(z.string()) }),
  z.object({ type: z.literal("REGEX"), pattern: z.string(), words: z.string().exactOptional() }),
]);
const constraintsShape = z.record(z.string(), constraintShape);

type FactJson = { endpoints: unknown; constraints: unknown; tokenHandling: unknown };
type ValueJson = FactJson & Record<"signingKeys" | "claimMappings" | "connection" | "sealedSecrets", unknown>;

/** Reads the JSON columns of a row with the facts. */
export function readFacts<Row extends FactJson>(row: Row) {
  return {
    ...row,
    endpoints: textByName.parse(row.endpoints),
    constraints: constraintsShape.parse(row.constraints),
    tokenHandling: tokenHandlingShape.parse(row.tokenHandling),
  };
}

/** Reads the JSON columns of a row with every value. */
export function readValues<Row extends ValueJson>(row: Row) {
  return {
    ...readFacts(row),
    signingKeys: signingKeysShape.parse(row.signingKeys),
    claimMappings: claimMappingsShape.parse(row.claimMappings),
    connection: anyByName.parse(row.connection),
    sealedSecrets: textByName.parse(row.sealedSecrets),
  };
}

export const keyManagerSorts = ["name", "-name", "-created"] as const;
export type KeyManagerSort = (typeof keyManagerSorts)[number];

export type KeyManagerListOptions = {
  /** Looked for in name, display name, description and issuer, whatever the case. */
  search?: string | undefined;
  sort: KeyManagerSort;
  cursor?: string | null | undefined;
  limit: number;
};

/** How each order is read: a unique column, so that the last value seen is a complete position. */
const orders = {
  name: { column: "name", direction: "asc" },
  "-name": { column: "name", direction: "desc" },
  // Ids are UUIDs of version 7: their order is the order of creation.
  "-created": { column: "id", direction: "desc" },
} as const satisfies Record<KeyManagerSort, { column: "name" | "id"; direction: "asc" | "desc" }>;

const searchedColumns = ["name", "displayName", "description", "issuer"] as const;

/** The part of a query that finds, orders and cuts a page. */
export function listQuery({ search, sort, cursor, limit }: KeyManagerListOptions) {
  const { column, direction } = orders[sort];
  const after = readSortCursor(cursor, sort);
  return {
    where: {
      AND: [
        search ? { OR: searchedColumns.map((name) => ({ [name]: contains(search) })) } : {},
        after === null ? {} : { [column]: direction === "asc" ? { gt: after } : { lt: after } },
      ],
    },
    orderBy: { [column]: direction },
    take: limit + 1,
  };
}

/** Cuts a page from what `listQuery` found: the extra row only tells that there is more. */
export function toSortedPage<Row extends { id: string; name: string }, Item>(
  rows: readonly Row[],
  { sort, limit }: Pick<KeyManagerListOptions, "sort" | "limit">,
  toItem: (row: Row) => Item,
): { items: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    nextCursor: rows.length > limit && last ? writeSortCursor(sort, last[orders[sort].column]) : null,
  };
}

/** A literal part of the text: the wildcards of LIKE lose their meaning. */
function contains(text: string) {
  return { contains: text.replace(/[\\%_]/g, "\\$&"), mode: "insensitive" as const };
}

const sortCursorShape = z.tuple([z.enum(keyManagerSorts), text(200).min(1)]);

function writeSortCursor(sort: KeyManagerSort, value: string): string {
  return Buffer.from(JSON.stringify([sort, value])).toString("base64url");
}

/** The last value seen; null (the first page) where the cursor is not one of ours or belongs to another order. */
function readSortCursor(cursor: string | null | undefined, sort: KeyManagerSort): string | null {
  if (!cursor) return null;
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return null;
  }
  const parsed = sortCursorShape.safeParse(json);
  if (!parsed.success || parsed.data[0] !== sort) return null;
  const [, value] = parsed.data;
  return sort === "-created" && !z.uuid().safeParse(value).success ? null : value;
}

/** Makes concurrent writers of one issuer, in whichever tenant, wait for each other until the transaction ends. */
export async function lockIssuerIn(db: Pick<Prisma.TransactionClient, "$executeRaw">, issuer: string): Promise<void> {
  await db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`key_manager.issuer:${issuer}`}, 0))`;
}

type JsonColumn =
  "endpoints" | "constraints" | "tokenHandling" | "claimMappings" | "signingKeys" | "connection" | "sealedSecrets";
type WithJson<Values> = Omit<Values, JsonColumn> & {
  [Column in Extract<keyof Values, JsonColumn>]: Prisma.InputJsonValue;
};

/** Prisma's JSON input type has no room for `unknown`; what comes here went through JSON-shaped schemas. */
export function toColumns<Values extends Partial<KeyManagerValues>>(values: Values): WithJson<Values> {
  return values as unknown as WithJson<Values>;
}
