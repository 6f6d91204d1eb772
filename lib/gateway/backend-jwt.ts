/** What a tenant's gateways must know to tell its backends who calls. */
import type { BackendJwtRecord } from "#lib/data/backend-jwt.ts";
import type { BackendJwtKey } from "#lib/data/validation-snapshot.ts";

/** Plain data, private keys sealed. */
export type BackendJwtConfiguration = Omit<BackendJwtRecord, "enabled"> & {
  /** `iss` of what is signed; the key set stands below it. */
  issuer: string;
  /** The oldest that has not retired signs. */
  keys: readonly BackendJwtKey[];
};
