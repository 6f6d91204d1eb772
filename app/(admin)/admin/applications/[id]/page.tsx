import type { Metadata } from "next";
import { AdministeredKeys } from "#components/applications/administered-keys.tsx";
import { ChangeOwnerButton } from "#components/applications/change-owner-button.tsx";
import { RevokeIssuedButton } from "#components/revocations/revoke-issued-button.tsx";
import { Badge } from "#components/ui/badge.tsx";
import { Card, CardBody, CardHeader, Fact, FactList } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { getEveryApplication } from "#lib/features/applications/administer.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { revokeApplicationTokensAction } from "../../revocations/actions.ts";
import { changeOwnerAction, findOwnersAction } from "../actions.ts";

export const metadata: Metadata = { title: "Application" };

export default async function AnybodysApplicationPage({ params }: PageProps<"/admin/applications/[id]">) {
  const ctx = await requireContext("application:administer");
  const { id } = await params;
  const application = await orNotFound(getEveryApplication(ctx, { id }));
  const { name, description, owner, keySets, subscriptions, createdAt } = application;
  return (
    <>
      <PageHeader
        crumbs={[{ label: "All applications", href: "/admin/applications" }]}
        title={name}
        description={description || undefined}
        actions={
          <>
            {ctx.permissions.has("revocation:write") && (
              <RevokeIssuedButton application={application} revoke={revokeApplicationTokensAction} />
            )}
            <ChangeOwnerButton
              application={application}
              actions={{ find: findOwnersAction, change: changeOwnerAction }}
            />
          </>
        }
      />
      <Card>
        <CardHeader title="Owner" description="Nobody else can use this application or change it." />
        <CardBody>
          <FactList>
            <Fact term="Name">
              <span className="flex flex-wrap items-center gap-2">
                {owner.name}
                {!owner.isActive && <Badge tone="warn">Cannot enter as a developer</Badge>}
              </span>
            </Fact>
            {owner.email && (
              <Fact term="E-mail address">
                <span className="break-all">{owner.email}</span>
              </Fact>
            )}
            <Fact term="Subscriptions">{subscriptions === 0 ? "None" : String(subscriptions)}</Fact>
            <Fact term="Created">
              <RelativeTime iso={createdAt} />
            </Fact>
          </FactList>
        </CardBody>
      </Card>
      <section aria-labelledby="keys" className="flex min-w-0 flex-col gap-2">
        <h2 id="keys" className="text-lg font-semibold">
          Keys
        </h2>
        {keySets.length === 0 ? (
          <EmptyState
            title="No keys yet"
            description="Its owner gets keys from a key manager on the application's page."
          />
        ) : (
          <AdministeredKeys keySets={keySets} />
        )}
      </section>
    </>
  );
}
