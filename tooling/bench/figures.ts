/** Figures and how they are told. Only ratios of one run compare across machines. */
import { tableOf } from "../table.ts";

/** The value below which this share of the sorted values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new Error("There are no measurements.");
  return value;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/**
 * How many times as large the ones are as the others, taken turn by turn: whatever slows the machine for a while slows what
 * was measured in one turn alike.
 *
 * @param others as many as the ones, in the same order
 */
export function ratioOf(ones: readonly number[], others: readonly number[]): number {
  return median(ones.map((one, turn) => one / (others[turn] ?? NaN)));
}

export type Figure = {
  benchmark: string;
  what: string;
  median: number;
  p95: number;
  unit: string;
  /** Against what stands beside it, in the same run. */
  ratio?: { value: number; to: string };
  /** What the project promises of the median, or of the ratio, and whether this run kept it. */
  promise?: { words: string; kept: boolean };
};

/** A figure from measurements of one kind. */
export function figure(
  benchmark: string,
  what: string,
  {
    values,
    unit,
    ratio,
    atMost,
    ratioAtLeast,
    ratioAtMost,
  }: {
    values: readonly number[];
    unit: string;
    ratio?: Figure["ratio"];
    atMost?: number;
    ratioAtLeast?: number;
    ratioAtMost?: number;
  },
): Figure {
  const middle = median(values);
  return {
    benchmark,
    what,
    median: middle,
    p95: percentile(values, 0.95),
    unit,
    ...(ratio ? { ratio } : {}),
    ...(atMost === undefined ? {} : { promise: { words: `at most ${atMost}`, kept: middle <= atMost } }),
    ...(ratioAtLeast === undefined
      ? {}
      : { promise: { words: `at least ${ratioAtLeast} ×`, kept: ratio !== undefined && ratio.value >= ratioAtLeast } }),
    ...(ratioAtMost === undefined
      ? {}
      : { promise: { words: `at most ${ratioAtMost} ×`, kept: ratio !== undefined && ratio.value <= ratioAtMost } }),
  };
}

/** The figures as a table for people. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((one) => [
    one.benchmark,
    one.what,
    round(one.median),
    round(one.p95),
    one.unit,
    one.ratio ? `${one.ratio.value.toFixed(2)} × ${one.ratio.to}` : "",
    one.promise ? `${one.promise.kept ? "kept" : "BROKEN"} (${one.promise.words})` : "",
  ]);
  return tableOf([["benchmark", "what", "median", "p95", "unit", "ratio", "promise"], ...rows]);
}

function round(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(value >= 10 ? 1 : 2);
}
