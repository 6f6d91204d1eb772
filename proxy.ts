import { NextResponse, type NextRequest } from "next/server";

/**
 * Comfort, never the lock: it saves strangers a page that would send them to sign in anyway. Every page, action
 * and route checks the session by itself, and must go on to: a cookie of any content passes here.
 */
export function proxy(request: NextRequest): NextResponse {
  if (request.method !== "GET" || hasSessionCookie(request)) return NextResponse.next();
  const { pathname, search } = request.nextUrl;
  const signIn = request.nextUrl.clone();
  signIn.pathname = "/sign-in";
  signIn.search = `?returnTo=${encodeURIComponent(pathname + search)}`;
  return NextResponse.redirect(signIn);
}

/** There under either name; what it is worth is for the page to find out. */
function hasSessionCookie({ cookies }: NextRequest): boolean {
  return cookies.has("latchkey.session") || cookies.has("__Host-latchkey.session");
}

export const config = {
  matcher: ["/admin/:path*", "/creator/:path*", "/developer/:path*", "/operator/:path*", "/account/:path*"],
};
