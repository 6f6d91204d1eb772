import { catalogue } from "#lib/foundation/errors.ts";

const known = ["federation.failed", "federation.not_invited", "federation.taken", "auth.forbidden"] as const;

/** Why a sign-in at an identity provider failed. Only words of the catalogue: an address must not put words into our mouth. */
export function federationProblem(code: string): string {
  return catalogue[known.find((candidate) => candidate === code) ?? "federation.failed"].message;
}
