import type { Metadata } from "next";
import { ApiActions } from "#components/apis/api-actions.tsx";
import { ApiStatusBadge } from "#components/apis/api-status-badge.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { LinkTabs } from "#components/ui/tabs.tsx";
import { getApi } from "#lib/features/apis/read.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { changeApiStatusAction, deleteApiAction } from "../actions.ts";

export const metadata: Metadata = { title: "API" };

export default async function ApiLayout({ params, children }: LayoutProps<"/creator/apis/[id]">) {
  const ctx = await requireContext("api:write");
  const { id } = await params;
  const api = await orNotFound(getApi(ctx, { id }));
  return (
    <>
      <PageHeader
        crumbs={[{ label: "APIs", href: "/creator/apis" }]}
        title={`${api.name} ${api.version}`}
        status={<ApiStatusBadge status={api.status} />}
        description={
          <>
            Served under{" "}
            <code className="font-mono text-sm">
              {api.context}/{api.version}
            </code>
          </>
        }
        actions={
          <ApiActions
            api={{ id, name: api.name, status: api.status }}
            changeStatus={changeApiStatusAction}
            remove={deleteApiAction}
          />
        }
      />
      <LinkTabs
        label="API"
        tabs={[
          { label: "Definition", href: `/creator/apis/${id}` },
          { label: "Subscriptions", href: `/creator/apis/${id}/subscriptions` },
        ]}
      />
      {children}
    </>
  );
}
