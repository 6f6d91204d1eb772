/** Slugs that a person could take for one another. */

/** What a slug looks like at a glance: digits as the letters they resemble, pairs as the letters they form. */
function skeleton(slug: string): string {
  return slug
    .replaceAll("-", "")
    .replaceAll("rn", "m")
    .replaceAll("vv", "w")
    .replaceAll("cl", "d")
    .replaceAll("0", "o")
    .replaceAll(/[1i]/g, "l")
    .replaceAll("5", "s")
    .replaceAll("8", "b");
}

/** The slug among those given with which a new one would be confused, the same one included. */
export function confusableWith(slug: string, others: readonly string[]): string | undefined {
  const sought = skeleton(slug);
  return others.find((other) => skeleton(other) === sought);
}
