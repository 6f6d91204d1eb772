/**
 * Header and claims of a JWT as they stand in it, before anybody has checked them (RFC 7519 §3).
 *
 * @param text as it was pasted, with its scheme or without
 * @returns JSON for people; null where it is no JWT
 */
export function decodeToken(text: string): string | null {
  const [header, claims, signature, more] = text
    .trim()
    .replace(/^(Authorization:\s*)?(Bearer|DPoP)\s+/i, "")
    .split(".");
  if (!header || !claims || signature === undefined || more !== undefined) return null;
  const parts = [decodePart(header), decodePart(claims)];
  if (parts.some((part) => part === null)) return null;
  return parts.map((part) => JSON.stringify(part, null, 2)).join("\n");
}

function decodePart(part: string): object | null {
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" ? value : null;
  } catch {
    // It is no JWT: there is nothing to show.
    return null;
  }
}
