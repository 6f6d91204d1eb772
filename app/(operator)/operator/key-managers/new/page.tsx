import type { Metadata } from "next";
import { ServingCard } from "#components/global-key-managers/serving-fields.tsx";
import { installationPlace } from "#components/key-managers/place.ts";
import { ConnectWizard } from "#components/key-managers/wizard.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import type { RegisterGlobalKeyManagerInput } from "#lib/features/global-key-managers/contract.ts";
import { listConnectorsAsOperator } from "#lib/features/key-managers/list-connectors.ts";
import { requireOperator } from "#lib/web/context.ts";
import { discoverAction, registerAction, testConnectionAction } from "../actions.ts";

export const metadata: Metadata = { title: "Connect a global key manager" };

export default async function NewGlobalKeyManagerPage() {
  const caller = await requireOperator();
  const connectors = await listConnectorsAsOperator(caller, {});
  return (
    <>
      <PageHeader
        crumbs={[{ label: "Global key managers", href: installationPlace.base }]}
        title="Connect a global key manager"
        description="Four steps; nothing is written before you say so in the last one."
      />
      <ConnectWizard<RegisterGlobalKeyManagerInput>
        connectors={connectors}
        of={installationPlace}
        more={{ fields: <ServingCard />, initial: { serves: "ALL", tenants: [] } }}
        actions={{ discover: discoverAction, test: testConnectionAction, register: registerAction }}
      />
    </>
  );
}
