import type { TenantId } from "#lib/foundation/ids.ts";
import { counter } from "#lib/foundation/metrics.ts";
import { whenThere, type Soon } from "#lib/foundation/soon.ts";
import type { Validator } from "#lib/token-validation/validator.ts";
import { refuseForNow, type Refused, type Verdict } from "#lib/token-validation/verdict.ts";
import type { BackendJwts } from "./backend-jwts.ts";
import type { Validate } from "./call.ts";
import { UnknownForNow } from "./snapshot-keeper.ts";

const verdicts = counter({
  name: "latchkey_validation_verdicts_total",
  help: "Verdicts given to gateways, by error code; 0 is allowed.",
  labels: ["code"],
});

/** Makes what every face asks: the verdict, with the JWT for the backend where it is allowed, and counted. */
export function createValidate(
  validator: Pick<Validator, "validate">,
  backendJwts: Pick<BackendJwts, "complete">,
): Validate {
  const counts = new Map<number, { inc(): void }>();
  const count = (verdict: Verdict): Verdict => {
    const code = verdict.allowed ? 0 : verdict.code;
    let ofCode = counts.get(code);
    if (!ofCode) counts.set(code, (ofCode = verdicts.labels({ code: String(code) })));
    ofCode.inc();
    return verdict;
  };
  return (request) =>
    whenThere(refusingUnknown(validator.validate(request)), (judged) =>
      judged.allowed ? whenThere(backendJwts.complete(request.tenantId as TenantId, judged), count) : count(judged),
    );
}

/** Refuses for now what cannot be told at the moment. */
export function refusingUnknown<T>(judged: Soon<T>): Soon<T | Refused> {
  if (!(judged instanceof Promise)) return judged;
  return judged.catch((error: unknown) => {
    if (error instanceof UnknownForNow) return refuseForNow(1);
    throw error;
  });
}
