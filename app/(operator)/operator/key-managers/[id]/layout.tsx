import type { Metadata } from "next";
import { KeyManagerHeaderActions } from "#components/key-managers/header-actions.tsx";
import { ConnectorName, EnabledBadge } from "#components/key-managers/key-manager-table.tsx";
import { installationPlace } from "#components/key-managers/place.ts";
import { SimulatorBadge } from "#components/key-managers/simulator-badge.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { LinkTabs } from "#components/ui/tabs.tsx";
import { getGlobalKeyManager } from "#lib/features/global-key-managers/read.ts";
import { requireOperator } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { previewDisableAction, removeAction, setEnabledAction } from "../actions.ts";

export const metadata: Metadata = { title: "Global key manager" };

export default async function GlobalKeyManagerLayout({ params, children }: LayoutProps<"/operator/key-managers/[id]">) {
  const caller = await requireOperator();
  const { id } = await params;
  const view = await orNotFound(getGlobalKeyManager(caller, { id }));
  const base = `${installationPlace.base}/${view.id}`;
  const { name, displayName, enabled, revision, permanent, usage } = view;
  return (
    <>
      <PageHeader
        crumbs={[{ label: "Global key managers", href: installationPlace.base }]}
        title={displayName}
        status={
          <>
            {view.simulated && <SimulatorBadge />}
            <EnabledBadge enabled={enabled} />
          </>
        }
        description={view.description || <ConnectorName connector={view.connector} />}
        actions={
          <KeyManagerHeaderActions
            item={{ id: view.id, name, displayName, enabled, revision, permanent, usage }}
            of={installationPlace}
            setEnabled={setEnabledAction}
            previewDisable={previewDisableAction}
            remove={removeAction}
          />
        }
      />
      <LinkTabs
        label="Global key manager"
        tabs={[
          { label: "Overview", href: base },
          { label: "Tenants", href: `${base}/tenants` },
          { label: "Settings", href: `${base}/settings` },
          { label: "Test", href: `${base}/test` },
          { label: "Activity", href: `${base}/activity` },
        ]}
      />
      {children}
    </>
  );
}
