import type { TenantId } from "#lib/foundation/ids.ts";
import type { ValidationRequest } from "#lib/token-validation/validator.ts";
import { refuse, type Verdict } from "#lib/token-validation/verdict.ts";
import { bearerToken, hasTokenInQuery } from "./bearer.ts";

/** Judges a call, and counts the verdict. */
export type Validate = (request: ValidationRequest) => Promise<Verdict>;

/** What a face needs once its gateway has proved itself. */
export type Asking = { tenantId: TenantId; validate: Validate };

/** A call as a gateway received it. */
export type Call = {
  method: string;
  /** The whole address inside the host, query included, still encoded. */
  requestPath: string;
  /** The caller's own `Authorization` header. */
  authorization: string | undefined;
};

/**
 * Judges a call whose token stands in the header (RFC 6750 §2.1).
 *
 * @returns the verdict; a refusal where the address carries a token too
 */
export function judgeCall(
  { method, requestPath, authorization }: Call,
  { tenantId, validate }: Asking,
): Verdict | Promise<Verdict> {
  if (hasTokenInQuery(requestPath)) return refuse("token_in_query");
  return validate({ tenantId, token: bearerToken(authorization), method, target: { requestPath } });
}
