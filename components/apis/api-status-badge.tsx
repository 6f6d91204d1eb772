import { Badge, type Tone } from "#components/ui/badge.tsx";
import type { ApiStatus } from "#lib/features/apis/contract.ts";

const looks: Record<ApiStatus, { tone: Tone; word: string }> = {
  CREATED: { tone: "neutral", word: "Not published" },
  PUBLISHED: { tone: "good", word: "Published" },
  RETIRED: { tone: "warn", word: "Retired" },
};

/** Where an API stands: only a published one lets calls in. */
export function ApiStatusBadge({ status }: { status: ApiStatus }) {
  const { tone, word } = looks[status];
  return <Badge tone={tone}>{word}</Badge>;
}
