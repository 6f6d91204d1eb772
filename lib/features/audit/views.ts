import type { AuditRecord } from "#lib/data/audit.ts";
import type { AuditEventView } from "./contract.ts";
import { changesOf, sentenceOf } from "./words.ts";

/** An audit row in words. */
export function toAuditView(event: AuditRecord): AuditEventView {
  return {
    id: event.id,
    at: event.at.toISOString(),
    actor: { id: event.actorId, name: event.actorName },
    action: event.action,
    sentence: sentenceOf(event),
    subject: { type: event.subjectType, id: event.subjectId, name: event.subjectName },
    changes: changesOf(event.before, event.after),
    requestId: event.requestId,
  };
}
