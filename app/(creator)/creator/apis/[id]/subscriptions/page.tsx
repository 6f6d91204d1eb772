import { ApiSubscriptions } from "#components/subscriptions/api-subscriptions.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { listSubscriptionsOfApi } from "#lib/features/subscriptions/list.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { setSubscriptionStateAction } from "../../actions.ts";

export default async function ApiSubscriptionsPage({
  params,
  searchParams,
}: PageProps<"/creator/apis/[id]/subscriptions">) {
  const ctx = await requireContext("subscription:manage");
  const { id: apiId } = await params;
  const { cursor } = await readSearch(searchParams);
  const { items, nextCursor } = await orNotFound(listSubscriptionsOfApi(ctx, { apiId, ...(cursor ? { cursor } : {}) }));
  if (items.length === 0 && !cursor) {
    return (
      <EmptyState
        title="Nobody is subscribed yet"
        description="Developers find the API once it is published, and subscribe an application under one of its plans."
      />
    );
  }
  return (
    <div className="flex flex-col gap-3">
      <ApiSubscriptions subscriptions={items} setState={setSubscriptionStateAction} />
      <Pager nextCursor={nextCursor} />
    </div>
  );
}
