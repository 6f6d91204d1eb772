import type { BackendJwtRecord } from "#lib/data/backend-jwt.ts";
import type { Context } from "../context.ts";
import { backendJwtIssuer, backendJwtKeySetAddress } from "./addresses.ts";
import { defaultBackendJwt, type BackendJwtView } from "./contract.ts";

/** What a tenant chose, or the defaults, with the addresses that its backends need. */
export function toBackendJwtView({ tenant, deps }: Context, record: BackendJwtRecord | null): BackendJwtView {
  return {
    ...(record ?? defaultBackendJwt),
    issuer: backendJwtIssuer(deps.origin, tenant.slug),
    keySetAddress: backendJwtKeySetAddress(deps.origin, tenant.slug),
  };
}
