import { ApiUsage, ApplicationUsage } from "#components/key-managers/usage-tables.tsx";
import { AttachClientDialog } from "#components/key-mappings/attach-client-dialog.tsx";
import { users } from "#components/key-managers/words.ts";
import { Pager } from "#components/ui/pager.tsx";
import { getKeyManager } from "#lib/features/key-managers/get.ts";
import { listKeyManagerApis, listKeyManagerApplications } from "#lib/features/key-managers/list-usage.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { attachClientAction, findApplicationsAction } from "../../actions.ts";

export default async function KeyManagerUsagePage({
  params,
  searchParams,
}: PageProps<"/admin/key-managers/[id]/usage">) {
  const ctx = await requireContext("key_manager:read");
  const { id } = await params;
  const { apis: apiCursor, applications: applicationCursor } = await readSearch(searchParams);
  const keyManager = await orNotFound(getKeyManager(ctx, { id }));
  const { displayName, enabled, global, tokenTypes } = keyManager;
  const takesClients = enabled && !global && tokenTypes.includes("DIRECT");
  const apis = await orNotFound(listKeyManagerApis(ctx, { id, cursor: apiCursor }));
  const applications = await listKeyManagerApplications(ctx, { id, cursor: applicationCursor });
  return (
    <div className="flex flex-col gap-6">
      <section aria-labelledby="apis" className="flex min-w-0 flex-col gap-2">
        <h2 id="apis" className="text-lg font-semibold">
          APIs <span className="text-muted font-normal tabular-nums">{users(apis.total)}</span>
        </h2>
        <p className="text-muted">APIs that accept this key manager by name. Those that accept all are not counted.</p>
        <ApiUsage apis={apis.items} />
        <Pager nextCursor={apis.nextCursor} param="apis" />
      </section>
      <section aria-labelledby="applications" className="flex min-w-0 flex-col gap-2">
        <div className="flex flex-wrap items-center justify-between gap-2">
          <h2 id="applications" className="text-lg font-semibold">
            Applications <span className="text-muted font-normal tabular-nums">{users(applications.total)}</span>
          </h2>
          {takesClients && ctx.permissions.has("key_mapping:map_unproven") && (
            <AttachClientDialog
              keyManager={{ id, displayName }}
              attach={attachClientAction}
              find={findApplicationsAction}
            />
          )}
        </div>
        <p className="text-muted">Applications that hold keys of this key manager.</p>
        <ApplicationUsage applications={applications.items} />
        <Pager nextCursor={applications.nextCursor} param="applications" />
      </section>
    </div>
  );
}
