import type { Metadata } from "next";
import { Link } from "#components/ui/link.tsx";
import { AuthCard } from "#components/identity/auth-card.tsx";
import { JoinAsMe, JoinAsNew } from "#components/identity/invitation-forms.tsx";
import { ProviderButtons } from "#components/identity/provider-buttons.tsx";
import { roleName } from "#components/people/roles.ts";
import { Button } from "#components/ui/button.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import { offeredProviders } from "#lib/features/identity-providers/sign-in.ts";
import { readInvitation } from "#lib/features/people/accept-invitation.ts";
import { runtime } from "#lib/runtime.ts";
import { currentPerson } from "#lib/web/context.ts";
import { federationProblem } from "#lib/web/federation-problem.ts";
import { requestId } from "#lib/web/request.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { acceptAsNewPersonAction, acceptAsPersonAction } from "./actions.ts";

// The address is a credential: it must not travel on as a referrer.
export const metadata: Metadata = { title: "Invitation", referrer: "no-referrer" };

export default async function InvitationPage({ params, searchParams }: PageProps<"/invitation/[token]">) {
  const { token } = await params;
  const { problem } = await readSearch(searchParams);
  const view = await readInvitation({ deps: runtime().deps, requestId: await requestId() }, token);
  if (!view) {
    return (
      <AuthCard
        title="This invitation does not work any more"
        description="It was accepted or taken back, has expired, or was replaced by a newer one. Ask an administrator for a new one."
      >
        <Button asChild>
          <Link href="/sign-in">Go to sign-in</Link>
        </Button>
      </AuthCard>
    );
  }
  const current = await currentPerson();
  const providers = await offeredProviders(runtime().deps, view.tenant.slug);
  const signIn = `/sign-in?returnTo=${encodeURIComponent(`/invitation/${token}`)}`;
  return (
    <AuthCard
      title={`Join ${view.tenant.name}`}
      description={`You are invited as ${view.roles.map((role) => roleName(role).toLowerCase()).join(" and ")}.`}
    >
      {problem && <Notice tone="bad" title={federationProblem(problem)} />}
      {current?.within && current.within.slug !== view.tenant.slug && (
        <Notice tone="warn" title={`You stay in ${current.within.name} for now`}>
          {`You signed in through an identity provider of ${current.within.name}, which opens ${current.within.name} only. After joining, sign in with your password to enter ${view.tenant.name}. If you have none, ask the operator of this installation for a password link.`}
        </Notice>
      )}
      {current && (
        <JoinAsMe token={token} name={current.person.name} email={current.person.email} join={acceptAsPersonAction} />
      )}
      {!current && view.hasAccount && (
        <>
          <p>
            <strong className="break-all">{view.email}</strong> has an account already. Sign in with it, and you come
            back here to join.
          </p>
          <Button variant="primary" asChild>
            <Link href={signIn}>Sign in to join</Link>
          </Button>
        </>
      )}
      {!current && !view.hasAccount && (
        <>
          {providers.length > 0 && (
            <ProviderButtons providers={providers} returnTo="/" errand={{ purpose: "join", invitation: token }} />
          )}
          <JoinAsNew token={token} email={view.email} join={acceptAsNewPersonAction} />
          <p className="text-muted text-sm">
            Have an account here under another address? <TextLink href={signIn}>Sign in to join</TextLink>
          </p>
        </>
      )}
    </AuthCard>
  );
}
