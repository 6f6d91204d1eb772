import { Link } from "#components/ui/link.tsx";
import { ThePath, type PathLink } from "#components/path/path.tsx";
import { ApplicationSubscriptions } from "#components/subscriptions/application-subscriptions.tsx";
import { Button } from "#components/ui/button.tsx";
import { Card, CardBody, CardHeader, Fact, FactList } from "#components/ui/card.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import type { ApplicationView } from "#lib/features/applications/contract.ts";
import { getApplication } from "#lib/features/applications/read.ts";
import { listForeignSubscriptionsOfApplication } from "#lib/features/cross-tenant-subscriptions/list.ts";
import { listSubscriptionsOfApplication } from "#lib/features/subscriptions/list.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { unsubscribeAcrossAction, unsubscribeAction } from "../../apis/actions.ts";

export default async function ApplicationPage({ params }: PageProps<"/developer/applications/[id]">) {
  const ctx = await requireContext("application:read");
  const { id } = await params;
  const application = await orNotFound(getApplication(ctx, { id }));
  const { items: subscriptions } = await listSubscriptionsOfApplication(ctx, { applicationId: id, limit: 100 });
  const { items: foreign } = await listForeignSubscriptionsOfApplication(ctx, { applicationId: id, limit: 100 });
  const { keys } = application;
  return (
    <div className="flex flex-col gap-5">
      <Card>
        <CardHeader
          title="The path to an API"
          description={nextStep(application)}
          actions={<NextAction application={application} />}
        />
        <CardBody>
          <ThePath
            nodes={[
              { name: application.name, detail: "Application" },
              { missing: keyCount(application) === 0, detail: keysInWords(application) },
              { missing: application.subscriptions === 0, detail: subscriptionsInWords(application) },
            ]}
            links={linksOf(application)}
          />
          <FactList>
            <Fact term="Production keys">{keys.production === 0 ? "None" : `${String(keys.production)} active`}</Fact>
            <Fact term="Sandbox keys">{keys.sandbox === 0 ? "None" : `${String(keys.sandbox)} active`}</Fact>
            <Fact term="Owner">
              {application.ownerName}
              {!ctx.permissions.has("application:administer") && (
                <span className="text-muted block text-sm">
                  An administrator can give this application to somebody else.
                </span>
              )}
            </Fact>
            <Fact term="Created">
              <RelativeTime iso={application.createdAt} />
            </Fact>
          </FactList>
        </CardBody>
      </Card>
      <ApplicationSubscriptions
        subscriptions={subscriptions}
        foreign={foreign}
        unsubscribe={unsubscribeAction}
        unsubscribeAcross={unsubscribeAcrossAction}
      />
    </div>
  );
}

function keyCount({ keys }: ApplicationView): number {
  return keys.production + keys.sandbox;
}

function keysInWords(application: ApplicationView): string {
  const count = keyCount(application);
  return count === 0 ? "No keys yet" : `Keys: ${String(count)}`;
}

function subscriptionsInWords({ subscriptions }: ApplicationView): string {
  return subscriptions === 0 ? "Not subscribed" : `Subscriptions: ${String(subscriptions)}`;
}

function linksOf(application: ApplicationView): [PathLink, PathLink] {
  const keyed = keyCount(application) > 0;
  const subscribed = application.subscriptions > 0;
  return [keyed ? "ok" : "missing", subscribed ? (keyed ? "ok" : "unknown") : "missing"];
}

function nextStep(application: ApplicationView): string {
  if (keyCount(application) === 0)
    return "Get keys from a key manager: they are how this application proves who it is.";
  if (application.subscriptions === 0)
    return "Subscribe to an API: without a subscription its gateway refuses every call.";
  return "Keys and subscriptions stand. Each API says which of your keys open it.";
}

function NextAction({ application }: { application: ApplicationView }) {
  if (keyCount(application) === 0) {
    return (
      <Button variant="primary" asChild>
        <Link href={`/developer/applications/${application.id}/keys/production`}>Get keys</Link>
      </Button>
    );
  }
  if (application.subscriptions > 0) return null;
  return (
    <Button variant="primary" asChild>
      <Link href="/developer/apis">Browse APIs</Link>
    </Button>
  );
}
