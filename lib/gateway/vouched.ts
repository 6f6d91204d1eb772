import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";

/** What a gateway says about a call beside its method and path; a caller cannot say it in the gateway's place. */
export type Vouched = {
  /** Scheme and host under which callers reach the gateway, such as `https://api.example`. */
  origin?: string | undefined;
  /** The certificate of the caller's TLS handshake; undefined or empty where there was none. */
  certificate?: string | undefined;
};

type Configured = { origin: string | undefined; certificateHeader: string | undefined };

const nothing: Vouched = Object.freeze({});
/** Gateways ask at one address each, or at a few. */
const configured = new LRUCache<string, Configured>({ max: 1_000 });

/**
 * What the gateway vouches for. Its configuration says so in the query of the address that it asks at, where no
 * caller's header reaches: `origin` is its public address, for DPoP (RFC 9449), and `client-certificate` names the
 * header in which it puts the client's certificate (RFC 8705). A header that the configuration does not name is a
 * caller's word, and not looked at.
 */
export function vouched({ url = "", headers }: Pick<IncomingMessage, "url" | "headers">): Vouched {
  const at = url.indexOf("?");
  if (at < 0) return nothing;
  const query = url.slice(at + 1);
  let known = configured.get(query);
  if (!known) configured.set(query, (known = readConfigured(query)));
  const certificate = known.certificateHeader === undefined ? undefined : headers[known.certificateHeader];
  // Several headers of one name: one of them may be the caller's.
  return { origin: known.origin, certificate: typeof certificate === "string" ? certificate : undefined };
}

function readConfigured(query: string): Configured {
  const parameters = new URLSearchParams(query);
  const origin = parameters.get("origin") ?? undefined;
  return {
    origin: origin !== undefined && /^https?:\/\/[^/?#@\s]+$/i.test(origin) ? origin : undefined,
    certificateHeader: parameters.get("client-certificate")?.toLowerCase(),
  };
}
