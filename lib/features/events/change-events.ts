/** What changed for a tenant's gateways, as others hear of it: ids and moments, never a token and never a secret. */
import type { FeedChange, FeedPosition } from "#lib/data/change-feed.ts";
import { ownServer, type ListedRevocation } from "#lib/data/revocations.ts";

/** What an event tells of, by the table whose row changed. What is not here concerns gateways alone. */
const typesOfSubjects: Readonly<Record<string, EventType>> = {
  tenant: "tenant",
  key_manager: "key_manager",
  key_mapping: "key_mapping",
  application: "application",
  subscription: "subscription",
  cross_tenant_subscription: "subscription",
  // A change of its resources or key managers changes the API too.
  api: "api",
  plan: "plan",
  revocation: "revocation",
};

export type EventType =
  "tenant" | "key_manager" | "key_mapping" | "application" | "subscription" | "api" | "plan" | "revocation";

const operations: Readonly<Record<string, string>> = { insert: "created", update: "changed", delete: "deleted" };

/** The subject under which revocations stand in the record of changes. */
export const revocationSubject = "revocation";

export type ChangeEvent = {
  /** From where a reader goes on. */
  id: string;
  type: EventType;
  data: Record<string, unknown>;
};

/**
 * The events of some changes, in their order.
 *
 * @param revocations those that the changes name, as far as they are still kept
 */
export function eventsOf(
  changes: readonly FeedChange[],
  revocations: ReadonlyMap<string, ListedRevocation>,
): ChangeEvent[] {
  return changes.flatMap((change) => {
    const type = typesOfSubjects[change.subject];
    if (!type) return [];
    const details = type === "revocation" ? aboutRevocation(revocations.get(change.subjectId ?? "")) : about(change);
    if (!details) return [];
    const operation = operations[change.operation] ?? change.operation;
    const data = { operation, id: change.subjectId, ...details, at: change.occurredAt.toISOString() };
    return [{ id: writePosition(change.position), type, data }];
  });
}

function about({ applicationId, consumerKey, subject }: FeedChange): Record<string, unknown> {
  return {
    ...(applicationId !== null && subject !== "application" && { applicationId }),
    ...(consumerKey !== null && { consumerKey }),
  };
}

function aboutRevocation(revocation: ListedRevocation | undefined): Record<string, unknown> | null {
  if (!revocation) return null;
  const { keyManager, kind, value, issuedBefore, expiresAt } = revocation;
  return {
    keyManagerId: keyManager === ownServer ? null : keyManager,
    kind,
    value,
    issuedBefore: issuedBefore?.toISOString() ?? null,
    expiresAt: expiresAt.toISOString(),
  };
}

/** A point in the record as an event's id: "17-402", or "17" for the end of a version. */
export function writePosition({ version, id }: FeedPosition): string {
  return id === null ? String(version) : `${String(version)}-${String(id)}`;
}

/** The point that an event's id names; null where it is none of ours. */
export function readPosition(text: string): FeedPosition | null {
  const [, version, id] = /^(\d{1,18})(?:-(\d{1,18}))?$/.exec(text) ?? [];
  return version === undefined ? null : { version: BigInt(version), id: id === undefined ? null : BigInt(id) };
}

/** One event as a block of a stream (HTML Living Standard, §9.2.5). JSON has no line breaks of its own. */
export function toBlock({ id, type, data }: { id: string; type: string; data: unknown }): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
