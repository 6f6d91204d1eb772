import { findGatewayCredential, revokeGatewayCredential as writeRevocation } from "#lib/data/gateway-credentials.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { GatewayCredentialId } from "#lib/foundation/ids.ts";
import { defineMutation } from "../verb.ts";
import { GatewayCredentialRef, type GatewayCredentialView } from "./contract.ts";
import { toGatewayCredentialView } from "./views.ts";

/**
 * Revokes a gateway's credential for good: within seconds its gateway learns nothing any more. Safe to
 * repeat; the first time stays.
 *
 * @throws {AppError} `gateway_credential.not_found`
 */
export const revokeGatewayCredential = defineMutation({
  action: "gateway_credential.revoke",
  permission: "gateway_credential:write",
  input: GatewayCredentialRef,
  async run(ctx, input): Promise<GatewayCredentialView> {
    const id = input.id as GatewayCredentialId;
    const before = await findGatewayCredential(ctx, id);
    if (!before) throw new AppError("gateway_credential.not_found");
    const now = ctx.deps.clock.now();
    await writeRevocation(ctx, id, now);
    const after = { ...before, revokedAt: before.revokedAt ?? now };
    ctx.audit({
      subject: { type: "gateway_credential", id, name: before.name },
      before: { revokedAt: before.revokedAt },
      after: { revokedAt: after.revokedAt },
    });
    return toGatewayCredentialView(after);
  },
});
