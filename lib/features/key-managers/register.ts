import { insertKeyManager } from "#lib/data/key-managers.ts";
import { newId, type KeyManagerId } from "#lib/foundation/ids.ts";
import { requestMirroring } from "../scope-mirrors/request.ts";
import { defineMutation } from "../verb.ts";
import { auditState, auditSubject } from "./audit.ts";
import { checkRegistration } from "./checked.ts";
import { RegisterKeyManagerInput, type KeyManagerView } from "./contract.ts";
import { refuseDuplicateName } from "./refusals.ts";
import { refuseDuplicateIssuer } from "./rules.ts";
import { sealSecrets } from "./secrets.ts";
import { seemsSimulated } from "./simulated.ts";
import { toKeyManagerView } from "./views.ts";

/**
 * Adds a key manager. Of the authorization server nothing is read but whether it is a simulator: prove the connection
 * before with `testConnection`.
 *
 * @throws {AppError} `input.invalid` with every problem at its field, `key_manager.conflict` where the name
 *   is taken, `key_manager.issuer_conflict` where another enabled one has the issuer
 */
export const registerKeyManager = defineMutation({
  action: "key_manager.register",
  permission: "key_manager:write",
  input: RegisterKeyManagerInput,
  async look(ctx, input) {
    const checked = checkRegistration(input);
    return { ...checked, simulated: await seemsSimulated(ctx, checked.values) };
  },
  async run(ctx, _input, { values, secrets, simulated }): Promise<KeyManagerView> {
    if (values.enabled) await refuseDuplicateIssuer(ctx, values);
    const id = newId<KeyManagerId>();
    const record = await insertKeyManager(ctx, id, {
      ...values,
      simulated,
      sealedSecrets: sealSecrets(ctx.deps.vault, { tenantId: ctx.tenant.id, id }, secrets),
    }).catch(refuseDuplicateName);
    await requestMirroring(ctx);
    ctx.audit({ subject: auditSubject(record), after: auditState(record) });
    return toKeyManagerView(record);
  },
});
