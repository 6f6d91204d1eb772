import { Badge } from "#components/ui/badge.tsx";
import type { WebhookView } from "#lib/features/webhooks/contract.ts";

/** Whether a webhook is told what changes, and whether it takes it. */
export function WebhookState({ webhook: { enabled, problem, failingSince } }: { webhook: WebhookView }) {
  if (!enabled) return problem ? <Badge tone="warn">Gave up</Badge> : <Badge>Disabled</Badge>;
  return failingSince ? <Badge tone="warn">Failing</Badge> : <Badge tone="good">Enabled</Badge>;
}
