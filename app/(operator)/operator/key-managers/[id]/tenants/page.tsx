import { ServedTable } from "#components/global-key-managers/served-table.tsx";
import { ServingForm } from "#components/global-key-managers/serving-form.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { getServing, listServedTenants } from "#lib/features/global-key-managers/read.ts";
import { requireOperator } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { setServingAction } from "../../actions.ts";

export default async function ServedTenantsPage({
  params,
  searchParams,
}: PageProps<"/operator/key-managers/[id]/tenants">) {
  const caller = await requireOperator();
  const { id } = await params;
  const { cursor } = await readSearch(searchParams);
  const serving = await orNotFound(getServing(caller, { id }));
  const { items, nextCursor } = await listServedTenants(caller, { id, cursor });
  return (
    <div className="flex flex-col gap-6">
      <ServingForm key={serving.revision} serving={serving} save={setServingAction} />
      <section aria-labelledby="served" className="flex min-w-0 flex-col gap-2">
        <h2 id="served" className="text-lg font-semibold">
          Served now
        </h2>
        <p className="text-muted">A tenant that uses it cannot be taken off the list.</p>
        {items.length === 0 ? (
          <EmptyState
            title="No tenant yet"
            description="As soon as there is a tenant that it serves, it stands here."
          />
        ) : (
          <ServedTable tenants={items} />
        )}
        <Pager nextCursor={nextCursor} />
      </section>
    </div>
  );
}
