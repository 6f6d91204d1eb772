"use client";

import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { useOpensAtProblem } from "#components/form/fold.tsx";

type SectionProps = {
  title: string;
  /** One line that says what stands inside, shown while it is folded. */
  summary: ReactNode;
  /** Form paths inside: a problem at one of them opens the section. */
  paths: readonly string[];
  open?: boolean;
  children: ReactNode;
};

/** A folded part of a form, summed up in one line. */
export function Section({ title, summary, paths, open = false, children }: SectionProps) {
  const box = useOpensAtProblem(paths, open);
  return (
    <details ref={box} className="group border-line bg-surface min-w-0 rounded-lg border">
      <summary className="flex min-h-12 list-none items-center gap-3 rounded-lg px-4 py-2">
        <ChevronRight aria-hidden className="text-muted size-4 shrink-0 transition-transform group-open:rotate-90" />
        <h2 className="shrink-0 text-base font-semibold">{title}</h2>
        <span className="text-muted min-w-0 flex-1 truncate text-right text-sm group-open:invisible">{summary}</span>
      </summary>
      <div className="flex max-w-2xl flex-col gap-5 px-4 pt-1 pb-5 sm:pl-11">{children}</div>
    </details>
  );
}
