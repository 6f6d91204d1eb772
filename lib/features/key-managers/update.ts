import type { KeyManagerRecord } from "#lib/data/key-managers.ts";
import { updateKeyManager as writeKeyManager } from "#lib/data/key-managers.ts";
import { AppError, type FieldProblem } from "#lib/foundation/errors.ts";
import { defineMutation } from "../verb.ts";
import { auditState, auditSubject } from "./audit.ts";
import { foreignHosts, isBlank, noConnection, parseConnection } from "./connection.ts";
import { UpdateKeyManagerInput, type KeyManagerView, type ParsedKeyManagerUpdate } from "./contract.ts";
import { connectorOf, openStoredConnection } from "./open.ts";
import { requireKeyManager, requireRevision } from "./refusals.ts";
import { refuseDuplicateIssuer, refuseProblems, settingsProblems, toTokenType } from "./rules.ts";
import { sealSecrets } from "./secrets.ts";
import { isPermanent, toKeyManagerView } from "./views.ts";

/**
 * Replaces the settings of a key manager. Blank secrets keep their value, unless an address that they are
 * sent to is new: then they must be entered again, so that nobody can send them to a host of their own.
 *
 * @throws {AppError} `key_manager.not_found`, `revision.conflict`, `input.invalid` with every problem at its
 *   field, `key_manager.issuer_conflict`
 */
export const updateKeyManager = defineMutation({
  action: "key_manager.update",
  permission: "key_manager:write",
  input: UpdateKeyManagerInput,
  async run(ctx, input): Promise<KeyManagerView> {
    const before = await requireKeyManager(ctx, input.id);
    requireRevision(before, input.revision);
    refuseProblems(nameProblems(before, input));
    const { id, revision, name, tokenTypes, confirmedHosts, connection: raw, ...settings } = input;
    void id;
    void revision;
    void name;
    const connector = connectorOf(before);
    const permanent = isPermanent(before.connectorId);
    const isOnlyExchanged = !tokenTypes.includes("DIRECT") && !permanent;
    const hasStored = Object.keys(before.sealedSecrets).length > 0;
    const connection =
      isOnlyExchanged && !hasStored && isBlank(connector, raw)
        ? noConnection
        : parseConnection(
            connector,
            // What the installation connects itself with is not shown to anybody, and so not sent back either.
            permanent ? before.connection : raw,
            settings,
            openStoredConnection(ctx.deps, ctx.tenant.id, before),
          );
    refuseProblems([
      ...(permanent ? permanentProblems(before, input) : []),
      ...settingsProblems(connector, { ...settings, tokenTypes, confirmedHosts }, hostsOf(before)),
      ...(connection.ok ? [] : connection.problems),
    ]);
    if (!connection.ok) throw new Error("A connection with problems was not refused.");
    if (before.enabled && settings.issuer !== before.issuer) {
      await refuseDuplicateIssuer(ctx, settings.issuer, before.id);
    }
    const place = { tenantId: ctx.tenant.id, id: before.id };
    const after = await writeKeyManager(ctx, before, {
      ...settings,
      displayName: settings.displayName || before.name,
      tokenType: toTokenType(tokenTypes),
      connection: connection.split.plain,
      sealedSecrets: sealSecrets(ctx.deps.vault, place, connection.split.secrets),
    });
    if (!after) throw new AppError("revision.conflict");
    ctx.audit({
      subject: auditSubject(after),
      before: auditState(before),
      after: { ...auditState(after), secretsEntered: connection.entered },
    });
    return toKeyManagerView(after);
  },
});

function nameProblems(before: KeyManagerRecord, { name }: ParsedKeyManagerUpdate): FieldProblem[] {
  if (name === undefined || name === before.name) return [];
  return [{ path: "name", message: `The name cannot be changed: it stays “${before.name}”. Change the display name.` }];
}

/** Hosts that were confirmed when they were stored. */
function hostsOf({ issuer, endpoints }: KeyManagerRecord): string[] {
  return [...foreignHosts(issuer, endpoints).keys()];
}

/** Endpoints of a permanent key manager that are only shown to people. */
const displayed: readonly string[] = ["displayToken", "displayRevocation"];

/** A permanent key manager is made by the installation; its tenant describes it and decides what it offers. */
function permanentProblems(before: KeyManagerRecord, input: ParsedKeyManagerUpdate): FieldProblem[] {
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
