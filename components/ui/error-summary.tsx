"use client";

import { CircleAlert } from "lucide-react";
import type { ReactNode, Ref } from "react";
import { fieldId } from "./field.tsx";

/** A problem of a form; without a path, it is none of one field on the page. */
export type SummaryProblem = { path?: string | undefined; label?: string | undefined; message: string };

type ErrorSummaryProps = {
  title?: string | undefined;
  /** What is wrong with the whole, where it is not one field. */
  message?: string | undefined;
  problems: readonly SummaryProblem[];
  ref?: Ref<HTMLDivElement>;
};

/** On top of a form that was refused: every problem, linked to its field. Takes focus when it appears. */
export function ErrorSummary({ title, message, problems, ref }: ErrorSummaryProps) {
  if (!message && problems.length === 0) return null;
  const count = problems.length;
  return (
    <div
      ref={ref}
      tabIndex={-1}
      role="alert"
      className="border-bad/40 bg-bad-soft flex items-start gap-2.5 rounded-lg border px-3 py-2.5"
    >
      <CircleAlert aria-hidden className="text-bad mt-0.5 size-4 shrink-0" />
      <div className="flex min-w-0 flex-1 flex-col gap-1">
        <p className="font-medium">
          {title ?? message ?? (count === 1 ? "One field needs your attention" : `${count} fields need your attention`)}
        </p>
        {title && message && <p>{message}</p>}
        {count > 0 && (
          <ul className="flex flex-col gap-0.5">
            {problems.map(({ path, label, message: words }) => {
              const line = (
                <>
                  {label && <span className="font-medium">{label}: </span>}
                  {words}
                </>
              );
              return (
                <li key={`${path ?? ""} ${words}`} className="[overflow-wrap:anywhere]">
                  {path === undefined ? line : <FieldLink path={path}>{line}</FieldLink>}
                </li>
              );
            })}
          </ul>
        )}
      </div>
    </div>
  );
}

/** Leads to a field and puts the focus there. */
function FieldLink({ path, children }: { path: string; children: ReactNode }) {
  return (
    <a
      href={`#${fieldId(path)}`}
      className="underline decoration-current/40 underline-offset-2 hover:decoration-current"
      onClick={(event) => {
        const control = document.getElementById(fieldId(path));
        if (!control) return;
        event.preventDefault();
        control.scrollIntoView({ block: "center" });
        control.focus();
      }}
    >
      {children}
    </a>
  );
}
