import "server-only";

type SearchParams = Promise<Record<string, string | string[] | undefined>>;

/** The query of a page's address with one value each: the first, where somebody wrote a parameter twice. */
export async function readSearch(searchParams: SearchParams): Promise<Record<string, string | undefined>> {
  const entries = Object.entries(await searchParams);
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]));
}
