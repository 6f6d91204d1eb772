import { findConnector } from "#connectors/registry.ts";
import type { TenantContext } from "#lib/data/database.ts";
import { findKeyManager, type KeyManagerRecord } from "#lib/data/key-managers.ts";
import { insertRevocations, type RevocationRecord } from "#lib/data/revocations.ts";
import { longExpired } from "#lib/foundation/clock.ts";
import { AppError, fieldError } from "#lib/foundation/errors.ts";
import type { KeyManagerId } from "#lib/foundation/ids.ts";
import { defineMutation } from "../verb.ts";
import { RevokeTokensInput, type RevokedTargetView, type RevocableThing } from "./contract.ts";
import { readKeyHolders } from "./holders.ts";
import { issuedUntil, keptUntil } from "./moments.ts";
import { revocationName } from "./name.ts";
import { readPastedToken } from "./pasted-token.ts";

type Target = Pick<RevocationRecord, "kind" | "value" | "issuedBefore" | "expiresAt">;

/**
 * Revokes one token, or all tokens that a consumer key or a subject got at a key manager so far. Gateways refuse them
 * within five seconds. A token is pasted, not stored: what stays of it is its id and its digest. A consumer key may be
 * that of a client of another system: nobody here needs to hold it, and the answer says whether somebody does.
 *
 * @throws {AppError} `key_manager.not_found`, `input.invalid` at value for a token of another issuer or one that has
 *   expired
 */
export const revokeTokens = defineMutation({
  action: "revocation.create",
  permission: "revocation:write",
  input: RevokeTokensInput,
  async run(ctx, { keyManagerId, what, value, days }): Promise<RevokedTargetView> {
    const keyManager = await findKeyManager(ctx, keyManagerId as KeyManagerId);
    if (!keyManager) throw new AppError("key_manager.not_found");
    const now = ctx.deps.clock.now();
    const targets = targetsOf({ what, value, days, now }, keyManager);
    const name = revocationName(keyManager.id, findConnector(keyManager.connectorId));
    await insertRevocations(
      ctx,
      targets.map((target) => ({ ...target, keyManager: name })),
      ctx.actor.name,
    );
    ctx.audit({
      subject: { type: "key_manager", id: keyManager.id, name: keyManager.displayName },
      after: { revoked: targets.map(toAudited) },
    });
    return toView(ctx, { what, value, keyManager });
  },
});

async function toView(
  ctx: TenantContext,
  { what, value, keyManager: { id, displayName } }: Pick<Asked, "what" | "value"> & { keyManager: KeyManagerRecord },
): Promise<RevokedTargetView> {
  if (what === "TOKEN") return { what, isOpaque: readPastedToken(value).isOpaque };
  if (what !== "CONSUMER_KEY") return { what };
  const key = { keyManagerId: id, consumerKey: value };
  return { what, keyManager: displayName, holder: (await readKeyHolders(ctx, [key]))(key) };
}

type Asked = { what: RevocableThing; value: string; days: number; now: Date };

function targetsOf({ what, value, days, now }: Asked, keyManager: KeyManagerRecord): Target[] {
  const expiresAt = keptUntil(now, days);
  if (what === "TOKEN") {
    const token = readPastedToken(value);
    if (token.issuer !== undefined && token.issuer !== keyManager.issuer) {
      throw fieldError(
        "value",
        `This token was issued by another server than ${keyManager.displayName}. Choose the key manager that issued it.`,
      );
    }
    if (token.expiresAt && token.expiresAt <= longExpired(now)) {
      throw fieldError("value", "This token has expired by itself. There is nothing left to revoke.");
    }
    return token.marks.map((mark) => ({ ...mark, issuedBefore: null, expiresAt: token.expiresAt ?? expiresAt }));
  }
  return [{ kind: what, value, issuedBefore: what === "TOKEN_ID" ? null : issuedUntil(now), expiresAt }];
}

function toAudited({ kind, value, issuedBefore, expiresAt }: Target) {
  return { kind, value, issuedBefore, keptUntil: expiresAt };
}
