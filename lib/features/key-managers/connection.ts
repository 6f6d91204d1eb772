/**
 * A connection on its way between a form, its connector's schema and the vault. Secrets that a form left
 * blank are taken from what is stored, but never carried along to an address they were not entered for.
 */
import type { Connector, EndpointName, Endpoints } from "#lib/connector-kit/contract.ts";
import { describeFields, type FieldDescriptor } from "#lib/connector-kit/descriptors.ts";
import { editSchema, mergeSecrets, splitSecrets } from "#lib/connector-kit/edit-schema.ts";
import type { FieldProblem } from "#lib/foundation/errors.ts";
import type { Secret } from "#lib/foundation/secret.ts";

/** A connection in its stored halves. */
export type SplitConnection = { plain: Record<string, unknown>; secrets: Record<string, Secret> };

/** Where a key manager stands: everything that decides to whom credentials are sent. */
export type Whereabouts = { issuer: string; endpoints: Endpoints; connection: Record<string, unknown> };

/** What is stored already: the connection with opened secrets, and the addresses they were entered for. */
export type StoredConnection = SplitConnection & { whereabouts: Whereabouts };

/** A connection ready to be used and stored, or every problem by field. */
export type ParsedConnection =
  | {
      ok: true;
      /** Output of the connector's schema, to open the connector with. */
      connection: unknown;
      /** The halves to store. */
      split: SplitConnection;
      /** Keys of the secrets that were typed this time. */
      entered: string[];
    }
  | { ok: false; problems: FieldProblem[] };

/** Endpoints that receive the administrator's or a client's credentials, or tokens of either. */
const credentialEndpoints = [
  "registration",
  "token",
  "introspection",
  "revocation",
  "scopeManagement",
] as const satisfies readonly EndpointName[];

/**
 * Parses what a form holds, with the stored secrets in the places it left blank.
 *
 * @param raw the connection as it came from the form
 * @param general issuer and endpoints of the same form
 * @param stored absent for a new key manager
 */
export function parseConnection(
  connector: Connector,
  raw: Record<string, unknown>,
  general: Pick<Whereabouts, "issuer" | "endpoints">,
  stored?: StoredConnection,
): ParsedConnection {
  const edited = editSchema(connector.connection).safeParse(raw);
  if (!edited.success) return { ok: false, problems: toProblems(edited.error.issues) };
  const entered = splitSecrets(connector.connection, edited.data);
  const parsed = connector.connection.safeParse(mergeSecrets(connector.connection, edited.data, stored?.secrets ?? {}));
  if (!parsed.success) return { ok: false, problems: toProblems(parsed.error.issues) };
  const split = splitSecrets(connector.connection, parsed.data);
  const kept = Object.keys(split.secrets).filter((key) => !(key in entered.secrets));
  const moved = stored ? newAddresses(connector, { ...general, connection: split.plain }, stored.whereabouts) : [];
  if (kept.length > 0 && moved.length > 0) {
    return { ok: false, problems: reentryProblems(connector, split.plain, { kept, moved }) };
  }
  return { ok: true, connection: parsed.data, split, entered: Object.keys(entered.secrets).sort() };
}

/** The connection of a key manager whose tokens are only exchanged: nobody signs in there. */
export const noConnection: ParsedConnection = {
  ok: true,
  connection: {},
  split: { plain: {}, secrets: {} },
  entered: [],
};

/** True where a form holds nothing but what it began with. */
export function isBlank(connector: Connector, raw: Record<string, unknown>): boolean {
  const leaves = leavesOf(describeFields(connector.connection), raw);
  return leaves.every(({ descriptor, value }) => {
    const fallback = "fallback" in descriptor ? descriptor.fallback : undefined;
    return value === undefined || value === null || value === "" || JSON.stringify(value) === JSON.stringify(fallback);
  });
}

/** Opens nothing and checks nothing new: puts a stored connection together for its connector. */
export function joinConnection(connector: Connector, { plain, secrets }: SplitConnection) {
  return connector.connection.safeParse(mergeSecrets(connector.connection, plain, secrets));
}

/** Hosts other than the issuer's that endpoints would send credentials to, with the endpoints' names. */
export function foreignHosts(issuer: string, endpoints: Endpoints): Map<string, EndpointName[]> {
  const home = URL.parse(issuer)?.host;
  const foreign = new Map<string, EndpointName[]>();
  for (const name of credentialEndpoints) {
    const host = URL.parse(endpoints[name] ?? "")?.host;
    if (host !== undefined && host !== home) foreign.set(host, [...(foreign.get(host) ?? []), name]);
  }
  return foreign;
}

function newAddresses(connector: Connector, next: Whereabouts, before: Whereabouts): string[] {
  const known = new Set(credentialAddresses(connector, before));
  return credentialAddresses(connector, next).filter((address) => !known.has(address));
}

function credentialAddresses(connector: Connector, { issuer, endpoints, connection }: Whereabouts): string[] {
  return [
    issuer,
    ...credentialEndpoints.flatMap((name) => endpoints[name] ?? []),
    ...leavesOf(describeFields(connector.connection), connection)
      .filter(({ descriptor }) => descriptor.kind === "url")
      .flatMap(({ value }) => (typeof value === "string" && value !== "" ? [value] : [])),
  ];
}

function reentryProblems(
  connector: Connector,
  plain: Record<string, unknown>,
  { kept, moved }: { kept: string[]; moved: string[] },
): FieldProblem[] {
  return leavesOf(describeFields(connector.connection), plain).flatMap(({ descriptor, path }) =>
    descriptor.kind === "secret" && kept.includes(descriptor.secretKey)
      ? [
          {
            path: `connection.${path}`,
            message: `Enter “${descriptor.label}” again: it would now be sent to ${moved.join(" and ")}.`,
          },
        ]
      : [],
  );
}

/** Form paths of the secrets that the chosen branches hold, in the order of the form. */
export function secretPaths(connector: Connector, plain: Record<string, unknown>): string[] {
  return leavesOf(describeFields(connector.connection), plain)
    .filter(({ descriptor }) => descriptor.kind === "secret")
    .map(({ path }) => `connection.${path}`);
}

type Leaf = { descriptor: FieldDescriptor; path: string; value: unknown };

/** The fields that a value shows in its form, those of its chosen branches included. */
function leavesOf(descriptors: readonly FieldDescriptor[], value: Record<string, unknown>, prefix = ""): Leaf[] {
  return descriptors.flatMap((descriptor): Leaf[] => {
    const path = `${prefix}${descriptor.name}`;
    const own = value[descriptor.name];
    if (descriptor.kind !== "method") return [{ descriptor, path, value: own }];
    const group = asRecord(own);
    const branch = descriptor.options.find((option) => option.value === group[descriptor.discriminator]);
    return branch ? leavesOf(branch.fields, group, `${path}.`) : [];
  });
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function toProblems(issues: readonly { path: PropertyKey[]; message: string }[]): FieldProblem[] {
  return issues.map(({ path, message }) => ({ path: ["connection", ...path.map(String)].join("."), message }));
}
