"use client";

import { useState } from "react";
import { Button } from "#components/ui/button.tsx";
import { Notice } from "#components/ui/notice.tsx";
import type { ActionProblem, ActionResult } from "#lib/features/actions/contract.ts";

type Reference = { tenant: string; id: string };
type Choice = {
  label: string;
  action: (reference: Reference) => Promise<ActionResult<{ continueTo: string }>>;
};

type DecisionFormProps = {
  /** Which request of an application is answered. */
  reference: Reference;
  /** Absent where only refusing is possible. */
  accept?: Choice;
  deny: Choice;
};

/** The two answers that a person can give to an application. */
export function DecisionForm({ reference, accept, deny }: DecisionFormProps) {
  const [pending, setPending] = useState<Choice["label"] | null>(null);
  const [problem, setProblem] = useState<ActionProblem | null>(null);

  async function answer({ label, action }: Choice) {
    if (pending !== null) return;
    setPending(label);
    setProblem(null);
    const result = await action(reference);
    if (result.ok) {
      // A whole new page, and perhaps another site: the router would try to fetch it.
      window.location.assign(result.value.continueTo);
      return;
    }
    setProblem(result.problem);
    setPending(null);
  }

  return (
    <div className="flex flex-col gap-3">
      {problem && (
        <Notice tone="bad" title="This did not work" live>
          {problem.message}
        </Notice>
      )}
      <div className="flex flex-col gap-2">
        {accept && (
          <Button
            variant="primary"
            size="lg"
            className="max-w-full"
            pending={pending === accept.label}
            onClick={() => void answer(accept)}
          >
            <span className="truncate">{accept.label}</span>
          </Button>
        )}
        <Button size="lg" pending={pending === deny.label} onClick={() => void answer(deny)}>
          {deny.label}
        </Button>
      </div>
    </div>
  );
}
