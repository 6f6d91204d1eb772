import { isUniqueViolation } from "#lib/data/database.ts";
import { insertCopies, insertGlobalKeyManager, lockServing } from "#lib/data/global-key-managers.ts";
import { newId, type GlobalKeyManagerId } from "#lib/foundation/ids.ts";
import { checkRegistration } from "../key-managers/checked.ts";
import { sealSecrets } from "../key-managers/secrets.ts";
import { seemsSimulated } from "../key-managers/simulated.ts";
import { defineOperatorVerb } from "../verb.ts";
import { auditHere, auditThere, servingInWords, stateHere, stateThere } from "./audit.ts";
import { RegisterGlobalKeyManagerInput, type GlobalKeyManagerView } from "./contract.ts";
import { letTenantsFollow } from "./follow.ts";
import { nameConflict, refuseTakenIssuer, refuseTakenName, requireProof, resolveTenants } from "./serving.ts";
import { toGlobalView } from "./views.ts";

const action = "global_key_manager.register";

/**
 * Adds a key manager of the installation, and hands it to the tenants that it serves. Of the authorization
 * server nothing is read but whether it is a simulator: prove the connection before with `testGlobalConnection`.
 *
 * @throws {AppError} `auth.forbidden` unless an operator asks; `input.invalid` with every problem at its field;
 *   `key_manager.conflict` where the name is taken here or in a tenant; `key_manager.issuer_conflict` where a served
 *   tenant has an enabled key manager with the issuer
 */
export const registerGlobalKeyManager = defineOperatorVerb({
  action,
  input: RegisterGlobalKeyManagerInput,
  async look(caller, { serves: _serves, tenants: _tenants, ...input }) {
    const checked = checkRegistration(input);
    return { ...checked, simulated: await seemsSimulated(caller, checked.values) };
  },
  async run(ctx, { serves, tenants }, { values, secrets, simulated }): Promise<GlobalKeyManagerView> {
    requireProof(values);
    await lockServing(ctx);
    const tenantIds = await resolveTenants(ctx, { serves, tenants });
    await refuseTakenName(ctx, { name: values.name, tenantIds });
    const id = newId<GlobalKeyManagerId>();
    if (values.enabled) await refuseTakenIssuer(ctx, { keyManager: values, tenantIds, except: id });
    const record = await insertGlobalKeyManager(ctx, id, {
      ...values,
      simulated,
      serves,
      sealedSecrets: sealSecrets(ctx.deps.vault, { globalKeyManagerId: id }, secrets),
    }).catch((error: unknown) => {
      if (!isUniqueViolation(error)) throw error;
      throw nameConflict("Another global key manager has this name. Choose a different one.", { cause: error });
    });
    await insertCopies(ctx, id, tenantIds);
    await letTenantsFollow(ctx, id);
    await auditHere(ctx, { keyManager: record, after: { ...stateHere(record), ...servingInWords(serves, tenants) } });
    await auditThere(ctx, { action, keyManager: record, after: stateThere(record) });
    return toGlobalView(ctx, record);
  },
});
