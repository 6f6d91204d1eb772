import { Badge, type Tone } from "#components/ui/badge.tsx";
import type { SubscriptionState } from "#lib/features/subscriptions/contract.ts";

const looks: Record<SubscriptionState, { tone: Tone; word: string }> = {
  ACTIVE: { tone: "good", word: "Active" },
  BLOCKED: { tone: "bad", word: "Blocked" },
  PRODUCTION_BLOCKED: { tone: "warn", word: "Production blocked" },
  ON_HOLD: { tone: "warn", word: "On hold" },
  REJECTED: { tone: "bad", word: "Rejected" },
};

/** Whether a subscription lets calls in. */
export function SubscriptionStateBadge({ state }: { state: SubscriptionState }) {
  const { tone, word } = looks[state];
  return <Badge tone={tone}>{word}</Badge>;
}
