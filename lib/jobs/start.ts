/** Background work: what is done, and when. */
import { followGlobalJob, followGlobalKeyManagers } from "#lib/features/global-key-managers/follow.ts";
import { sweepExpired } from "#lib/features/housekeeping/sweep.ts";
import { reconcileKeysJob } from "#lib/features/key-mappings/operation.ts";
import {
  narrowForgottenScopes,
  narrowScopes,
  narrowScopesJob,
  narrowScopesOfApi,
  narrowScopesOfApiJob,
} from "#lib/features/key-mappings/narrow-scopes.ts";
import { tellOwnerKind } from "#lib/features/key-mappings/owners.ts";
import { reconcileForgotten, reconcileKeyMapping } from "#lib/features/key-mappings/reconcile.ts";
import { tellForgottenOwners, tellOwner } from "#lib/features/key-mappings/tell-owner.ts";
import { reconcileForgottenScopes, reconcileScopes } from "#lib/features/scope-mirrors/reconcile.ts";
import { mirrorScopesJob } from "#lib/features/scope-mirrors/request.ts";
import { deliverToWebhook, deliverWebhookJob, wakeWebhooks } from "#lib/features/webhooks/deliver.ts";
import { maximumWebhooks } from "#lib/features/webhooks/contract.ts";
import type { Dependencies } from "#lib/features/context.ts";
import type { AtOnce } from "#lib/data/jobs.ts";
import type { TenantId } from "#lib/foundation/ids.ts";

type Run = (job: { tenantId: TenantId; subjectId: string }) => Promise<void>;

/** What the queue must be able to do; lib/data/jobs.ts does it. */
export type Worker = {
  start(): Promise<void>;
  work(kind: string, run: Run, options: AtOnce): Promise<void>;
  schedule(name: string, cron: string, run: () => Promise<void>): Promise<void>;
};

/** A schedule of the installation: a name, when (cron, UTC), and what. */
export type Schedule = { name: string; cron: string; run(deps: Dependencies): Promise<unknown> };

const ours: readonly Schedule[] = [
  { name: "key_mapping.reconcile_forgotten", cron: "* * * * *", run: reconcileForgotten },
  { name: "scope_mirror.reconcile_forgotten", cron: "*/2 * * * *", run: reconcileForgottenScopes },
  { name: "key_mapping.narrow_forgotten_scopes", cron: "*/5 * * * *", run: narrowForgottenScopes },
  { name: "key_mapping.tell_forgotten_owners", cron: "*/5 * * * *", run: tellForgottenOwners },
  { name: "webhook.wake", cron: "* * * * *", run: wakeWebhooks },
  { name: "housekeeping.sweep", cron: "17 * * * *", run: sweepExpired },
];

/** Most jobs talk to a key manager. One that is slow must hold up neither other tenants nor all the rest of its own. */
const several = { atOnce: 4, ofOneTenant: 2 };

/**
 * Starts the queue, the work that jobs ask for, and the schedules. Several processes may do so: each job
 * and each schedule runs in one of them.
 *
 * @param schedules what other parts of the installation have to do now and then
 */
export async function startJobs(
  worker: Worker,
  deps: Dependencies,
  schedules: readonly Schedule[] = [],
): Promise<void> {
  await worker.start();
  const reconcileKeys: Run = async ({ tenantId, subjectId }) => {
    const end = await reconcileKeyMapping(deps, tenantId, subjectId);
    // The queue tries a job that throws again, ever later.
    if (end === "unresolved") throw new Error(`The keys ${subjectId} are not settled yet.`);
  };
  await worker.work(reconcileKeysJob, reconcileKeys, several);
  await worker.work(mirrorScopesJob, ({ tenantId, subjectId }) => reconcileScopes(deps, tenantId, subjectId), several);
  await worker.work(followGlobalJob, ({ tenantId }) => followGlobalKeyManagers(deps, tenantId), several);
  await worker.work(narrowScopesJob, ({ tenantId, subjectId }) => narrowScopes(deps, tenantId, subjectId), several);
  await worker.work(tellOwnerKind, ({ tenantId, subjectId }) => tellOwner(deps, tenantId, subjectId), several);
  await worker.work(narrowScopesOfApiJob, ({ subjectId }) => narrowScopesOfApi(deps, subjectId), several);
  await worker.work(deliverWebhookJob, ({ tenantId, subjectId }) => deliverToWebhook(deps, tenantId, subjectId), {
    atOnce: maximumWebhooks,
    ofOneTenant: maximumWebhooks / 5,
  });
  for (const { name, cron, run } of [...ours, ...schedules]) {
    await worker.schedule(name, cron, async () => {
      await run(deps);
    });
  }
}
