import { toAppError } from "../key-managers/connector-errors.ts";
import { openKeyManager } from "../key-managers/open.ts";
import { unsupported } from "../key-managers/unsupported.ts";
import { defineProvisioning, type Settled } from "../verb.ts";
import { IssueTokenInput, type TokenView } from "./contract.ts";
import { toClientRef } from "./secrets.ts";
import { auditSubject } from "./subject.ts";
import { requireTokenRequest, type TokenRequest } from "./token-request.ts";
import { toTokenView } from "./token.ts";

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
  intend: (ctx, input): Promise<TokenRequest> => requireTokenRequest(ctx, input, "issueToken"),
  async call(ctx, { subject, scopes }) {
    const { adapter } = await openKeyManager(ctx, subject.keyManager.id);
    const ref = toClientRef(ctx, subject.mapping);
    if (!adapter.issueToken || !ref) throw unsupported(subject.keyManager, "issueToken");
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
