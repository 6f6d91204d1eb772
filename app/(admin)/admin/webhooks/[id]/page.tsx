import type { Metadata } from "next";
import { DeliveryTable } from "#components/webhooks/delivery-table.tsx";
import { StandardWebhooks } from "#components/webhooks/standard-webhooks.tsx";
import { WebhookActions } from "#components/webhooks/webhook-actions.tsx";
import { WebhookState } from "#components/webhooks/webhook-state.tsx";
import { Card, CardBody, CardHeader, Fact, FactList } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Identifier } from "#components/ui/identifier.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import { getWebhook } from "#lib/features/webhooks/verbs.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { deleteWebhookAction, setWebhookEnabledAction, testWebhookAction } from "../actions.ts";

export const metadata: Metadata = { title: "Webhook" };

export default async function WebhookPage({ params }: PageProps<"/admin/webhooks/[id]">) {
  const ctx = await requireContext("webhook:read");
  const { id } = await params;
  const webhook = await orNotFound(getWebhook(ctx, { id }));
  const { name, url, problem, failingSince, createdAt, deliveries } = webhook;
  return (
    <>
      <PageHeader
        crumbs={[{ label: "Webhooks", href: "/admin/webhooks" }]}
        title={name}
        actions={
          ctx.permissions.has("webhook:write") && (
            <WebhookActions
              webhook={webhook}
              actions={{ test: testWebhookAction, setEnabled: setWebhookEnabledAction, remove: deleteWebhookAction }}
            />
          )
        }
      />
      {problem && (
        <Notice tone="warn" title="It was disabled by itself">
          <p>{problem} Enable it once its server takes requests again: it is told what changes from then on.</p>
        </Notice>
      )}
      <Card>
        <CardHeader
          title="Webhook"
          description={
            <>
              Each request is signed with its secret, as <StandardWebhooks /> says. Its events and their format are
              described under <TextLink href="/admin/webhooks#format">What is sent</TextLink>.
            </>
          }
        />
        <CardBody>
          <FactList>
            <Fact term="Address">
              <Identifier value={url} label="address" />
            </Fact>
            <Fact term="State">
              <WebhookState webhook={webhook} />
            </Fact>
            {failingSince && (
              <Fact term="Fails since">
                <RelativeTime iso={failingSince} />
              </Fact>
            )}
            <Fact term="Added">
              <RelativeTime iso={createdAt} />
            </Fact>
          </FactList>
        </CardBody>
      </Card>
      <section aria-labelledby="deliveries" className="flex min-w-0 flex-col gap-2">
        <h2 id="deliveries" className="text-lg font-semibold">
          Latest deliveries
        </h2>
        {deliveries.length === 0 ? (
          <EmptyState
            title="Nothing was sent yet"
            description="What changes is sent within seconds. Send a test to try it now."
          />
        ) : (
          <DeliveryTable items={deliveries} />
        )}
      </section>
    </>
  );
}
