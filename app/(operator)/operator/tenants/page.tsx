import type { Metadata } from "next";
import { PasswordLinkForAnybody } from "#components/people/password-link-for-anybody.tsx";
import { TenantList } from "#components/tenants/tenant-list.tsx";
import { CreateTenant } from "#components/tenants/create-tenant.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { SearchField } from "#components/ui/search-field.tsx";
import { ListTenantsInput, searchLength } from "#lib/features/tenants/contract.ts";
import { listTenants } from "#lib/features/tenants/list.ts";
import { readWords } from "#lib/foundation/text.ts";
import { requireOperator } from "#lib/web/context.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { createTenantAction, makePasswordLinkAction, setTenantActiveAction } from "./actions.ts";

export const metadata: Metadata = { title: "Tenants" };

export default async function TenantsPage({ searchParams }: PageProps<"/operator/tenants">) {
  const caller = await requireOperator();
  const { q, cursor } = await readSearch(searchParams);
  const search = readWords(ListTenantsInput.shape.search, q);
  const page = await listTenants(caller, { search, cursor });
  const create = <CreateTenant create={createTenantAction} origin={caller.deps.origin} />;
  const isEmpty = page.items.length === 0;
  return (
    <>
      <PageHeader
        title="Tenants"
        description="Organisations of this installation. None of them sees anything of another."
        actions={
          <>
            <PasswordLinkForAnybody make={makePasswordLinkAction} />
            {create}
          </>
        }
      />
      {(!isEmpty || search) && <SearchField label="Search tenants" maxLength={searchLength} />}
      {isEmpty && search && (
        <EmptyState title="Nothing matches" description="No tenant has these words in its name or address." />
      )}
      {isEmpty && !search && (
        <EmptyState
          title="No tenant yet"
          description="A tenant is an organisation with its own people, key managers, applications and APIs. Its first administrator gets in by a link that you hand over."
        />
      )}
      {!isEmpty && <TenantList tenants={page.items} setActive={setTenantActiveAction} />}
      <Pager nextCursor={page.nextCursor} />
    </>
  );
}
