import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { AuthCard } from "#components/identity/auth-card.tsx";
import { ProviderButtons } from "#components/identity/provider-buttons.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { SignInForm } from "#components/identity/sign-in-form.tsx";
import { offeredProviders } from "#lib/features/identity-providers/sign-in.ts";
import { runtime } from "#lib/runtime.ts";
import { federationProblem } from "#lib/web/federation-problem.ts";
import { currentPerson } from "#lib/web/context.ts";
import { safeReturnTo } from "#lib/web/return-to.ts";
import { readSearch } from "#lib/web/search-params.ts";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage({ searchParams }: PageProps<"/sign-in">) {
  const { returnTo, tenant, problem } = await readSearch(searchParams);
  const target = safeReturnTo(returnTo);
  if (await currentPerson()) redirect(target);
  const providers = tenant ? await offeredProviders(runtime().deps, tenant) : [];
  return (
    <AuthCard title="Sign in" description="With the account that an administrator invited you to set up.">
      {problem && <Notice tone="bad" title={federationProblem(problem)} />}
      {providers.length > 0 && <ProviderButtons providers={providers} returnTo={target} />}
      <SignInForm returnTo={target} />
    </AuthCard>
  );
}
