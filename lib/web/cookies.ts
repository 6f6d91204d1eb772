/** Names and attributes of our cookies. `__Host-` (https only) pins a cookie to this very host and path. */

export type CookieOptions = {
  httpOnly: true;
  sameSite: "lax";
  path: "/";
  secure: boolean;
  maxAge?: number;
};

const names = {
  session: "latchkey.session",
  csrf: "latchkey.csrf",
  callback: "latchkey.callback",
  pkce: "latchkey.pkce",
  state: "latchkey.state",
  nonce: "latchkey.nonce",
  intent: "latchkey.intent",
  device: "latchkey.device",
  tenant: "latchkey.tenant",
} as const;

export type CookieKind = keyof typeof names;

export function cookieName(kind: CookieKind, origin: string): string {
  return `${isSecure(origin) ? "__Host-" : ""}${names[kind]}`;
}

export function cookieOptions(origin: string, maxAgeSeconds?: number): CookieOptions {
  return {
    httpOnly: true,
    sameSite: "lax",
    path: "/",
    secure: isSecure(origin),
    ...(maxAgeSeconds === undefined ? {} : { maxAge: maxAgeSeconds }),
  };
}

function isSecure(origin: string): boolean {
  return origin.startsWith("https://");
}
