import type { KeyManagerRecord } from "#lib/data/key-managers.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { defineInquiry } from "../verb.ts";
import { describeConnectorError } from "./connector-errors.ts";
import { KeyManagerRef, type AnsweringView } from "./contract.ts";
import { requireKeyManager } from "./refusals.ts";

/**
 * Whether a key manager answers now, asked without credentials and within a few seconds; see answering.ts. It changes
 * nothing, so it leaves no audit row.
 *
 * @throws {AppError} `key_manager.not_found`, `key_manager.disabled`
 */
export const checkAnswering = defineInquiry({
  action: "key_manager.check_answering",
  permission: "key_manager:use",
  input: KeyManagerRef,
  async run({ deps, tenant }, { id }): Promise<AnsweringView> {
    const record = await deps.database.inTenant(tenant.id, (tx) => requireKeyManager(tx, id));
    const { displayName, enabled } = record;
    if (!enabled) throw new AppError("key_manager.disabled", { message: `${displayName} is disabled.` });
    const failure = await deps.answering.failureAt(deps.outbound, publicAddress(record));
    return failure ? { answers: false, problem: describeConnectorError(failure, displayName) } : { answers: true };
  },
});

/** A document that anybody may read: discovery where it is known, the key set, or where discovery would stand. */
function publicAddress({ wellKnownUrl, signingKeys, issuer }: KeyManagerRecord): string {
  if (wellKnownUrl !== null) return wellKnownUrl;
  // OpenID Connect Discovery 1.0 §4: a slash at the issuer's end is left out.
  return signingKeys.kind === "jwks"
    ? signingKeys.url
    : `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}
