import type { Metadata } from "next";
import { Guide } from "#components/key-managers/guide.tsx";
import { StandardWebhooks } from "#components/webhooks/standard-webhooks.tsx";
import { WebhookDialog } from "#components/webhooks/webhook-dialog.tsx";
import { WebhookTable } from "#components/webhooks/webhook-table.tsx";
import { Button } from "#components/ui/button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { readWebhookFormat } from "#lib/features/webhooks/format.ts";
import { listWebhooks } from "#lib/features/webhooks/verbs.ts";
import { requireContext } from "#lib/web/context.ts";
import { createWebhookAction } from "./actions.ts";

export const metadata: Metadata = { title: "Webhooks" };

export default async function WebhooksPage() {
  const ctx = await requireContext("webhook:read");
  const [webhooks, format] = await Promise.all([listWebhooks(ctx, {}), readWebhookFormat()]);
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
      <section aria-labelledby="format" className="flex max-w-3xl min-w-0 flex-col gap-3">
        <div className="flex flex-col gap-1">
          <h2 id="format" className="scroll-mt-16 text-lg font-semibold">
            What is sent
          </h2>
          <p className="text-muted max-w-[68ch]">
            For whoever writes the program. The libraries of <StandardWebhooks /> check requests as they are.
          </p>
        </div>
        <Guide markdown={format} />
      </section>
    </>
  );
}
