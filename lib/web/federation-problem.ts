import { catalogue } from "#lib/foundation/errors.ts";

const known = [
  "auth.forbidden",
  "auth.link_invalid",
  "federation.failed",
  "federation.not_invited",
  "federation.taken",
  "person.conflict",
  "person.has_account",
] as const;

/** Why a sign-in at an identity provider failed. Only words of the catalogue: an address must not put words into our mouth. */
export function federationProblem(code: string): string {
  return catalogue[known.find((candidate) => candidate === code) ?? "federation.failed"].message;
}
