/** The background of tests: its jobs run when they are told to. */
import type { Job } from "#lib/features/context.ts";
import { startJobs, type Worker } from "#lib/jobs/start.ts";
import { isOwnTenant, type TestDependencies } from "./tenant.ts";

export type TestJobs = {
  /** Runs every job that is due now, and those that come of it; `later` is when those that wait are due as well. */
  run(when?: "later"): Promise<void>;
  /** Jobs that were due later when the last run came to its end. */
  waiting: readonly Job[];
};

/** Starts the background's work over dependencies that note their jobs. */
export async function testJobs(deps: TestDependencies): Promise<TestJobs> {
  const handlers = new Map<string, Parameters<Worker["work"]>[1]>();
  const worker: Worker = {
    start: () => Promise.resolve(),
    work: async (kind, run) => void handlers.set(kind, run),
    schedule: () => Promise.resolve(),
  };
  await startJobs(worker, deps);
  const waiting = new Map<string, Job>();
  const keyOf = ({ kind, subjectId }: Job) => `${kind} ${subjectId}`;

  /** One job waits for each subject, as in the queue. */
  function takeDue(): Job[] {
    const due = new Map<string, Job>();
    // What looks after the forgotten of all tenants finds those of other tests too, which have vaults of their own.
    for (const job of deps.enqueued.splice(0).filter(({ tenantId }) => isOwnTenant(tenantId))) {
      const key = keyOf(job);
      if ((job.delaySeconds ?? 0) > 0) waiting.set(key, job);
      else due.set(key, job);
    }
    return [...due.values()];
  }

  return {
    get waiting() {
      return [...waiting.values()];
    },
    async run(when) {
      const first = takeDue();
      let due = when === "later" ? [...first, ...waiting.values()] : first;
      if (when === "later") waiting.clear();
      for (let round = 0; round < 20 && due.length > 0; round += 1) {
        for (const { kind, tenantId, subjectId } of due) await handlers.get(kind)?.({ tenantId, subjectId });
        due = takeDue();
      }
      if (due.length > 0) throw new Error("The jobs never come to an end.");
    },
  };
}
