import type { Metadata } from "next";
import { RevocationTable } from "#components/revocations/revocation-table.tsx";
import { RevokeDialog } from "#components/revocations/revoke-dialog.tsx";
import { Button } from "#components/ui/button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { SearchField } from "#components/ui/search-field.tsx";
import { ListRevocationsInput, searchLength } from "#lib/features/revocations/contract.ts";
import { listRevocations, listRevokingKeyManagers } from "#lib/features/revocations/list.ts";
import { readWords } from "#lib/foundation/text.ts";
import { requireContext } from "#lib/web/context.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { revokeTokensAction } from "./actions.ts";

export const metadata: Metadata = { title: "Revocations" };

export default async function RevocationsPage({ searchParams }: PageProps<"/admin/revocations">) {
  const ctx = await requireContext("revocation:read");
  const { q, cursor } = await readSearch(searchParams);
  const search = readWords(ListRevocationsInput.shape.search, q);
  const [{ items, nextCursor }, keyManagers] = await Promise.all([
    listRevocations(ctx, { ...(search ? { search } : {}), cursor }),
    listRevokingKeyManagers(ctx, {}),
  ]);
  const none = items.length === 0 && !search && !cursor;
  return (
    <>
      <PageHeader
        title="Revocations"
        description="Access tokens that gateways refuse although they have not expired."
        actions={
          ctx.permissions.has("revocation:write") && (
            <RevokeDialog
              keyManagers={keyManagers}
              revoke={revokeTokensAction}
              trigger={<Button variant="primary">Revoke tokens</Button>}
            />
          )
        }
      />
      {none ? (
        <EmptyState
          title="Nothing is revoked"
          description="What people, applications and authorization servers revoke stands here until the tokens have expired."
        />
      ) : (
        <div className="flex flex-col gap-3">
          <SearchField
            label="Search revocations"
            maxLength={searchLength}
            placeholder="Key, subject, token id or person"
            className="w-full sm:w-96"
          />
          {items.length === 0 ? (
            <EmptyState title="Nothing matches" description="No revocation holds these letters. Try fewer." />
          ) : (
            <RevocationTable items={items} />
          )}
          <Pager nextCursor={nextCursor} />
        </div>
      )}
    </>
  );
}
