import { Check, CircleDashed, Minus, TriangleAlert, X, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "./class-names.ts";
import { Spinner } from "./spinner.tsx";

/** `open` is a step that came to no end: nobody knows yet whether it was done. */
export type StepState = "waiting" | "running" | "open" | "passed" | "warned" | "failed" | "skipped";

export type Step = {
  id: string;
  /** Names the step, "registering at Okta". */
  title: ReactNode;
  state: StepState;
  /** What was found, what went wrong, what to do. */
  detail?: ReactNode;
  durationMs?: number | undefined;
};

const looks: Record<StepState, { word: string; classes: string; icon: LucideIcon | null }> = {
  waiting: { word: "waiting", classes: "text-muted", icon: CircleDashed },
  running: { word: "under way", classes: "text-accent", icon: null },
  open: { word: "not finished", classes: "bg-warn-soft text-warn", icon: TriangleAlert },
  passed: { word: "passed", classes: "bg-good-soft text-good", icon: Check },
  warned: { word: "passed with a warning", classes: "bg-warn-soft text-warn", icon: TriangleAlert },
  failed: { word: "failed", classes: "bg-bad-soft text-bad", icon: X },
  skipped: { word: "skipped", classes: "text-muted", icon: Minus },
};

/** Work in named steps: what is done, what runs, where it stopped. */
export function Steps({ steps, label }: { steps: readonly Step[]; label: string }) {
  return (
    <ol aria-label={label} className="flex flex-col">
      {steps.map(({ id, title, state, detail, durationMs }, index) => {
        const { word, classes, icon: Icon } = looks[state];
        return (
          <li key={id} className="relative flex gap-3 pb-3 last:pb-0">
            {index < steps.length - 1 && <span aria-hidden className="bg-line absolute top-6 bottom-0 left-3 w-px" />}
            <span className={cn("grid size-6 shrink-0 place-items-center rounded-full", classes)}>
              {Icon ? <Icon aria-hidden className="size-3.5" /> : <Spinner className="size-3.5" />}
            </span>
            <div className="flex min-w-0 flex-1 flex-col gap-0.5 pt-0.5">
              <p className="flex flex-wrap items-baseline justify-between gap-x-3">
                <span
                  className={cn(
                    "font-medium",
                    (state === "waiting" || state === "skipped") && "text-muted font-normal",
                  )}
                >
                  {title}
                  <span className="sr-only">: {word}</span>
                </span>
                {durationMs !== undefined && (
                  <span className="text-muted text-sm tabular-nums">{durationMs.toLocaleString("en")} ms</span>
                )}
              </p>
              {detail && <div className={cn("text-sm", state === "failed" ? "text-ink" : "text-muted")}>{detail}</div>}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
