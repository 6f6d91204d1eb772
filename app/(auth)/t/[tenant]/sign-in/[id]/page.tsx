import type { Metadata } from "next";
import { headers } from "next/headers";
import { Link } from "#components/ui/link.tsx";
import { signOutAction } from "#app/_portal/actions.ts";
import { DecisionForm } from "#components/authorization/decision-form.tsx";
import { OtherAccountButton } from "#components/authorization/other-account-button.tsx";
import { RequestedScopes } from "#components/authorization/requested-scopes.tsx";
import { AuthCard } from "#components/identity/auth-card.tsx";
import { Button } from "#components/ui/button.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { InteractionRef } from "#lib/authorization-server/addresses.ts";
import { runtime } from "#lib/runtime.ts";
import { currentSession } from "#lib/web/session.ts";
import { allowAction, continueAction, denyAction } from "./actions.ts";

export const metadata: Metadata = { title: "Sign in to an application", referrer: "no-referrer" };

/** Where an application that uses the tenant's own authorization server sends a person to sign in and to consent. */
export default async function InteractionPage({ params }: PageProps<"/t/[tenant]/sign-in/[id]">) {
  const reference = InteractionRef.safeParse(await params).data;
  const view = reference && (await read(reference));
  if (!view) {
    return (
      <AuthCard
        title="This request cannot go on"
        description="It has expired, was answered already, or began in another browser. Go back to the application and start again."
      />
    );
  }

  const { tenant, id } = reference;
  const returnTo = `/t/${tenant}/sign-in/${id}`;
  const deny = { label: view.step === "consent" ? "Deny" : "Cancel", action: denyAction };
  const title = view.step === "consent" ? `Allow ${view.clientName} access?` : `Sign in to ${view.clientName}`;
  const where = (
    <>
      You go on to <span className="text-ink font-mono break-all">{view.destination}</span>.
    </>
  );

  const session = await currentSession();
  if (!session) {
    return (
      <AuthCard title={title} description={where}>
        <p>{`${view.clientName} asks you to sign in with your account at ${view.tenantName}.`}</p>
        <Button asChild variant="primary" size="lg">
          <Link href={`/sign-in?returnTo=${encodeURIComponent(returnTo)}`}>Sign in</Link>
        </Button>
        <DecisionForm reference={reference} deny={deny} />
      </AuthCard>
    );
  }

  const { person, memberships, beyond } = session;
  const otherAccount = <OtherAccountButton signOut={signOutAction} returnTo={returnTo} />;
  const belongs = memberships.some((membership) => membership.tenant.slug === tenant);
  const isBeyond = beyond.tenants.some(({ slug }) => slug === tenant);
  const asked = view.accountId === null || view.step === "sign_in" || view.accountId === person.id;
  if (!belongs || !asked) {
    return (
      <AuthCard title={title} description={where}>
        <Notice tone="warn" title={`${person.name} cannot go on here`}>
          {belongs
            ? "Somebody else signed in to this application in this browser. Sign in as the same person, or cancel and start again."
            : isBeyond
              ? `You signed in through another tenant’s identity provider. To go on at ${view.tenantName}, sign in again: with your password, or through its own.`
              : `${person.email} does not belong to ${view.tenantName}. Sign in with an account that does, or ask an administrator there to invite you.`}
        </Notice>
        <DecisionForm reference={reference} deny={deny} />
        {otherAccount}
      </AuthCard>
    );
  }

  if (view.signedInSince && session.createdAt < view.signedInSince) {
    return (
      <AuthCard title={title} description={where}>
        <p>{`${view.clientName} asks that you sign in anew, although you are signed in as ${person.name}.`}</p>
        <OtherAccountButton signOut={signOutAction} returnTo={returnTo} label="Sign in again" />
        <DecisionForm reference={reference} deny={deny} />
      </AuthCard>
    );
  }

  return (
    <AuthCard title={title} description={where}>
      {view.step === "consent" ? (
        <>
          <RequestedScopes clientName={view.clientName} personName={person.name} scopes={view.scopes} />
          <DecisionForm reference={reference} accept={{ label: "Allow", action: allowAction }} deny={deny} />
        </>
      ) : (
        <>
          <DecisionForm
            reference={reference}
            accept={{ label: `Continue as ${person.name}`, action: continueAction }}
            deny={deny}
          />
          {otherAccount}
        </>
      )}
    </AuthCard>
  );
}

async function read({ tenant, id }: InteractionRef) {
  const cookies = (await headers()).get("cookie") ?? "";
  return runtime().authorizationServer.interactions.read(tenant, id, cookies);
}
