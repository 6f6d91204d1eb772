import { insertKeyManager } from "#lib/data/key-managers.ts";
import { newId, type KeyManagerId } from "#lib/foundation/ids.ts";
import { defineMutation } from "../verb.ts";
import { auditState, auditSubject } from "./audit.ts";
import { isBlank, noConnection, parseConnection } from "./connection.ts";
import { RegisterKeyManagerInput, type KeyManagerView } from "./contract.ts";
import { refuseDuplicateName } from "./refusals.ts";
import { refuseDuplicateIssuer, refuseProblems, requireConnector, settingsProblems, toTokenType } from "./rules.ts";
import { sealSecrets } from "./secrets.ts";
import { toKeyManagerView } from "./views.ts";

/**
 * Adds a key manager. The authorization server is not contacted: prove the connection before with
 * `testConnection`.
 *
 * @throws {AppError} `input.invalid` with every problem at its field, `key_manager.conflict` where the name
 *   is taken, `key_manager.issuer_conflict` where another enabled one has the issuer
 */
export const registerKeyManager = defineMutation({
  action: "key_manager.register",
  permission: "key_manager:write",
  input: RegisterKeyManagerInput,
  async run(ctx, input): Promise<KeyManagerView> {
    const { name, connectorId, tokenTypes, confirmedHosts, connection: raw, ...settings } = input;
    const connector = requireConnector(connectorId);
    const connection =
      tokenTypes.includes("DIRECT") || !isBlank(connector, raw)
        ? parseConnection(connector, raw, settings)
        : noConnection;
    refuseProblems([
      ...settingsProblems(connector, { ...settings, tokenTypes, confirmedHosts }),
      ...(connection.ok ? [] : connection.problems),
    ]);
    if (!connection.ok) throw new Error("A connection with problems was not refused.");
    if (settings.enabled) await refuseDuplicateIssuer(ctx, settings.issuer);

    const id = newId<KeyManagerId>();
    const record = await insertKeyManager(ctx, id, {
      ...settings,
      name,
      displayName: settings.displayName || name,
      connectorId,
      tokenType: toTokenType(tokenTypes),
      connection: connection.split.plain,
      sealedSecrets: sealSecrets(ctx.deps.vault, { tenantId: ctx.tenant.id, id }, connection.split.secrets),
    }).catch(refuseDuplicateName);
    ctx.audit({ subject: auditSubject(record), after: auditState(record) });
    return toKeyManagerView(record);
  },
});
