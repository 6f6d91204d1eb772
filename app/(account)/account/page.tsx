import type { Metadata } from "next";
import { ChangePasswordForm } from "#components/account/change-password-form.tsx";
import { OwnSessions } from "#components/account/own-sessions.tsx";
import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { listOwnSessions } from "#lib/features/identity/account.ts";
import { runtime } from "#lib/runtime.ts";
import { requireSession } from "#lib/web/context.ts";
import { requestId } from "#lib/web/request.ts";
import { changePasswordAction, endOwnSessionAction } from "./actions.ts";

export const metadata: Metadata = { title: "Your account" };

export default async function AccountPage() {
  const session = await requireSession();
  const sessions = await listOwnSessions({ deps: runtime().deps, requestId: await requestId() }, session);
  return (
    <>
      <PageHeader title="Your account" description={`${session.person.name}, ${session.person.email}`} />
      <Card className="max-w-180">
        <CardHeader title="Password" description="Changing it signs you out everywhere else." />
        <CardBody>
          <ChangePasswordForm change={changePasswordAction} />
        </CardBody>
      </Card>
      <Card className="max-w-180">
        <CardHeader title="Sessions" description="Browsers in which you are signed in. End what you do not know." />
        <CardBody>
          <OwnSessions sessions={sessions} end={endOwnSessionAction} />
        </CardBody>
      </Card>
    </>
  );
}
