import { isUniqueViolation } from "#lib/data/database.ts";
import { insertGatewayCredential } from "#lib/data/gateway-credentials.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { randomToken, tokenDigest } from "#lib/foundation/ids.ts";
import { actorId } from "../context.ts";
import { defineMutation } from "../verb.ts";
import { CreateGatewayCredentialInput, type NewGatewayCredentialView } from "./contract.ts";
import { toGatewayCredentialView } from "./views.ts";

/** Says what it is: secret scanners and people recognise it. */
const marker = "lkg_";
const prefixLength = marker.length + 6;

/**
 * Makes a credential with which one gateway asks about calls to this tenant's APIs. Only its digest is
 * stored: the view that is returned is the one chance to see it.
 *
 * @throws {AppError} `gateway_credential.conflict` where the name is taken
 */
export const createGatewayCredential = defineMutation({
  action: "gateway_credential.create",
  permission: "gateway_credential:write",
  input: CreateGatewayCredentialInput,
  async run(ctx, { name }): Promise<NewGatewayCredentialView> {
    const createdById = actorId(ctx.actor);
    if (createdById === null) throw new AppError("auth.forbidden", { message: "Only a person may do this." });
    const credential = `${marker}${randomToken()}`;
    const record = await insertGatewayCredential(ctx, {
      name,
      prefix: credential.slice(0, prefixLength),
      tokenHash: tokenDigest(credential),
      createdById,
    }).catch(refuseDuplicate);
    ctx.audit({
      subject: { type: "gateway_credential", id: record.id, name },
      after: { name, prefix: record.prefix },
    });
    return { ...toGatewayCredentialView(record), credential };
  },
});

function refuseDuplicate(error: unknown): never {
  if (!isUniqueViolation(error)) throw error;
  throw new AppError("gateway_credential.conflict", {
    fields: [
      { path: "name", message: "Another credential, perhaps a revoked one, has this name. Choose a different one." },
    ],
    cause: error,
  });
}
