import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { AuthCard } from "#components/identity/auth-card.tsx";
import { SignInForm } from "#components/identity/sign-in-form.tsx";
import { currentPerson } from "#lib/web/context.ts";
import { safeReturnTo } from "#lib/web/return-to.ts";
import { readSearch } from "#lib/web/search-params.ts";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage({ searchParams }: PageProps<"/sign-in">) {
  const { returnTo } = await readSearch(searchParams);
  const target = safeReturnTo(returnTo);
  if (await currentPerson()) redirect(target);
  return (
    <AuthCard title="Sign in" description="With the account that an administrator invited you to set up.">
      <SignInForm returnTo={target} />
    </AuthCard>
  );
}
