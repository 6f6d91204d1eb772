import "server-only";
import { headers } from "next/headers";
import { cache } from "react";
import { newId } from "#lib/foundation/ids.ts";
import { clientAddressHeader, pathHeader, requestIdHeader } from "#lib/foundation/request-stamp.ts";

/** The id that joins this request's log lines and audit rows. */
export const requestId = cache(async (): Promise<string> => {
  const given = (await headers()).get(requestIdHeader);
  return given && /^[A-Za-z0-9-]{8,64}$/.test(given) ? given : newId();
});

/** The client's address as far as the configured proxies vouch for it. */
export async function clientAddress(): Promise<string> {
  return (await headers()).get(clientAddressHeader) ?? "unknown";
}

/** Path and query of the page being rendered; "/" where it is not known. */
export async function currentPath(): Promise<string> {
  return (await headers()).get(pathHeader) ?? "/";
}
