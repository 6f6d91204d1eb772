const day = 86_400;
/** Days count up to two weeks, weeks up to two months: "next week" may be any day of it. */
const units: readonly { unit: Intl.RelativeTimeFormatUnit; seconds: number; from: number }[] = [
  { unit: "year", seconds: 365.25 * day, from: 365.25 * day },
  { unit: "month", seconds: 30.4375 * day, from: 60 * day },
  { unit: "week", seconds: 7 * day, from: 14 * day },
  { unit: "day", seconds: day, from: day },
  { unit: "hour", seconds: 3600, from: 3600 },
  { unit: "minute", seconds: 60, from: 60 },
];

const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/**
 * The distance between a moment and now in words: "2 hours ago", "in 9 days", "just now" under a minute.
 *
 * @param iso a moment as ISO 8601
 * @param nowMs milliseconds since 1970
 */
export function relativeTime(iso: string, nowMs: number): string {
  const seconds = (Date.parse(iso) - nowMs) / 1000;
  for (const { unit, seconds: size, from } of units) {
    if (Math.abs(seconds) >= from) return words.format(Math.round(seconds / size), unit);
  }
  return seconds > 5 ? "in under a minute" : "just now";
}

/** The moment itself, "22 Nov 2026, 05:42:10", in the reader's zone or the given one. */
export function exactTime(iso: string, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...(timeZone && { timeZone }),
  }).format(new Date(iso));
}
