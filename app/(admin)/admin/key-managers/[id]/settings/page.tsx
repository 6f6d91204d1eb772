import { notFound } from "next/navigation";
import { SettingsForm } from "#components/key-managers/settings-form.tsx";
import { getKeyManager } from "#lib/features/key-managers/get.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { discoverAction, testConnectionAction, updateKeyManagerAction } from "../../actions.ts";

export default async function KeyManagerSettingsPage({ params }: PageProps<"/admin/key-managers/[id]/settings">) {
  const ctx = await requireContext("key_manager:write");
  const { id } = await params;
  const view = await orNotFound(getKeyManager(ctx, { id }));
  // A global one is changed and tested by the operator only.
  if (view.global) notFound();
  return (
    <SettingsForm view={view} save={updateKeyManagerAction} discover={discoverAction} test={testConnectionAction} />
  );
}
