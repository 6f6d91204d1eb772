import { AppError } from "#lib/foundation/errors.ts";
import { defineMutation } from "../verb.ts";
import { requireActive } from "./begin.ts";
import { KeysRef } from "./contract.ts";
import { openConsumerSecret } from "./secrets.ts";
import { auditSubject, requireOwnKeys } from "./subject.ts";

/**
 * Shows the consumer secret again. Leaves an audit row, because from here on somebody else may know it.
 *
 * @throws {AppError} `key_mapping.not_found`, `key_mapping.not_active` where there is no secret to show
 */
export const revealSecret = defineMutation({
  action: "key_mapping.reveal_secret",
  permission: "key_mapping:reveal",
  input: KeysRef,
  async run(ctx, { id }): Promise<{ consumerSecret: string }> {
    const subject = await requireOwnKeys(ctx, id);
    requireActive({ ...subject, keyManager: { ...subject.keyManager, enabled: true } });
    const secret = openConsumerSecret(ctx, subject.mapping);
    if (!secret)
      throw new AppError("key_mapping.not_active", { message: "No consumer secret is stored for these keys." });
    ctx.audit({ subject: auditSubject(subject), after: { revealed: true, consumerKey: subject.mapping.consumerKey } });
    return { consumerSecret: secret.reveal() };
  },
});
