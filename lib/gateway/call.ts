import type { TenantId } from "#lib/foundation/ids.ts";
import type { Soon } from "#lib/foundation/soon.ts";
import type { DpopProof } from "#lib/token-validation/caller-proof.ts";
import type { ValidationRequest } from "#lib/token-validation/validator.ts";
import { refuse, type Verdict } from "#lib/token-validation/verdict.ts";
import { bearerToken, dpopToken, hasTokenInQuery } from "./bearer.ts";
import type { Vouched } from "./vouched.ts";

/** Judges a call, at once where everything is known that it takes, and counts the verdict. */
export type Validate = (request: ValidationRequest) => Soon<Verdict>;

/** What a face needs once its gateway has proved itself. */
export type Asking = { tenantId: TenantId; validate: Validate };

/** A call as a gateway received it. */
export type Call = {
  method: string;
  /** The whole address inside the host, query included, still encoded. */
  requestPath: string;
  /** The caller's own `Authorization` header. */
  authorization: string | undefined;
  /** The caller's own `DPoP` header. */
  proof?: string | string[] | undefined;
  /** What the gateway says about the call, for tokens that are bound to their holder. */
  vouched?: Vouched | undefined;
};

/**
 * Judges a call whose token stands in the header (RFC 6750 §2.1, RFC 9449 §7.1).
 *
 * @returns the verdict; a refusal where the address carries a token too
 */
export function judgeCall(call: Call, { tenantId, validate }: Asking): Soon<Verdict> {
  const { method, requestPath, authorization, vouched } = call;
  if (hasTokenInQuery(requestPath)) return refuse("token_in_query");
  const target = { requestPath };
  const token = bearerToken(authorization);
  if (token !== undefined && !vouched?.certificate) return validate({ tenantId, token, method, target });
  const ownToken = token ?? dpopToken(authorization);
  const dpop = token === undefined && ownToken !== undefined ? dpopOf(call) : undefined;
  const proof = { dpop, certificate: vouched?.certificate };
  return validate({ tenantId, token: ownToken, method, target, proof });
}

function dpopOf({ proof, requestPath, vouched }: Call): DpopProof {
  const origin = vouched?.origin;
  return {
    proof: typeof proof === "string" ? proof : undefined,
    url: origin === undefined ? undefined : origin + requestPath,
  };
}
