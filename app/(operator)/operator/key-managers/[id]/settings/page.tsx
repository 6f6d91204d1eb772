import { SettingsForm } from "#components/key-managers/settings-form.tsx";
import { getGlobalKeyManager } from "#lib/features/global-key-managers/read.ts";
import { requireOperator } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { discoverAction, testConnectionAction, updateAction } from "../../actions.ts";

export default async function GlobalSettingsPage({ params }: PageProps<"/operator/key-managers/[id]/settings">) {
  const caller = await requireOperator();
  const { id } = await params;
  const view = await orNotFound(getGlobalKeyManager(caller, { id }));
  return <SettingsForm view={view} save={updateAction} discover={discoverAction} test={testConnectionAction} />;
}
