import type { Metadata } from "next";
import { AddIdentityProvider } from "#components/identity-providers/add-identity-provider.tsx";
import { IdentityProviderList } from "#components/identity-providers/identity-provider-list.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Identifier } from "#components/ui/identifier.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { listIdentityProviders } from "#lib/features/identity-providers/verbs.ts";
import { requireContext } from "#lib/web/context.ts";
import {
  addIdentityProviderAction,
  deleteIdentityProviderAction,
  editIdentityProviderAction,
  setIdentityProviderEnabledAction,
} from "./actions.ts";

export const metadata: Metadata = { title: "Identity providers" };

export default async function IdentityProvidersPage() {
  const ctx = await requireContext("identity_provider:read");
  const providers = await listIdentityProviders(ctx, {});
  const signIn = `${ctx.deps.origin}/sign-in?tenant=${ctx.tenant.slug}`;
  return (
    <>
      <PageHeader
        title="Identity providers"
        description="Where people of this tenant may sign in instead of with a password here."
        actions={<AddIdentityProvider add={addIdentityProviderAction} />}
      />
      {providers.length === 0 ? (
        <EmptyState
          title="Everybody signs in with a password here"
          description="Add your organisation's OpenID provider, and its people sign in with the account they have already."
        />
      ) : (
        <>
          <div className="flex flex-col gap-1">
            <p className="text-muted">Give people this address; it offers the providers below.</p>
            <Identifier value={signIn} label="sign-in address" />
          </div>
          <IdentityProviderList
            providers={providers}
            edit={editIdentityProviderAction}
            setEnabled={setIdentityProviderEnabledAction}
            remove={deleteIdentityProviderAction}
          />
        </>
      )}
    </>
  );
}
