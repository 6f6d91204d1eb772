/**
 * A filter for text that holds these words, in any case. Prisma hands its value to LIKE as it is, so that `%`
 * and `_` would match anything: here they mean themselves.
 */
export function containing(words: string): { contains: string; mode: "insensitive" } {
  return { contains: words.replaceAll(/[\\%_]/g, "\\$&"), mode: "insensitive" };
}
