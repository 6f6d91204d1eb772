import type { Metadata } from "next";
import { signOutAction } from "#app/_portal/actions.ts";
import { ChangePasswordForm } from "#components/account/change-password-form.tsx";
import { OwnIdentities } from "#components/account/own-identities.tsx";
import { OwnSessions } from "#components/account/own-sessions.tsx";
import { OtherAccountButton } from "#components/authorization/other-account-button.tsx";
import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { readOwnWaysIn } from "#lib/features/identity-providers/own-identities.ts";
import { listOwnSessions } from "#lib/features/identity/account.ts";
import type { LiveSession } from "#lib/features/identity/session.ts";
import { runtime } from "#lib/runtime.ts";
import { requireSession } from "#lib/web/context.ts";
import { federationProblem } from "#lib/web/federation-problem.ts";
import { requestId } from "#lib/web/request.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { changePasswordAction, endOwnSessionAction, unlinkIdentityAction } from "./actions.ts";

export const metadata: Metadata = { title: "Your account" };

export default async function AccountPage({ searchParams }: PageProps<"/account">) {
  const session = await requireSession();
  const { problem } = await readSearch(searchParams);
  const caller = { deps: runtime().deps, requestId: await requestId() };
  const sessions = await listOwnSessions(caller, session);
  const { hasPassword, ...ways } = await readOwnWaysIn(caller, session);
  return (
    <>
      <PageHeader title="Your account" description={`${session.person.name}, ${session.person.email}`} />
      {problem && <Notice tone="bad" title={federationProblem(problem)} className="max-w-180" />}
      <LimitedReach session={session} />
      <Card className="max-w-180">
        <CardHeader title="Password" description={hasPassword && "Changing it signs you out everywhere else."} />
        <CardBody>
          {hasPassword ? (
            <ChangePasswordForm change={changePasswordAction} />
          ) : (
            <p>You have no password here. To set one, ask an administrator for a password link.</p>
          )}
        </CardBody>
      </Card>
      {(ways.identities.length > 0 || ways.linkable.length > 0) && (
        <Card className="max-w-180">
          <CardHeader
            title="Linked sign-ins"
            description="Your accounts at identity providers with which you sign in here as yourself."
          />
          <CardBody>
            {!ways.mayChange && (
              <Notice title="Sign in again to link or unlink">
                <p>Changing how you sign in needs a sign-in of the last 15 minutes.</p>
                <div className="mt-2">
                  <OtherAccountButton signOut={signOutAction} returnTo="/account" label="Sign in again" size="sm" />
                </div>
              </Notice>
            )}
            <OwnIdentities {...ways} unlink={unlinkIdentityAction} />
          </CardBody>
        </Card>
      )}
      <Card className="max-w-180">
        <CardHeader title="Sessions" description="Browsers in which you are signed in. End what you do not know." />
        <CardBody>
          <OwnSessions sessions={sessions} end={endOwnSessionAction} />
        </CardBody>
      </Card>
    </>
  );
}

/** What this session leaves out, because a tenant's identity provider opened it; nothing where it leaves out nothing. */
function LimitedReach({ session: { beyond, memberships } }: { session: LiveSession }) {
  const left = [...beyond.tenants.map(({ name }) => name), ...(beyond.isOperator ? ["this installation"] : [])];
  const [reached] = memberships;
  if (!reached || left.length === 0) return null;
  const { name } = reached.tenant;
  return (
    <Notice title={`You are signed in to ${name} only`} className="max-w-180">
      <p>
        {`You came through an identity provider of ${name}. To reach ${new Intl.ListFormat("en").format(left)}, sign in with your password, or through a provider there.`}
      </p>
      <div className="mt-2">
        <OtherAccountButton signOut={signOutAction} returnTo="/account" label="Sign in again" size="sm" />
      </div>
    </Notice>
  );
}
