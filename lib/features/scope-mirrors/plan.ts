/** What is to be done about the scopes at one key manager: nothing here reads or writes. */
import type { ScopeMirrorRecord } from "#lib/data/scope-mirrors.ts";

export type MirrorStep =
  /** Make it, or bring its description up to date. `claims` where it will be ours only from now on. */
  | { kind: "save"; row: ScopeMirrorRecord; claims: boolean }
  /** It stands there and was not made by this row: it is left alone. */
  | { kind: "leave"; row: ScopeMirrorRecord }
  /** Take away what was made from here and is no longer needed. */
  | { kind: "remove"; row: ScopeMirrorRecord }
  /** Nothing of ours stands there: only our own note goes. */
  | { kind: "forget"; row: ScopeMirrorRecord };

/**
 * Compares what should stand at a key manager with what does.
 *
 * A scope that stands there without having been made from here is neither changed nor removed. What is not due yet,
 * because it failed or because a try may still be working at it, is left out.
 *
 * @param rows what should stand there, and what was made there so far
 * @param there names of the scopes that the key manager has
 */
export function planMirror(
  rows: readonly ScopeMirrorRecord[],
  there: ReadonlySet<string>,
  now: Date,
): readonly MirrorStep[] {
  return rows.flatMap((row): MirrorStep[] => {
    const stands = there.has(row.name);
    if (row.nextTryAt === null) return stands || row.unwanted ? [] : [{ kind: "save", row, claims: !row.madeHere }];
    if (row.nextTryAt > now) return [];
    if (row.unwanted) return [{ kind: stands && row.madeHere ? "remove" : "forget", row }];
    if (stands && !row.madeHere) return [{ kind: "leave", row }];
    return [{ kind: "save", row, claims: !row.madeHere }];
  });
}

const firstDelaySeconds = 10;
const longestDelaySeconds = 60 * 60;

/**
 * How long a scope waits after a failed try.
 *
 * @param attempts tries that failed before
 * @param askedFor seconds that the key manager asked us to wait (RFC 9110 §10.2.3)
 */
export function retryDelaySeconds(attempts: number, askedFor = 0): number {
  return Math.max(askedFor, Math.min(longestDelaySeconds, firstDelaySeconds * 2 ** Math.min(attempts, 20)));
}
