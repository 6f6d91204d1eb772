import type { Administration } from "#lib/connector-kit/administration.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import type { Answer } from "#lib/protocol/exchange.ts";

/** A page of Okta's largest lists fits; whole lists may be longer than that by far. */
const maximumBytes = 4 * 1024 * 1024;
const mostPages = 500;

/** The address of the next page below the API's base, or undefined (RFC 8288 §3). */
function nextOf({ headers }: Answer): string | undefined {
  const link = /<([^<>]+)>\s*;[^<]*\brel="?next"?/i.exec(headers.get("link") ?? "")?.[1];
  const url = link === undefined ? null : URL.parse(link);
  // Credentials go to the org alone, whatever host the link names.
  const [, path] = /^.*?\/api\/v1(\/.*)$/.exec(url?.pathname ?? "") ?? [];
  return path === undefined ? undefined : `${path}${url?.search ?? ""}`;
}

/**
 * Reads a list that comes in pages. Cursors are followed as they are given (developer.okta.com, Pagination).
 *
 * @param read takes the items out of a page
 * @param isEnough ends it early
 * @throws {ConnectorError} `bad_response` where the pages do not come to an end
 */
export async function readPages<T>(
  api: Administration,
  { path, doing }: { path: string; doing: string },
  read: (answer: Answer) => T[],
  isEnough: (item: T) => boolean = () => false,
): Promise<T[]> {
  const items: T[] = [];
  let next: string | undefined = path;
  for (let page = 0; next !== undefined; page += 1) {
    if (page === mostPages) throw new ConnectorError("bad_response", `${doing} failed: the list does not end.`);
    const answer: Answer = await api.run({ method: "GET", path: next, maximumBytes, doing });
    const found = read(answer);
    items.push(...found);
    next = found.some(isEnough) ? undefined : nextOf(answer);
  }
  return items;
}
