import { Badge, type Tone } from "#components/ui/badge.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import type { MirrorCounts, MirroredScopeView, MirrorState } from "#lib/features/scope-mirrors/contract.ts";

const words: Record<MirrorState, { tone: Tone; word: string }> = {
  mirrored: { tone: "good", word: "Mirrored" },
  found: { tone: "neutral", word: "There already" },
  waiting: { tone: "accent", word: "Waiting" },
  failed: { tone: "bad", word: "Failed" },
  removing: { tone: "warn", word: "Being removed" },
};

/** Scopes at one key manager, each with its state; what failed says why and when it is tried next. */
export function MirrorList({ scopes, label }: { scopes: readonly MirroredScopeView[]; label: string }) {
  return (
    <ul aria-label={label} className="flex min-w-0 flex-col gap-2">
      {scopes.map(({ name, state, problem, nextTryAt }) => (
        <li key={name} className="flex min-w-0 flex-col gap-0.5">
          <span className="flex min-w-0 flex-wrap items-center gap-2">
            <code className="min-w-0 break-all">{name}</code>
            <Badge tone={words[state].tone}>{words[state].word}</Badge>
          </span>
          {problem && (
            <span className="text-muted text-sm break-words">
              {problem}
              {nextTryAt && (
                <>
                  {" "}
                  Next try: <RelativeTime iso={nextTryAt} />
                </>
              )}
            </span>
          )}
          {state === "found" && (
            <span className="text-muted text-sm">Made there by somebody else: it is neither changed nor removed.</span>
          )}
        </li>
      ))}
    </ul>
  );
}

/** “3 mirrored, 1 failed”: the states that occur. */
export function summaryOf(counts: MirrorCounts): string {
  const parts = (Object.keys(words) as MirrorState[])
    .filter((state) => counts[state] > 0)
    .map((state) => `${String(counts[state])} ${words[state].word.toLowerCase()}`);
  return parts.join(", ") || "No scopes";
}
