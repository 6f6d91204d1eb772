import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { AuthCard } from "#components/identity/auth-card.tsx";
import { SignOutButton } from "#components/identity/sign-out-button.tsx";
import { activeMembership } from "#lib/features/identity/session.ts";
import { requireSession } from "#lib/web/context.ts";
import { signOutAction } from "../../_portal/actions.ts";

export const metadata: Metadata = { title: "No tenant" };

export default async function NoTenantPage() {
  const session = await requireSession();
  if (activeMembership(session)) redirect("/");
  return (
    <AuthCard
      title="You belong to no tenant yet"
      description={`You are signed in as ${session.person.name}. Ask an administrator of your organisation for an invitation, and open its link in this browser.`}
    >
      <SignOutButton signOut={signOutAction} />
    </AuthCard>
  );
}
