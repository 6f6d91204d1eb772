import { ChevronRight } from "lucide-react";
import { Card } from "#components/ui/card.tsx";
import { Identifier } from "#components/ui/identifier.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import type { AuditChange, AuditEventView } from "#lib/features/audit/contract.ts";

/** Events as sentences; the details open below each. */
export function AuditList({ events }: { events: readonly AuditEventView[] }) {
  return (
    <Card>
      <ol className="divide-line divide-y">
        {events.map((event) => (
          <li key={event.id}>
            <details className="group">
              <summary className="hover:bg-hover flex cursor-pointer list-none items-center gap-3 px-4 py-2.5">
                <ChevronRight
                  aria-hidden
                  className="text-muted size-4 shrink-0 transition-transform group-open:rotate-90"
                />
                <span className="min-w-0 flex-1 break-words">{event.sentence}</span>
                <RelativeTime iso={event.at} className="text-muted shrink-0 text-sm" />
              </summary>
              <AuditDetails event={event} />
            </details>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function AuditDetails({ event }: { event: AuditEventView }) {
  const { actor, subject } = event;
  return (
    <div className="flex flex-col gap-3 px-4 pt-1 pb-4 pl-11">
      <p className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
        {actor.id !== null && <TextLink href={`/admin/audit?actor=${actor.id}`}>Everything by {actor.name}</TextLink>}
        <TextLink href={`/admin/audit?subject=${encodeURIComponent(subject.id)}`}>
          Everything about {subject.name}
        </TextLink>
        <span className="text-muted">
          Action <code className="font-mono">{event.action}</code>
        </span>
        <span className="text-muted inline-flex min-w-0 items-center gap-1">
          Request <Identifier value={event.requestId} label="request id" />
        </span>
      </p>
      {event.changes.length > 0 ? (
        <Changes changes={event.changes} />
      ) : (
        <p className="text-muted text-sm">No fields were recorded for this event.</p>
      )}
    </div>
  );
}

function Changes({ changes }: { changes: readonly AuditChange[] }) {
  return (
    <Table label="Changed fields" compact>
      <TableHead>
        <TableRow>
          <TableHeader>Field</TableHeader>
          <TableHeader>Before</TableHeader>
          <TableHeader>After</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {changes.map(({ field, before, after }) => (
          <TableRow key={field}>
            <TableHeader scope="row" className="font-mono text-sm">
              {field}
            </TableHeader>
            <TableCell className="break-all">{before ?? <Nothing />}</TableCell>
            <TableCell className="break-all">{after ?? <Nothing />}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

function Nothing() {
  return (
    <span className="text-muted">
      <span aria-hidden>–</span>
      <span className="sr-only">nothing</span>
    </span>
  );
}
