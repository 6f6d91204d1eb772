import { AuditList } from "#components/audit/audit-list.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { listAudit } from "#lib/features/audit/list.ts";
import { getKeyManager } from "#lib/features/key-managers/get.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { readSearch } from "#lib/web/search-params.ts";

export default async function KeyManagerActivityPage({
  params,
  searchParams,
}: PageProps<"/admin/key-managers/[id]/activity">) {
  const ctx = await requireContext("audit:read");
  const { id } = await params;
  const { cursor } = await readSearch(searchParams);
  const view = await orNotFound(getKeyManager(ctx, { id }));
  const { items, nextCursor } = await listAudit(ctx, { subject: view.id, cursor });
  if (items.length === 0) return <EmptyState title="Nothing has been changed here" />;
  return (
    <div className="flex flex-col gap-3">
      <AuditList events={items} />
      <Pager nextCursor={nextCursor} />
    </div>
  );
}
