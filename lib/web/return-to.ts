const nowhere = "http://nowhere.invalid";

/**
 * The path to go to after sign-in, where it is one of ours; otherwise the fallback. Refuses other origins in
 * all their spellings: `//evil`, `/\evil`, control characters, schemes.
 */
export function safeReturnTo(path: unknown, fallback = "/"): string {
  if (typeof path !== "string" || !path.startsWith("/") || path.length > 2000) return fallback;
  if (/[\\\u0000-\u0020\u007f]/.test(path)) return fallback;
  if (!URL.canParse(path, nowhere)) return fallback;
  const url = new URL(path, nowhere);
  if (url.origin !== nowhere || url.pathname.startsWith("//")) return fallback;
  // Going back to the sign-in page, or into its machinery, would lead in circles.
  if (url.pathname === "/sign-in" || url.pathname.startsWith("/api/auth")) return fallback;
  return url.pathname + url.search;
}
