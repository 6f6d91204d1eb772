import type { Metadata } from "next";
import { WebhookDialog } from "#components/webhooks/webhook-dialog.tsx";
import { WebhookTable } from "#components/webhooks/webhook-table.tsx";
import { Button } from "#components/ui/button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { listWebhooks } from "#lib/features/webhooks/verbs.ts";
import { requireContext } from "#lib/web/context.ts";
import { createWebhookAction } from "./actions.ts";

export const metadata: Metadata = { title: "Webhooks" };

export default async function WebhooksPage() {
  const ctx = await requireContext("webhook:read");
  const webhooks = await listWebhooks(ctx, {});
  return (
    <>
      <PageHeader
        title="Webhooks"
        description="Other programs are told what changes here, by signed requests: key managers, keys, applications, subscriptions, APIs, plans and revocations."
        actions={
          ctx.permissions.has("webhook:write") && (
            <WebhookDialog create={createWebhookAction} trigger={<Button variant="primary">Add webhook</Button>} />
          )
        }
      />
      {webhooks.length === 0 ? (
        <EmptyState
          title="Nobody is told yet"
          description="Add the address of a program that wants to know when something changes."
        />
      ) : (
        <WebhookTable items={webhooks} />
      )}
    </>
  );
}
