import { decodeJwt, decodeProtectedHeader } from "jose";
import { bareToken } from "#lib/features/explanations/contract.ts";

/**
 * Header and claims of a JWT as they stand in it, before anybody has checked them (RFC 7519 §3).
 *
 * @param text as it was pasted, with its scheme or without
 * @returns JSON for people; null where it is no JWT
 */
export function decodeToken(text: string): string | null {
  const token = bareToken(text);
  try {
    return [decodeProtectedHeader(token), decodeJwt(token)].map((part) => JSON.stringify(part, null, 2)).join("\n");
  } catch {
    // It is no JWT: there is nothing to show.
    return null;
  }
}
