import { hash } from "node:crypto";
import { allConnectors } from "#connectors/registry.ts";
import type { Dependencies } from "#lib/features/context.ts";
import type { Secret } from "#lib/foundation/secret.ts";

/**
 * The key that signs what a validator saves. It is another one once a connector declares something else, or the
 * installation has another address: what is saved holds both, and changes in the database, which is all that a tenant is
 * loaded again for, do not tell of them.
 */
export function savedStateKey({ derive, origin }: Pick<Dependencies, "derive" | "origin">): Secret {
  const declared = allConnectors()
    .map(({ id, trust, permanent }) => ({ id, trust, isPermanent: permanent !== undefined }))
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  return derive("validator state", hash("sha256", JSON.stringify([origin, declared])));
}
