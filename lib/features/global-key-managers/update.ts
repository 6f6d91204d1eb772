import { listServedTenantIds, updateGlobalKeyManager as write } from "#lib/data/global-key-managers.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { checkUpdate } from "../key-managers/checked.ts";
import { UpdateKeyManagerInput } from "../key-managers/contract.ts";
import { openStoredConnection } from "../key-managers/open.ts";
import { requireRevision } from "../key-managers/refusals.ts";
import { isToldApart } from "../key-managers/rules.ts";
import { sealSecrets } from "../key-managers/secrets.ts";
import { seemsSimulatedStill } from "../key-managers/simulated.ts";
import { refuseDeadSecrets } from "../key-managers/trying.ts";
import { defineOperatorVerb } from "../verb.ts";
import { auditHere, auditThere, stateHere, stateThere } from "./audit.ts";
import type { GlobalKeyManagerView } from "./contract.ts";
import { letTenantsFollow } from "./follow.ts";
import { requireGlobalKeyManager } from "./require.ts";
import { refuseTakenIssuer, requireProof } from "./serving.ts";
import { toGlobalView } from "./views.ts";

const action = "global_key_manager.update";

/**
 * Replaces the settings of a global key manager, here and in every tenant that it serves. Blank secrets keep their
 * value, unless an address that they are sent to is new.
 *
 * @throws {AppError} `auth.forbidden` unless an operator asks; `key_manager.not_found`, `revision.conflict`,
 *   `input.invalid` with every problem at its field, and for secrets that the server of an enabled one does not
 *   accept; `limit.exceeded`, `key_manager.issuer_conflict`
 */
export const updateGlobalKeyManager = defineOperatorVerb({
  action,
  input: UpdateKeyManagerInput,
  async look(caller, input): Promise<boolean> {
    const before = await caller.deps.database.inInstallation((tx) => requireGlobalKeyManager(tx, input.id));
    await refuseDeadSecrets(caller, input, { values: before, row: { globalKeyManagerId: before.id } });
    return seemsSimulatedStill(caller, before, input);
  },
  async run(ctx, input, simulated): Promise<GlobalKeyManagerView> {
    const before = await requireGlobalKeyManager(ctx, input.id);
    requireRevision(before, input.revision);
    const row = { globalKeyManagerId: before.id };
    const { values, secrets, entered } = checkUpdate(before, input, () => openStoredConnection(ctx.deps, row, before));
    requireProof(values);
    if (before.enabled && (values.issuer !== before.issuer || isToldApart(before))) {
      const tenantIds = await listServedTenantIds(ctx, before.id);
      await refuseTakenIssuer(ctx, { keyManager: values, tenantIds, except: before.id });
    }
    const after = await write(ctx, before, {
      ...values,
      simulated,
      sealedSecrets: sealSecrets(ctx.deps.vault, row, secrets),
    });
    if (!after) throw new AppError("revision.conflict");
    await letTenantsFollow(ctx, before.id);
    const told = { ...stateHere(after), secretsEntered: entered };
    await auditHere(ctx, { keyManager: after, before: stateHere(before), after: told });
    await auditThere(ctx, { action, keyManager: after, before: stateThere(before), after: stateThere(after) });
    return toGlobalView(ctx, after);
  },
});
