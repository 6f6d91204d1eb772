const loopbackHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * What is wrong with a redirect URI, in words for the person who registers it; null where nothing is.
 * Redirect URIs are compared byte for byte later (RFC 9700 §2.1), so there are no patterns here.
 *
 * @param native an application installed on a device, which may use a scheme of its own (RFC 8252 §7.1)
 */
export function redirectUriProblem(uri: unknown, native: boolean): string | null {
  if (typeof uri !== "string" || uri.length > 2000)
    return "A redirect URI must be an address of at most 2000 characters.";
  const shown = `“${uri.slice(0, 120)}”`;
  const url = URL.parse(uri);
  // URL.parse forgives white space and backslashes; comparing byte for byte later would not.
  if (!url || /[\s\\\p{Cc}]/u.test(uri)) return `The redirect URI ${shown} is not a complete address.`;
  if (uri.includes("#")) return `The redirect URI ${shown} must not have a fragment (#…).`;
  if (uri.includes("*")) return `The redirect URI ${shown} must not have a wildcard: list each address in full.`;
  if (url.username || url.password) return `The redirect URI ${shown} must not hold a user name or password.`;
  if (url.protocol === "https:") return url.hostname ? null : `The redirect URI ${shown} has no host.`;
  if (url.protocol === "http:") {
    return loopbackHosts.has(url.hostname)
      ? null
      : `The redirect URI ${shown} must use https; http is for loopback addresses only.`;
  }
  // RFC 8252 §7.1: a scheme of one's own is a domain name in reverse, so it has a dot.
  if (native && /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(url.protocol)) return null;
  return native
    ? `The redirect URI ${shown} must use https or a scheme such as com.example.app.`
    : `The redirect URI ${shown} must use https.`;
}
