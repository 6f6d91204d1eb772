import { findConnector } from "#connectors/registry.ts";
import { isUniqueViolation } from "#lib/data/database.ts";
import { insertGatewayCredential } from "#lib/data/gateway-credentials.ts";
import { findKeyManager } from "#lib/data/key-managers.ts";
import { AppError, fieldError } from "#lib/foundation/errors.ts";
import { randomToken, tokenDigest, type KeyManagerId } from "#lib/foundation/ids.ts";
import { actorId } from "../context.ts";
import { defineMutation, type QueryContext } from "../verb.ts";
import { CreateGatewayCredentialInput, type NewGatewayCredentialView } from "./contract.ts";
import { toGatewayCredentialView } from "./views.ts";

/** They say what a credential is for: secret scanners and people recognise it. */
const markers = { gateway: "lkg_", reporter: "lkr_" } as const;
const shownCharacters = 6;

/**
 * Makes a credential with which one gateway asks about calls to this tenant's APIs, or one with which a key manager
 * reports what it revokes; neither does the other's work. Only its digest is stored: the view that is returned is the
 * one chance to see it.
 *
 * @throws {AppError} `gateway_credential.conflict` where the name is taken, `input.invalid` at reports for a key manager
 *   that does not exist here or is the tenant's own
 */
export const createGatewayCredential = defineMutation({
  action: "gateway_credential.create",
  permission: "gateway_credential:write",
  input: CreateGatewayCredentialInput,
  async run(ctx, { name, reports }): Promise<NewGatewayCredentialView> {
    const createdById = actorId(ctx.actor);
    if (createdById === null) throw new AppError("auth.forbidden", { message: "Only a person may do this." });
    const reportsKeyManagerId = reports === "" ? null : await requireReporting(ctx, reports as KeyManagerId);
    const marker = reportsKeyManagerId === null ? markers.gateway : markers.reporter;
    const credential = `${marker}${randomToken()}`;
    const record = await insertGatewayCredential(ctx, {
      name,
      prefix: credential.slice(0, marker.length + shownCharacters),
      tokenHash: tokenDigest(credential),
      createdById,
      reportsKeyManagerId,
    }).catch(refuseDuplicate);
    ctx.audit({
      subject: { type: "gateway_credential", id: record.id, name },
      after: { name, prefix: record.prefix, ...(record.reports && { reports: record.reports.displayName }) },
    });
    return { ...toGatewayCredentialView(record), credential };
  },
});

async function requireReporting(ctx: QueryContext, id: KeyManagerId): Promise<KeyManagerId> {
  const keyManager = await findKeyManager(ctx, id);
  if (!keyManager) throw fieldError("reports", "There is no such key manager here. Choose one of this tenant.");
  if (findConnector(keyManager.connectorId)?.permanent) {
    throw fieldError("reports", `What ${keyManager.displayName} revokes is known already. Choose another one.`);
  }
  return keyManager.id;
}

function refuseDuplicate(error: unknown): never {
  if (!isUniqueViolation(error)) throw error;
  throw new AppError("gateway_credential.conflict", {
    fields: [
      { path: "name", message: "Another credential, perhaps a revoked one, has this name. Choose a different one." },
    ],
    cause: error,
  });
}
