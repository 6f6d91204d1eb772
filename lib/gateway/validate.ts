import type { TenantId } from "#lib/foundation/ids.ts";
import { counter } from "#lib/foundation/metrics.ts";
import type { Validator } from "#lib/token-validation/validator.ts";
import type { BackendJwts } from "./backend-jwts.ts";
import type { Validate } from "./call.ts";

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
  return async (request) => {
    const judged = await validator.validate(request);
    const completed = judged.allowed ? backendJwts.complete(request.tenantId as TenantId, judged) : judged;
    const verdict = completed instanceof Promise ? await completed : completed;
    const code = verdict.allowed ? 0 : verdict.code;
    let count = counts.get(code);
    if (!count) counts.set(code, (count = verdicts.labels({ code: String(code) })));
    count.inc();
    return verdict;
  };
}
