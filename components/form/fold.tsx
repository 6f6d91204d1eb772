"use client";

import { ChevronRight } from "lucide-react";
import { useEffect, useRef, type ReactNode, type RefObject } from "react";
import { get, useFormState } from "react-hook-form";

/**
 * Keeps a folded part of a form from hiding a problem.
 *
 * @param paths form paths inside: a problem at one of them opens it
 * @param open also opens it
 * @returns for the `<details>` element
 */
export function useOpensAtProblem(paths: readonly string[], open = false): RefObject<HTMLDetailsElement | null> {
  const { errors } = useFormState();
  const box = useRef<HTMLDetailsElement>(null);
  const mustOpen = open || paths.some((path) => get(errors, path) !== undefined);
  useEffect(() => {
    if (mustOpen && box.current) box.current.open = true;
  }, [mustOpen]);
  return box;
}

type FoldProps = {
  label: ReactNode;
  /** What stands inside, in one line, shown while it is folded. */
  summary?: string;
  /** Form paths inside: a problem at one of them opens the fold. */
  paths: readonly string[];
  children: ReactNode;
};

/** Fields of a form that few people need, folded. */
export function Fold({ label, summary, paths, children }: FoldProps) {
  const box = useOpensAtProblem(paths);
  return (
    <details ref={box} className="group border-line min-w-0 rounded-lg border open:pb-4">
      <summary className="flex min-h-10 list-none items-center gap-2 rounded-lg px-3 py-1 font-medium">
        <ChevronRight aria-hidden className="text-muted size-4 shrink-0 transition-transform group-open:rotate-90" />
        <span className={summary ? "shrink-0" : undefined}>{label}</span>
        {summary && <span className="text-muted truncate text-sm font-normal group-open:hidden">{summary}</span>}
      </summary>
      <div className="flex min-w-0 flex-col gap-5 px-4 pt-2">{children}</div>
    </details>
  );
}
