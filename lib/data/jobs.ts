import { fromPrisma, PgBoss, type Job as StoredJob, type JobResult } from "pg-boss";
import type { TenantId } from "../foundation/ids.ts";
import type { Log } from "../foundation/log.ts";
import type { Secret } from "../foundation/secret.ts";
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import { watchedSockets } from "./watched-socket.ts";

/** A job as it is stored: ids only, never a payload or a secret. */
export type JobSubject = { tenantId: TenantId; subjectId: string };

/** How many jobs of a kind run at a time. */
export type AtOnce = {
  atOnce: number;
  /**
   * How many of them of one tenant: whatever takes long there holds up no other. All, or at most the root of `atOnce`:
   * there are then as many fetchers as one tenant may have jobs, or more.
   */
  ofOneTenant: number;
};

export type JobStore = {
  /**
   * Adds a job in the caller's transaction. One job waits for each subject: asking again while one waits
   * moves it to the time named now.
   */
  enqueue(tx: TenantContext, job: JobSubject & { kind: string; delaySeconds?: number }): Promise<void>;
  /** Runs jobs of a kind, as many at a time as is said, and more as soon as there are. One that throws is tried again, ever later. */
  work(kind: string, run: (job: JobSubject) => Promise<void>, options: AtOnce): Promise<void>;
  /** Runs something on a schedule (cron, UTC), in one process of the installation at a time. */
  schedule(name: string, cron: string, run: () => Promise<void>): Promise<void>;
  /** Makes its tables where they are missing, and begins to keep them in order. */
  start(): Promise<void>;
  /** Takes no more jobs and waits for those that run. */
  stop(timeoutMs: number): Promise<void>;
};

const schema = "pgboss";
/** Its own statements take a moment; a server that has said nothing for so long is gone. */
const silentMs = 60_000;

/** What every queue does with a job that fails: seven more tries between 5 seconds and 10 minutes, with jitter. */
const patience = {
  retryLimit: 7,
  retryDelay: 5,
  retryBackoff: true,
  retryDelayMax: 600,
  expireInSeconds: 120,
  deleteAfterSeconds: 86_400,
} as const;

/** Opens the job queue that lives beside our tables, in a schema of its own. Connects at `start`. */
export function openJobStore({ url, log }: { url: Secret; log: Log }): JobStore {
  const boss = new PgBoss({
    connectionString: url.reveal(),
    schema,
    max: 3,
    application_name: "latchkey-jobs",
    connectionTimeoutMillis: 5_000,
    // pg-boss hands on what node-postgres takes.
    ...{ stream: watchedSockets(silentMs) },
  });
  boss.on("error", (error) => log.error({ error }, "the job queue failed"));
  boss.on("warning", (warning) => log.warn({ warning: warning.message }, "the job queue warns"));

  let started: Promise<void> | undefined;
  const start = () => {
    started ??= boss.start().then(() => undefined);
    return started;
  };
  const queues = new Map<string, Promise<void>>();
  const queue = async (name: string) => {
    await start();
    let known = queues.get(name);
    if (!known) {
      // "short": at most one waiting job for each key, so a hundred requests make one run.
      known = boss.createQueue(name, { policy: "short", ...patience });
      queues.set(name, known);
    }
    await known;
  };

  return {
    start,
    async enqueue(tx, { kind, tenantId, subjectId, delaySeconds = 0 }) {
      await queue(kind);
      const data: JobSubject = { tenantId, subjectId };
      await boss.upsert(kind, data, {
        singletonKey: subjectId,
        group: { id: tenantId },
        startAfter: delaySeconds,
        db: fromPrisma(tenantDb(tx)),
      });
    },
    async work(kind, run, { atOnce, ofOneTenant }) {
      await queue(kind);
      // What is fetched together ends together: whoever fetches takes no more than one tenant may have.
      const shares = { batchSize: ofOneTenant, localConcurrency: Math.ceil(atOnce / ofOneTenant) };
      await boss.work<JobSubject>(
        kind,
        {
          pollingIntervalSeconds: 1,
          ...shares,
          ...(shares.localConcurrency > 1 && { localGroupConcurrency: ofOneTenant }),
          burstWhenBatchFull: true,
          perJobResults: true,
        },
        (jobs: StoredJob<JobSubject>[]) => Promise.all(jobs.map((job) => resultOf(job, run))),
      );
    },
    async schedule(name, cron, run) {
      await queue(name);
      await boss.schedule(name, cron, null, { singletonKey: name });
      await boss.work(name, { pollingIntervalSeconds: 5 }, run);
    },
    async stop(timeoutMs) {
      if (!started) return;
      await started;
      await boss.stop({ graceful: true, timeout: timeoutMs });
    },
  };
}

/** What came of a job: where it throws, it alone is tried again, and not those that ran beside it. */
async function resultOf(
  { id, data }: StoredJob<JobSubject>,
  run: (job: JobSubject) => Promise<void>,
): Promise<JobResult> {
  try {
    await run(data);
    return { id, status: "completed" };
  } catch (error) {
    return { id, status: "failed", output: error instanceof Error ? { message: error.message } : {} };
  }
}

/** The tenant that a job works for; null where it is gone. */
export async function findTenantIdentity(
  ctx: InstallationContext,
  id: TenantId,
): Promise<{ id: TenantId; slug: string; name: string } | null> {
  const row = await installationDb(ctx).tenant.findUnique({
    where: { id },
    select: { slug: true, name: true },
  });
  return row && { id, ...row };
}
