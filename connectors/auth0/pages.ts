import type { z } from "zod";
import type { Administration } from "#lib/connector-kit/administration.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";

const pageSize = 100;
const maximumPages = 500;

/**
 * Goes through a list page by page. It asks with `from` and `take`: pages by number end at the thousandth object
 * (docs, “Pagination”).
 *
 * @throws {ConnectorError} `bad_response` where the pages do not end
 */
export async function* pagesOf<S extends z.ZodType<{ next?: string | null | undefined }>>(
  administration: Administration,
  { path, query, doing }: { path: string; query: Record<string, string>; doing: string },
  schema: S,
): AsyncGenerator<z.output<S>> {
  let from: string | undefined;
  for (let page = 0; page < maximumPages; page += 1) {
    const parameters = new URLSearchParams({ ...query, take: String(pageSize), ...(from !== undefined && { from }) });
    const request = { method: "GET", path: `${path}?${parameters.toString()}`, doing } as const;
    const found = await administration.read(request, schema);
    yield found;
    if (!found.next) return;
    from = found.next;
  }
  throw new ConnectorError("bad_response", `${doing} failed: the list does not end.`);
}
