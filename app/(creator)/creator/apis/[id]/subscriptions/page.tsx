import { ApiSubscriptions } from "#components/subscriptions/api-subscriptions.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { getApi } from "#lib/features/apis/read.ts";
import { listForeignSubscriptionsOfApi } from "#lib/features/cross-tenant-subscriptions/list.ts";
import { listSubscriptionsOfApi } from "#lib/features/subscriptions/list.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { setForeignSubscriptionStateAction, setSubscriptionStateAction } from "../../actions.ts";

export default async function ApiSubscriptionsPage({
  params,
  searchParams,
}: PageProps<"/creator/apis/[id]/subscriptions">) {
  const ctx = await requireContext("subscription:manage");
  const { id: apiId } = await params;
  const { cursor, others } = await readSearch(searchParams);
  const own = await orNotFound(listSubscriptionsOfApi(ctx, { apiId, cursor }));
  const foreign = await listForeignSubscriptionsOfApi(ctx, { apiId, cursor: others });
  const isOpen = (await orNotFound(getApi(ctx, { id: apiId }))).subscriptionAvailability !== "OWN_TENANT";
  const showsForeign = isOpen || foreign.items.length > 0 || Boolean(others);
  if (own.items.length === 0 && !cursor && !showsForeign) {
    return (
      <EmptyState
        title="Nobody is subscribed yet"
        description="Developers find the API once it is published, and subscribe an application under one of its plans."
      />
    );
  }
  return (
    <div className="flex flex-col gap-6">
      <section aria-labelledby="own" className="flex min-w-0 flex-col gap-3">
        {showsForeign && (
          <h2 id="own" className="text-lg font-semibold">
            Applications of this tenant
          </h2>
        )}
        {own.items.length === 0 ? (
          <p className="text-muted">None is subscribed.</p>
        ) : (
          <ApiSubscriptions
            label="Subscriptions"
            ofWhat="Owner"
            subscriptions={own.items.map((item) => ({ ...item, of: item.application.ownerName }))}
            setState={setSubscriptionStateAction}
          />
        )}
        <Pager nextCursor={own.nextCursor} />
      </section>
      {showsForeign && (
        <section aria-labelledby="foreign" className="flex min-w-0 flex-col gap-3">
          <h2 id="foreign" className="text-lg font-semibold">
            Applications of other tenants
          </h2>
          {foreign.items.length === 0 ? (
            <p className="text-muted">None is subscribed.</p>
          ) : (
            <ApiSubscriptions
              label="Subscriptions of other tenants"
              ofWhat="Tenant"
              subscriptions={foreign.items.map((item) => ({ ...item, of: item.application.tenant.name }))}
              setState={setForeignSubscriptionStateAction}
            />
          )}
          <Pager nextCursor={foreign.nextCursor} param="others" />
        </section>
      )}
    </div>
  );
}
