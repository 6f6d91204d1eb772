import type { IncomingMessage } from "node:http";
import { stampRequest } from "#lib/foundation/request-stamp.ts";

export type Admission = {
  requestId: string;
  /** Path without query. */
  path: string;
  /** The path as it may stand in a log: one-time tokens are left out. */
  loggedPath: string;
  /** Part of a page rather than a page. */
  isAsset: boolean;
};

/** What anybody can write into a request, that something behind the front door would believe. */
const forgeable =
  /^(x-forwarded-.*|forwarded|x-real-ip|x-nonce|content-security-policy(-report-only)?|x-middleware-.*)$/;

/**
 * Decides what is believed about a request and rewrites its headers accordingly, so that code behind the
 * front door reads plain facts: the request's id, the client's address as far as our own proxies vouch for
 * it, and forwarded headers that say what the configuration says.
 *
 * @param trustedProxies number of our own proxies in front; 0 believes no forwarded header at all
 */
export function admit(
  req: IncomingMessage,
  { origin, trustedProxies }: { origin: string; trustedProxies: number },
): Admission {
  const requestId = stampRequest(req, { trustedProxies });
  for (const name of Object.keys(req.headers)) if (forgeable.test(name)) Reflect.deleteProperty(req.headers, name);

  const { protocol, host, port } = new URL(origin);
  req.headers["x-forwarded-proto"] = protocol.slice(0, -1);
  req.headers["x-forwarded-host"] = host;
  req.headers["x-forwarded-port"] = port || (protocol === "https:" ? "443" : "80");
  const clientAddress = req.headers["x-latchkey-client-address"];
  if (clientAddress) req.headers["x-forwarded-for"] = clientAddress;

  const url = req.url ?? "/";
  const path = url.split("?", 1)[0] ?? "/";
  return {
    requestId,
    path,
    loggedPath: path.replace(/^\/(links?|invitations?)\/.*/, "/$1/[secret]").slice(0, 256),
    isAsset: path.startsWith("/_next/"),
  };
}
