import { listSubscribedScopes } from "#lib/data/applications.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { toAppError } from "../key-managers/connector-errors.ts";
import { openKeyManager } from "../key-managers/open.ts";
import { defineProvisioning, type Settled } from "../verb.ts";
import { requireActive } from "./begin.ts";
import { IssueTokenInput, type TokenView } from "./contract.ts";
import { requireIdle } from "./lease.ts";
import { unsupported } from "./operation.ts";
import { requireUsableKeyManager } from "./rules.ts";
import { toClientRef } from "./secrets.ts";
import { auditSubject, requireOwnKeys, type KeysSubject } from "./subject.ts";
import { toTokenView } from "./token.ts";

type TokenRequest = { subject: KeysSubject; scopes: string[] };

/**
 * Gets an access token with the client credentials grant. It is in the answer once and stored nowhere;
 * the audit tells who got one, for which scopes. A refusal carries the key manager's own words.
 *
 * @throws {AppError} `key_mapping.not_found`, `key_mapping.not_active`, `key_manager.*`
 */
export const issueToken = defineProvisioning({
  action: "key_mapping.issue_token",
  permission: "key_mapping:reveal",
  input: IssueTokenInput,
  async intend(ctx, { id, scopes }): Promise<TokenRequest> {
    const subject = await requireOwnKeys(ctx, id);
    requireActive(subject);
    requireIdle(subject.mapping);
    const { record, connector } = await requireUsableKeyManager(ctx, subject.keyManager.id);
    if (!record.tokenGeneration) {
      throw new AppError("key_manager.not_allowed", {
        message: `The administrator switched off getting tokens of ${record.displayName} in the portal.`,
      });
    }
    if (!connector.capabilities.includes("issueToken"))
      throw unsupported(record.displayName, "issue tokens to the portal");
    if (subject.mapping.sealedConsumerSecret === null) {
      throw new AppError("key_mapping.not_active", {
        message: "No consumer secret is stored, so no token can be asked for.",
      });
    }
    await requireSubscribedScopes(scopes);
    return { subject, scopes };

    async function requireSubscribedScopes(asked: string[]): Promise<void> {
      const known = new Set((await listSubscribedScopes(ctx, subject.application.id)).map(({ name }) => name));
      const foreign = asked.filter((scope) => !known.has(scope));
      if (foreign.length === 0) return;
      const message = `No API that the application is subscribed to has the scope ${foreign.join(", ")}.`;
      throw new AppError("input.invalid", { fields: [{ path: "scopes", message }] });
    }
  },
  async call(ctx, { subject, scopes }) {
    const { adapter } = await openKeyManager(ctx, subject.keyManager.id);
    const ref = toClientRef(ctx, subject.mapping);
    if (!adapter.issueToken || !ref) throw unsupported(subject.keyManager.displayName, "issue tokens to the portal");
    return adapter.issueToken(ref, { scopes });
  },
  async settle(ctx, { subject, scopes }, outcome): Promise<Settled<TokenView>> {
    if (!outcome.ok) {
      const refused = toAppError(outcome.error, subject.keyManager.displayName);
      ctx.audit({ subject: auditSubject(subject), after: { outcome: "refused", problem: refused.code, scopes } });
      return { refused };
    }
    const { scopes: granted, expiresInSeconds } = outcome.value;
    ctx.audit({ subject: auditSubject(subject), after: { scopes: granted, expiresInSeconds } });
    return { view: toTokenView(outcome.value) };
  },
});
