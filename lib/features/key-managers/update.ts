import { updateKeyManager as writeKeyManager } from "#lib/data/key-managers.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { requestNarrowing } from "../key-mappings/narrow-scopes.ts";
import { requestMirroring } from "../scope-mirrors/request.ts";
import { defineMutation } from "../verb.ts";
import { auditState, auditSubject } from "./audit.ts";
import { checkUpdate } from "./checked.ts";
import { UpdateKeyManagerInput, type KeyManagerView } from "./contract.ts";
import { openStoredConnection } from "./open.ts";
import { requireOwnKeyManager, requireRevision } from "./refusals.ts";
import { isToldApart, refuseDuplicateIssuer } from "./rules.ts";
import { sealSecrets } from "./secrets.ts";
import { seemsSimulatedStill } from "./simulated.ts";
import { refuseDeadSecrets } from "./trying.ts";
import { toKeyManagerView } from "./views.ts";

/**
 * Replaces the settings of a key manager. Blank secrets keep their value, unless an address that they are
 * sent to is new: then they must be entered again, so that nobody can send them to a host of their own.
 *
 * @throws {AppError} `key_manager.not_found`, `revision.conflict`, `input.invalid` with every problem at its
 *   field, and for secrets that the server of an enabled one does not accept; `limit.exceeded`, `input.fixed`, `key_manager.issuer_conflict`, `auth.forbidden` for a global one
 */
export const updateKeyManager = defineMutation({
  action: "key_manager.update",
  permission: "key_manager:write",
  input: UpdateKeyManagerInput,
  async look(ctx, input): Promise<boolean> {
    const before = await ctx.deps.database.inTenant(ctx.tenant.id, (tx) => requireOwnKeyManager(tx, input.id));
    const row = { tenantId: ctx.tenant.id, id: before.id };
    await refuseDeadSecrets(ctx, input, { values: before, row });
    return seemsSimulatedStill(ctx, before, input);
  },
  async run(ctx, input, simulated): Promise<KeyManagerView> {
    const before = await requireOwnKeyManager(ctx, input.id);
    requireRevision(before, input.revision);
    const row = { tenantId: ctx.tenant.id, id: before.id };
    const { values, secrets, entered } = checkUpdate(before, input, () => openStoredConnection(ctx.deps, row, before));
    if (before.enabled && (values.issuer !== before.issuer || isToldApart(before))) {
      await refuseDuplicateIssuer(ctx, values, before.id);
    }
    const after = await writeKeyManager(ctx, before, {
      ...values,
      simulated,
      sealedSecrets: sealSecrets(ctx.deps.vault, row, secrets),
    });
    if (!after) throw new AppError("revision.conflict");
    await requestMirroring(ctx);
    if (after.applicationScopes !== before.applicationScopes) await requestNarrowing(ctx, { keyManagerId: after.id });
    ctx.audit({
      subject: auditSubject(after),
      before: auditState(before),
      after: { ...auditState(after), secretsEntered: entered },
    });
    return toKeyManagerView(after);
  },
});
