/** What the forms of a key manager say, checked against its connector: ready to be sealed and stored. */
import type { Connector } from "#lib/connector-kit/contract.ts";
import { readConstraints } from "#lib/connector-kit/constraints.ts";
import { describeFields } from "#lib/connector-kit/descriptors.ts";
import { fixedProblems, withFixedFields } from "#lib/connector-kit/fixed-fields.ts";
import { patterns } from "#lib/connector-kit/patterns.ts";
import type { KeyManagerValues } from "#lib/data/key-managers.ts";
import type { FieldProblem } from "#lib/foundation/errors.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import {
  foreignHosts,
  isBlank,
  noConnection,
  parseConnection,
  type ParsedConnection,
  type StoredConnection,
} from "./connection.ts";
import type { ParsedKeyManager, ParsedKeyManagerUpdate } from "./contract.ts";
import { connectorOf } from "./open.ts";
import { refuseFixed, refuseProblems, requireConnector, settingsProblems, toTokenType } from "./rules.ts";
import { isPermanent } from "./views.ts";

export type CheckedKeyManager<Values> = {
  /** Everything that is stored, its secrets apart. */
  values: Values;
  /** By field path; sealed for the row that they are stored in. */
  secrets: Record<string, Secret>;
  /** Keys of the secrets that were typed this time. */
  entered: string[];
};

/**
 * Checks the form of a new key manager.
 *
 * @throws {AppError} `input.invalid` with every problem at its field
 */
export function checkRegistration(
  input: ParsedKeyManager,
): CheckedKeyManager<Omit<KeyManagerValues, "sealedSecrets" | "simulated">> {
  const { name, connectorId, tokenTypes, confirmedHosts, connection: raw, ...settings } = input;
  const connector = requireConnector(connectorId);
  const connection =
    tokenTypes.includes("DIRECT") || !isBlank(connector, raw)
      ? parseConnection(connector, raw, settings)
      : noConnection;
  const { constraints, problems } = constraintsOf(connector, settings.constraints);
  const split = requireSplit(connection, [
    ...settingsProblems(connector, { ...settings, tokenTypes, confirmedHosts }),
    ...problems,
  ]);
  const displayName = settings.displayName || name;
  const tokenType = toTokenType(tokenTypes);
  return {
    values: { ...settings, constraints, name, displayName, connectorId, tokenType, connection: split.plain },
    secrets: split.secrets,
    entered: split.entered,
  };
}

/**
 * Checks an edit of a key manager. Blank secrets keep their value, unless an address that they are sent to is new.
 *
 * @param before as it is stored
 * @param open opens what is stored of its connection
 * @throws {AppError} `input.invalid` with every problem at its field, `input.fixed` for fields that cannot be changed
 */
export function checkUpdate(
  before: KeyManagerValues,
  input: ParsedKeyManagerUpdate,
  open: () => StoredConnection,
): CheckedKeyManager<Omit<KeyManagerValues, "sealedSecrets" | "simulated" | "name" | "connectorId" | "enabled">> {
  refuseProblems(nameProblems(before, input));
  const { id, revision, name, tokenTypes, confirmedHosts, connection: raw, ...settings } = input;
  void id;
  void revision;
  void name;
  const connector = connectorOf(before);
  const permanent = isPermanent(before.connectorId);
  const isOnlyExchanged = !tokenTypes.includes("DIRECT") && !permanent;
  const hasStored = Object.keys(before.sealedSecrets).length > 0;
  const fields = describeFields(connector.connection);
  const connection =
    isOnlyExchanged && !hasStored && isBlank(connector, raw)
      ? noConnection
      : // What the installation connects itself with is not shown to anybody, and so not sent back either.
        parseConnection(
          connector,
          permanent ? before.connection : withFixedFields(fields, before.connection, raw),
          settings,
          open(),
        );
  const { constraints, problems } = constraintsOf(connector, settings.constraints);
  const split = requireSplit(connection, [
    ...(permanent ? permanentProblems(before, input) : []),
    ...settingsProblems(connector, { ...settings, tokenTypes, confirmedHosts }, hostsOf(before)),
    ...problems,
  ]);
  // Who was only exchanged with, without a connection, makes one now.
  if (Object.keys(before.connection).length > 0) {
    refuseFixed(fixedProblems(fields, { before: before.connection, after: split.plain, prefix: "connection" }));
  }
  const displayName = settings.displayName || before.name;
  return {
    values: { ...settings, constraints, displayName, tokenType: toTokenType(tokenTypes), connection: split.plain },
    secrets: split.secrets,
    entered: split.entered,
  };
}

function constraintsOf({ client }: Connector, raw: Record<string, unknown>) {
  return readConstraints(describeFields(client), raw, patterns);
}

function requireSplit(connection: ParsedConnection, problems: readonly FieldProblem[]) {
  refuseProblems([...problems, ...(connection.ok ? [] : connection.problems)]);
  if (!connection.ok) throw new Error("A connection with problems was not refused.");
  return { ...connection.split, entered: connection.entered };
}

function nameProblems(before: KeyManagerValues, { name }: ParsedKeyManagerUpdate): FieldProblem[] {
  if (name === undefined || name === before.name) return [];
  return [{ path: "name", message: `The name cannot be changed: it stays “${before.name}”. Change the display name.` }];
}

/** Hosts that were confirmed when they were stored. */
function hostsOf({ issuer, endpoints }: KeyManagerValues): string[] {
  return [...foreignHosts(issuer, endpoints).keys()];
}

/** Endpoints of a permanent key manager that are only shown to people. */
const displayed: readonly string[] = ["displayToken", "displayRevocation"];

/** A permanent key manager is made by the installation; its tenant describes it and decides what it offers. */
function permanentProblems(before: KeyManagerValues, input: ParsedKeyManagerUpdate): FieldProblem[] {
  const same = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right);
  const endpointNames = new Set([...Object.keys(before.endpoints), ...Object.keys(input.endpoints)]);
  const changed = [
    ...(input.issuer === before.issuer ? [] : ["issuer"]),
    ...(input.wellKnownUrl === before.wellKnownUrl ? [] : ["wellKnownUrl"]),
    ...(same(input.signingKeys, before.signingKeys) ? [] : ["signingKeys"]),
    ...(input.consumerKeyClaim === before.consumerKeyClaim ? [] : ["consumerKeyClaim"]),
    ...(input.scopesClaim === before.scopesClaim ? [] : ["scopesClaim"]),
    ...(input.exchangeAudience === before.exchangeAudience ? [] : ["exchangeAudience"]),
    ...(same(input.claimMappings, before.claimMappings) ? [] : ["claimMappings"]),
    ...(toTokenType(input.tokenTypes) === before.tokenType ? [] : ["tokenTypes"]),
    ...[...endpointNames]
      .filter((name) => !displayed.includes(name))
      .filter((name) => (input.endpoints as Record<string, string>)[name] !== before.endpoints[name])
      .map((name) => `endpoints.${name}`),
    ...Object.keys(input.connection).map((name) => `connection.${name}`),
  ];
  return changed.map((path) => ({
    path,
    message: `${before.displayName} is run by this installation: this cannot be changed.`,
  }));
}
