import { decodeJwt, decodeProtectedHeader } from "jose";
import { exactTime } from "#components/ui/time.ts";
import { bareToken } from "#lib/features/explanations/contract.ts";

/**
 * Header and claims of a JWT as they stand in it, before anybody has checked them (RFC 7519 §3). Beside its times, which
 * are seconds, stand date and time.
 *
 * @param text as it was pasted, with its scheme or without
 * @returns JSON for people; null where it is no JWT
 */
export function decodeToken(text: string): string | null {
  const token = bareToken(text);
  try {
    const [header, claims] = [decodeProtectedHeader(token), decodeJwt(token)].map((one) =>
      JSON.stringify(one, null, 2),
    );
    return `${header ?? ""}\n${withMoments(claims ?? "")}`;
  } catch {
    // It is no JWT: there is nothing to show.
    return null;
  }
}

/** The claims that are times (RFC 7519 §4.1), where they stand: a line of their own, indented once. */
const timeClaims = /^ {2}"(?:exp|nbf|iat)": (-?[\d.e+]+),?$/gm;

function withMoments(claims: string): string {
  return claims.replace(timeClaims, (line, seconds: string) => {
    const moment = new Date(Number(seconds) * 1_000);
    return Number.isNaN(moment.getTime()) ? line : `${line} // ${exactTime(moment.toISOString(), "UTC")} UTC`;
  });
}
