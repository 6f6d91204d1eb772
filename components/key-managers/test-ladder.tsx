"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { Button } from "#components/ui/button.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { Steps, type Step, type StepState } from "#components/ui/steps.tsx";
import { reached } from "#components/ui/reached.ts";
import type { ActionProblem, ActionResult } from "#lib/features/actions/contract.ts";
import type { ConnectionTestView, ProbePart, ProbeResult } from "#lib/features/key-managers/contract.ts";

type Rung = ProbeResult["step"];

const rungs: readonly { step: Rung; part: ProbePart; title: string }[] = [
  { step: "discovery", part: "server", title: "Read the discovery document" },
  { step: "issuer", part: "server", title: "Compare the issuer" },
  { step: "keys", part: "server", title: "Read the signing keys" },
  { step: "sign_in", part: "access", title: "Sign in as administrator" },
  { step: "permissions", part: "access", title: "Look at the permissions" },
];

const states: Record<ProbeResult["status"], StepState> = {
  passed: "passed",
  warning: "warned",
  failed: "failed",
  skipped: "skipped",
};

/** How a test ended: how many rungs failed or were never reached. */
export type TestOutcome = { failed: number; proved: boolean };

type TestLadderProps = {
  /** Runs one part of the test. */
  run: (part: ProbePart) => Promise<ActionResult<ConnectionTestView>>;
  /** Begins as soon as it is seen. */
  immediately?: boolean;
  onOutcome?: (outcome: TestOutcome) => void;
  /** Fields that could not be tried, or that the server did not accept. */
  onFields?: (problems: ActionProblem["fields"]) => void;
};

/** The connection test, rung by rung; changes nothing anywhere and may be repeated. */
export function TestLadder({ run, immediately = false, onOutcome, onFields }: TestLadderProps) {
  const [results, setResults] = useState<ProbeResult[]>([]);
  const [running, setRunning] = useState<ProbePart | null>(null);
  const [problem, setProblem] = useState<ActionProblem | null>(null);
  const [finished, setFinished] = useState(false);
  const began = useRef(false);

  const test = useCallback(async () => {
    setResults([]);
    setProblem(null);
    setFinished(false);
    const all: ProbeResult[] = [];
    let stopped: ActionProblem | null = null;
    for (const part of ["server", "access"] as const) {
      setRunning(part);
      const result = await reached(run(part));
      if (!result.ok) {
        stopped = result.problem;
        break;
      }
      all.push(...result.value.results);
      onFields?.(result.value.problems);
      setResults([...all]);
    }
    setRunning(null);
    setFinished(true);
    setProblem(stopped);
    if (stopped) onFields?.(stopped.fields);
    const failed = all.filter(({ status }) => status === "failed").length;
    onOutcome?.({ failed, proved: stopped === null && failed === 0 });
  }, [run, onOutcome, onFields]);

  useEffect(() => {
    if (!immediately || began.current) return;
    began.current = true;
    void test();
  }, [immediately, test]);

  const idle = running === null;
  return (
    <div className="flex flex-col gap-4">
      <Steps label="Connection test" steps={rungs.map((rung) => toStep(rung, results, { running, finished }))} />
      <p aria-live="polite" className="sr-only">
        {results.map(({ summary }) => summary).join(" ")}
      </p>
      {problem && (
        <Notice tone="bad" title={problem.message} live>
          {problem.fields.length > 0 && (
            <ul className="list-disc pl-4">
              {problem.fields.map(({ path, message }) => (
                <li key={path}>{message}</li>
              ))}
            </ul>
          )}
        </Notice>
      )}
      <div>
        <Button onClick={() => void test()} pending={!idle}>
          {finished || results.length > 0 ? "Test again" : "Test connection"}
        </Button>
      </div>
    </div>
  );
}

function toStep(
  { step, part, title }: (typeof rungs)[number],
  results: readonly ProbeResult[],
  { running, finished }: { running: ProbePart | null; finished: boolean },
): Step {
  const found = results.filter((result) => result.step === step);
  const worst = found.find(({ status }) => status === "failed") ?? found.find(({ status }) => status === "warning");
  const result = worst ?? found[0];
  if (!result) {
    const state = running === part ? "running" : finished ? "skipped" : "waiting";
    return { id: step, title, state, ...(state === "skipped" && { detail: "Not reached." }) };
  }
  return {
    id: step,
    title,
    state: states[result.status],
    ...(result.durationMs > 0 && { durationMs: result.durationMs }),
    detail: (
      <>
        {found.map(({ summary, detail, fix }) => (
          <span key={summary} className="block [overflow-wrap:anywhere]">
            {summary}
            {detail && <span className="text-muted block">{detail}</span>}
            {fix && <span className="text-ink block font-medium">{fix}</span>}
          </span>
        ))}
      </>
    ),
  };
}
