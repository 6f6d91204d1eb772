import type { Metadata } from "next";
import { PlanDialog } from "#components/plans/plan-dialog.tsx";
import { PlansTable } from "#components/plans/plans-table.tsx";
import { Button } from "#components/ui/button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { listPlans } from "#lib/features/plans/list.ts";
import { requireContext } from "#lib/web/context.ts";
import { createPlanAction, deletePlanAction, updatePlanAction } from "./actions.ts";

export const metadata: Metadata = { title: "Plans" };

export default async function PlansPage() {
  const ctx = await requireContext("plan:write");
  const plans = await listPlans(ctx, {});
  const add = <PlanDialog save={createPlanAction} trigger={<Button variant="primary">Add plan</Button>} />;
  return (
    <>
      <PageHeader
        title="Plans"
        description="How much an application may call under a subscription. APIs offer one or several."
        actions={plans.length > 0 && add}
      />
      {plans.length === 0 ? (
        <EmptyState
          title="No plans yet"
          description="Developers choose a plan when they subscribe to an API."
          action={add}
        />
      ) : (
        <PlansTable plans={plans} update={updatePlanAction} remove={deletePlanAction} />
      )}
    </>
  );
}
