import type { Metadata } from "next";
import { ConnectWizard } from "#components/key-managers/wizard.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { listConnectors } from "#lib/features/key-managers/list-connectors.ts";
import { requireContext } from "#lib/web/context.ts";
import { discoverAction, registerKeyManagerAction, testConnectionAction } from "../actions.ts";

export const metadata: Metadata = { title: "Connect a key manager" };

export default async function NewKeyManagerPage() {
  const ctx = await requireContext("key_manager:write");
  const connectors = await listConnectors(ctx, {});
  return (
    <>
      <PageHeader
        crumbs={[{ label: "Key managers", href: "/admin/key-managers" }]}
        title="Connect a key manager"
        description="Four steps; nothing is written before you say so in the last one."
      />
      <ConnectWizard
        connectors={connectors}
        actions={{ discover: discoverAction, test: testConnectionAction, register: registerKeyManagerAction }}
      />
    </>
  );
}
