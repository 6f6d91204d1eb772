import { findConnector } from "#connectors/registry.ts";
import { limitProblems, withNearestDefaults } from "#lib/connector-kit/constraints.ts";
import type { Connector } from "#lib/connector-kit/contract.ts";
import { fixedProblems, withFixedFields } from "#lib/connector-kit/fixed-fields.ts";
import { patterns } from "#lib/connector-kit/patterns.ts";
import { findKeyManager, type KeyManagerRecord } from "#lib/data/key-managers.ts";
import type { StoredClient } from "#lib/data/key-mappings.ts";
import { AppError, type FieldProblem } from "#lib/foundation/errors.ts";
import type { KeyManagerId } from "#lib/foundation/ids.ts";
import { refuseFixed } from "../key-managers/rules.ts";
import { clientFormOf, offeredGrantTypes } from "../key-managers/views.ts";
import type { QueryContext } from "../verb.ts";
import { keyTypeLabels, needsRedirectUri, type KeyType } from "./contract.ts";

export type UsableKeyManager = { record: KeyManagerRecord; connector: Connector };

/**
 * A key manager that a developer may work with now.
 *
 * @throws {AppError} `key_manager.not_found`, `key_manager.disabled`, `key_manager.misconfigured`
 */
export async function requireUsableKeyManager(ctx: QueryContext, id: string): Promise<UsableKeyManager> {
  const record = await findKeyManager(ctx, id as KeyManagerId);
  if (!record) throw new AppError("key_manager.not_found");
  if (!record.enabled) {
    throw new AppError("key_manager.disabled", { message: `${record.displayName} is disabled.` });
  }
  const connector = findConnector(record.connectorId);
  if (!connector) {
    throw new AppError("key_manager.misconfigured", {
      message: `${record.displayName} needs a connector that this installation does not have.`,
    });
  }
  return { record, connector };
}

/** @throws {AppError} `key_manager.not_allowed` where its tokens do not reach APIs directly */
export function requireDirectTokens({ displayName, tokenType }: KeyManagerRecord): void {
  if (tokenType !== "EXCHANGED") return;
  throw new AppError("key_manager.not_allowed", {
    message: `Tokens of ${displayName} are exchanged before they reach an API, so it takes no keys of its own.`,
  });
}

type AskedClient = { grantTypes: string[]; redirectUris: string[]; settings: Record<string, unknown> };

/**
 * Checks what a developer asks of a client against the key manager, its administrator's limits and its connector's own
 * schema. A default that is outside a limit gives way to the nearest value within.
 *
 * @param before the client's settings as they are stored; absent for a new client
 * @returns the client with the connector's fields parsed, defaults included
 * @throws {AppError} `input.invalid` with every problem at its field, `input.fixed` for fields that cannot be changed
 */
export function checkClient(
  keyManager: UsableKeyManager,
  { name, before }: { name: string; before?: Record<string, unknown> },
  asked: AskedClient,
): StoredClient {
  const { grantTypes, redirectUris } = asked;
  const problems: FieldProblem[] = [];
  const offered = offeredGrantTypes(keyManager.record, keyManager.connector);
  const foreign = grantTypes.filter((grantType) => !offered.includes(grantType));
  if (foreign.length > 0) {
    problems.push({
      path: "grantTypes",
      message: `${keyManager.record.displayName} does not offer ${foreign.join(", ")}. Choose among: ${offered.join(", ")}.`,
    });
  }
  if (needsRedirectUri(grantTypes) && redirectUris.length === 0) {
    problems.push({ path: "redirectUris", message: "Enter the callback URL: the chosen grant types need one." });
  }
  if (!needsRedirectUri(grantTypes) && redirectUris.length > 0) {
    problems.push({ path: "redirectUris", message: "None of the chosen grant types uses a callback URL. Remove it." });
  }
  const { connector, record } = keyManager;
  const { clientFields } = clientFormOf(connector, record.constraints);
  const wanted = withNearestDefaults(
    clientFields,
    before ? withFixedFields(clientFields, before, asked.settings) : asked.settings,
    before,
  );
  const parsed = connector.client.safeParse(wanted);
  const settings = parsed.success ? (parsed.data as Record<string, unknown>) : wanted;
  problems.push(...outsideLimits(keyManager, { redirectUris, settings }));
  const told = new Set(problems.map(({ path }) => path));
  for (const issue of parsed.error?.issues ?? []) {
    const path = ["settings", ...issue.path].join(".");
    if (!told.has(path)) problems.push({ path, message: issue.message });
  }
  if (problems.length > 0) throw new AppError("input.invalid", { fields: problems });
  if (before) refuseFixed(fixedProblems(clientFields, { before, after: settings, prefix: "settings" }));
  return { name, grantTypes, redirectUris, settings };
}

/** What of a client is outside the administrator's limits, each at its field. */
export function outsideLimits(
  { connector, record }: UsableKeyManager,
  { redirectUris, settings }: Pick<StoredClient, "redirectUris" | "settings">,
): FieldProblem[] {
  const { callbackUrls, clientFields } = clientFormOf(connector, record.constraints);
  return [
    ...limitProblems([callbackUrls], { redirectUris }, { prefix: "", matches: patterns.matches }),
    ...limitProblems(clientFields, settings, { prefix: "settings", matches: patterns.matches }),
  ];
}

/** The name under which a client is registered, so that people recognise it at the key manager. */
export function clientNameOf(applicationName: string, keyType: KeyType): string {
  return `${applicationName} (${keyTypeLabels[keyType]})`;
}
