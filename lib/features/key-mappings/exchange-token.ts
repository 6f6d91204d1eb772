import { Secret } from "#lib/foundation/secret.ts";
import { toAppError } from "../key-managers/connector-errors.ts";
import { openKeyManager } from "../key-managers/open.ts";
import { unsupported } from "../key-managers/unsupported.ts";
import { defineProvisioning, type Settled } from "../verb.ts";
import { ExchangeTokenInput, type TokenView } from "./contract.ts";
import { toClientRef } from "./secrets.ts";
import { auditSubject } from "./subject.ts";
import { requireTokenRequest, type TokenRequest } from "./token-request.ts";
import { toTokenView } from "./token.ts";

const accessTokenType = "urn:ietf:params:oauth:token-type:access_token";

type Exchange = TokenRequest & { subjectToken: Secret; audience?: string };

/**
 * Exchanges a token of another key manager with these keys (RFC 8693). Neither token is stored; the audit tells
 * who exchanged one, for which scopes. A refusal carries the key manager's own words.
 *
 * @throws {AppError} `key_mapping.not_found`, `key_mapping.not_active`, `key_manager.*`
 */
export const exchangeToken = defineProvisioning({
  action: "key_mapping.exchange_token",
  permission: "key_mapping:reveal",
  input: ExchangeTokenInput,
  async intend(ctx, { subjectToken, audience, ...input }): Promise<Exchange> {
    const request = await requireTokenRequest(ctx, input, "exchangeToken");
    return { ...request, subjectToken: new Secret(subjectToken), ...(audience && { audience }) };
  },
  async call(ctx, { subject, scopes, subjectToken, audience }) {
    const { adapter } = await openKeyManager(ctx, subject.keyManager.id);
    const ref = toClientRef(ctx, subject.mapping);
    if (!adapter.exchangeToken || !ref) throw unsupported(subject.keyManager, "exchangeToken");
    const wish = { subjectToken, subjectTokenType: accessTokenType, scopes, ...(audience && { audience }) };
    return adapter.exchangeToken(ref, wish);
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
