import { findBackendJwt, saveBackendJwt } from "#lib/data/backend-jwt.ts";
import { defineMutation } from "../verb.ts";
import { BackendJwtInput, defaultBackendJwt, type BackendJwtView } from "./contract.ts";
import { toBackendJwtView } from "./views.ts";

/**
 * Changes what the tenant's backends are told with each allowed call. Gateways follow within seconds; the keys are made
 * when the first gateway or backend asks for them.
 */
export const updateBackendJwt = defineMutation({
  action: "backend_jwt.update",
  permission: "backend_jwt:write",
  input: BackendJwtInput,
  async run(ctx, input): Promise<BackendJwtView> {
    const before = (await findBackendJwt(ctx)) ?? defaultBackendJwt;
    const after = { ...input, omittedClaims: [...new Set(input.omittedClaims)] };
    await saveBackendJwt(ctx, after);
    ctx.audit({ subject: { type: "backend_jwt", id: ctx.tenant.id, name: "Backend JWT" }, before, after });
    return toBackendJwtView(ctx, after);
  },
});
