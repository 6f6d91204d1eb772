import type { SigningKeys } from "#lib/connector-kit/contract.ts";
import type { FieldProblem } from "#lib/foundation/errors.ts";
import { readVerificationPem } from "#lib/protocol/verification-key.ts";

/**
 * Holds a key given as text against what the validator takes.
 *
 * @returns why it cannot check signatures; undefined where it can, or where there is none
 */
export function verificationKeyProblem(keys: SigningKeys): FieldProblem | undefined {
  if (keys.kind !== "pem") return undefined;
  try {
    readVerificationPem(keys.value);
    return undefined;
  } catch (error) {
    return { path: "signingKeys.value", message: (error as Error).message };
  }
}
