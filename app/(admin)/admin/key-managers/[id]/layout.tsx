import type { Metadata } from "next";
import { GlobalBadge } from "#components/key-managers/global-badge.tsx";
import { KeyManagerHeaderActions } from "#components/key-managers/header-actions.tsx";
import { ConnectorName, EnabledBadge } from "#components/key-managers/key-manager-table.tsx";
import { SimulatorBadge } from "#components/key-managers/simulator-badge.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { LinkTabs } from "#components/ui/tabs.tsx";
import { getKeyManager } from "#lib/features/key-managers/get.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { previewDisableAction, removeKeyManagerAction, setKeyManagerEnabledAction } from "../actions.ts";

export const metadata: Metadata = { title: "Key manager" };

export default async function KeyManagerLayout({ params, children }: LayoutProps<"/admin/key-managers/[id]">) {
  const ctx = await requireContext("key_manager:read");
  const { id } = await params;
  const view = await orNotFound(getKeyManager(ctx, { id }));
  const base = `/admin/key-managers/${view.id}`;
  const { name, displayName, enabled, revision, permanent, global, usage } = view;
  return (
    <>
      <PageHeader
        crumbs={[{ label: "Key managers", href: "/admin/key-managers" }]}
        title={displayName}
        status={
          <>
            {global && <GlobalBadge />}
            {view.simulated && <SimulatorBadge />}
            <EnabledBadge enabled={enabled} />
          </>
        }
        description={view.description || <ConnectorName connector={view.connector} />}
        actions={
          !global &&
          ctx.permissions.has("key_manager:write") && (
            <KeyManagerHeaderActions
              item={{ id: view.id, name, displayName, enabled, revision, permanent, usage }}
              setEnabled={setKeyManagerEnabledAction}
              previewDisable={previewDisableAction}
              remove={removeKeyManagerAction}
            />
          )
        }
      />
      <LinkTabs
        label="Key manager"
        tabs={[
          { label: "Overview", href: base },
          ...(global ? [] : [{ label: "Settings", href: `${base}/settings` }]),
          { label: "Usage", href: `${base}/usage` },
          ...(global ? [] : [{ label: "Test", href: `${base}/test` }]),
          { label: "Activity", href: `${base}/activity` },
        ]}
      />
      {children}
    </>
  );
}
