import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { AuthCard } from "#components/identity/auth-card.tsx";
import { ProviderButtons } from "#components/identity/provider-buttons.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { OrganisationForm } from "#components/identity/organisation-form.tsx";
import { SignInForm } from "#components/identity/sign-in-form.tsx";
import { offeredProviders } from "#lib/features/identity-providers/sign-in.ts";
import { SlugInput } from "#lib/features/tenants/contract.ts";
import { runtime } from "#lib/runtime.ts";
import { federationProblem } from "#lib/web/federation-problem.ts";
import { currentPerson } from "#lib/web/context.ts";
import { safeReturnTo } from "#lib/web/return-to.ts";
import { rememberedTenant } from "#lib/web/tenant-memory.ts";
import { readSearch } from "#lib/web/search-params.ts";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage({ searchParams }: PageProps<"/sign-in">) {
  const { returnTo, tenant, problem } = await readSearch(searchParams);
  const target = safeReturnTo(returnTo);
  if (await currentPerson()) redirect(target);
  // An address that names a tenant, or expressly none, counts more than what the browser remembers.
  const slug =
    (tenant === undefined ? await rememberedTenant() : SlugInput.safeParse(tenant.trim().toLowerCase()).data) ?? null;
  const providers = slug === null ? [] : await offeredProviders(runtime().deps, slug);
  return (
    <AuthCard title="Sign in" description="With the account that an administrator invited you to set up.">
      {problem && <Notice tone="bad" title={federationProblem(problem)} />}
      {tenant && providers.length === 0 && (
        <Notice tone="warn" title="No sign-in of its own is offered at this address">
          Check the organisation’s address, or use your e-mail address and password.
        </Notice>
      )}
      {providers.length > 0 && (
        <ProviderButtons providers={providers} returnTo={target} errand={{ purpose: "enter" }} />
      )}
      <SignInForm returnTo={target} />
      <OrganisationForm current={providers.length > 0 ? slug : null} returnTo={target} />
    </AuthCard>
  );
}
