import type { Metadata } from "next";
import { AuditFilter } from "#components/audit/audit-filter.tsx";
import { AuditList } from "#components/audit/audit-list.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { ListAuditInput } from "#lib/features/audit/contract.ts";
import { listAudit, listAuditActions } from "#lib/features/audit/list.ts";
import { readWords } from "#lib/foundation/text.ts";
import { requireContext } from "#lib/web/context.ts";
import { readSearch } from "#lib/web/search-params.ts";

export const metadata: Metadata = { title: "Audit" };

const { search: searchInput, action, actor, subject, from, until } = ListAuditInput.shape;
// What somebody writes into the address by hand narrows nothing instead of failing.
const Filter = ListAuditInput.pick({ cursor: true }).extend({
  action: action.catch(undefined),
  actor: actor.catch(undefined),
  subject: subject.catch(undefined),
  from: from.catch(undefined),
  until: until.catch(undefined),
});

export default async function AuditPage({ searchParams }: PageProps<"/admin/audit">) {
  const ctx = await requireContext("audit:read");
  const { q, ...narrowing } = await readSearch(searchParams);
  const filter = Filter.strip().parse(narrowing);
  const search = readWords(searchInput, q);
  const [page, actions] = await Promise.all([listAudit(ctx, { ...filter, search }), listAuditActions(ctx, {})]);
  return (
    <>
      <PageHeader
        title="Audit"
        description="Every change in this tenant: who made it, what it was before and after. Nobody can alter it, and it holds no secrets."
      />
      <AuditFilter actions={actions} />
      {page.items.length === 0 ? (
        <EmptyState
          title={Object.keys(narrowing).length > 0 || search ? "Nothing matches" : "Nothing has happened yet"}
          description="Each change in this tenant leaves one entry here, in the moment it is made."
        />
      ) : (
        <AuditList events={page.items} />
      )}
      <Pager nextCursor={page.nextCursor} />
    </>
  );
}
