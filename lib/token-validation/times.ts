import { member } from "./strict-json.ts";

/** When a JWT was issued and may be used (RFC 7519 §4.1.4 to §4.1.6), in seconds since the epoch; null where it does not say. */
export type Times = { expiresAt: number | null; notBefore: number | null; issuedAt: number | null };

/** Latest time that a claim may name: the year 9999. */
const latestSeconds = 253_402_300_799;

/** @returns null where one of them is no number of this age of the world */
export function readTimes(claims: Record<string, unknown>): Times | null {
  const expiresAt = readTime(claims, "exp");
  const notBefore = readTime(claims, "nbf");
  const issuedAt = readTime(claims, "iat");
  if (expiresAt === undefined || notBefore === undefined || issuedAt === undefined) return null;
  return { expiresAt, notBefore, issuedAt };
}

/** @param skewSeconds tolerance for clocks that differ */
export function hasExpired({ expiresAt }: Pick<Times, "expiresAt">, now: number, skewSeconds: number): boolean {
  return expiresAt !== null && expiresAt + skewSeconds <= now;
}

/** @param skewSeconds tolerance for clocks that differ */
export function isEarly({ notBefore }: Pick<Times, "notBefore">, now: number, skewSeconds: number): boolean {
  return notBefore !== null && notBefore - skewSeconds > now;
}

function readTime(claims: Record<string, unknown>, name: string): number | null | undefined {
  const value = member(claims, name);
  if (value === undefined) return null;
  return typeof value === "number" && value >= 0 && value <= latestSeconds ? value : undefined;
}
