import { AuditList } from "#components/audit/audit-list.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { listGlobalActivity } from "#lib/features/global-key-managers/read.ts";
import { requireOperator } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { readSearch } from "#lib/web/search-params.ts";

export default async function GlobalActivityPage({
  params,
  searchParams,
}: PageProps<"/operator/key-managers/[id]/activity">) {
  const caller = await requireOperator();
  const { id } = await params;
  const { cursor } = await readSearch(searchParams);
  const { items, nextCursor } = await orNotFound(listGlobalActivity(caller, { id, cursor }));
  if (items.length === 0) return <EmptyState title="Nothing has been changed here" />;
  return (
    <div className="flex flex-col gap-3">
      <AuditList events={items} />
      <Pager nextCursor={nextCursor} />
    </div>
  );
}
