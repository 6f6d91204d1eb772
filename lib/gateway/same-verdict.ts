import type { Allowed } from "#lib/token-validation/verdict.ts";

/**
 * Whether two verdicts on one token at one API say the same, by what they were made of: whatever was loaded anew is another
 * object, even where it reads the same.
 */
export function saysTheSame(before: Allowed, now: Allowed): boolean {
  return (
    before.api === now.api &&
    before.application === now.application &&
    before.subscription === now.subscription &&
    before.plan === now.plan &&
    before.scopes === now.scopes &&
    before.keyType === now.keyType &&
    before.subject === now.subject &&
    before.consumerKey === now.consumerKey &&
    before.expiresAt === now.expiresAt &&
    before.keyManager.id === now.keyManager.id &&
    before.keyManager.name === now.keyManager.name
  );
}
