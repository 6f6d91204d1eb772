/** What the front door writes on every request before anything else reads it. */
import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";
import { newId } from "./ids.ts";

export const requestIdHeader = "x-request-id";
export const clientAddressHeader = "x-latchkey-client-address";
/** Path and query: server components cannot see their own address otherwise. */
export const pathHeader = "x-latchkey-path";

/**
 * Stamps a request with its id, its path and the client's address. What a client sent under these names is replaced;
 * an id is kept only when a trusted proxy stands in front, which then made it.
 *
 * @param trustedProxies how many proxies of ours stand between client and server
 * @returns the request's id
 */
export function stampRequest(
  req: Pick<IncomingMessage, "headers" | "socket" | "url">,
  { trustedProxies }: { trustedProxies: number },
): string {
  const given = req.headers[requestIdHeader];
  const keep = trustedProxies > 0 && typeof given === "string" && /^[A-Za-z0-9-]{8,64}$/.test(given);
  const id = keep ? given : newId();
  req.headers[requestIdHeader] = id;
  req.headers[clientAddressHeader] = clientAddress({
    socketAddress: req.socket.remoteAddress,
    forwardedFor: req.headers["x-forwarded-for"],
    trustedProxies,
  });
  req.headers[pathHeader] = pagePath(req.url ?? "/");
  return id;
}

/** The page's own address: without the parameter that the framework adds to requests for page data. */
function pagePath(url: string): string {
  const [path = "/", query = ""] = url.split("?", 2);
  const rest = query.split("&").filter((part) => part !== "" && !part.startsWith("_rsc="));
  return rest.length > 0 ? `${path}?${rest.join("&")}` : path;
}

/**
 * The address of the client, as far as it can be believed: each trusted proxy appends the address it saw to
 * X-Forwarded-For, so the n-th entry from the right was written by the outermost of n proxies. Entries further
 * left come from the client and are not read.
 */
export function clientAddress(request: {
  socketAddress: string | undefined;
  forwardedFor: string | string[] | undefined;
  trustedProxies: number;
}): string {
  const { socketAddress, forwardedFor, trustedProxies } = request;
  const entries = [forwardedFor ?? []]
    .flat()
    .flatMap((line) => line.split(","))
    .map((entry) => entry.trim());
  const vouched = trustedProxies > 0 ? entries.at(-trustedProxies) : undefined;
  return normalise(vouched) ?? normalise(socketAddress) ?? "unknown";
}

/** One spelling for each address; IPv4 inside IPv6 becomes IPv4. */
function normalise(text: string | undefined): string | undefined {
  return text !== undefined && ipaddr.isValid(text) ? ipaddr.process(text).toString() : undefined;
}

/**
 * The network that a limit counts: the address itself for IPv4, the /64 for IPv6, since a single subscriber
 * commands at least that many addresses.
 */
export function limitedNetwork(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString();
}
