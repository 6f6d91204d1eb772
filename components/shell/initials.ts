const characters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Two characters that stand for a name: of its first and last word, or the first two of a single one. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = charactersOf(words[0] ?? "");
  if (words.length === 1) return `${first[0]?.toUpperCase() ?? ""}${first[1] ?? ""}`;
  return [first[0], charactersOf(words.at(-1) ?? "")[0]].join("").toUpperCase();
}

function charactersOf(word: string): string[] {
  return Array.from(characters.segment(word), ({ segment }) => segment);
}
