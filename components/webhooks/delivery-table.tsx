import { Badge } from "#components/ui/badge.tsx";
import { Identifier } from "#components/ui/identifier.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import type { DeliveryView } from "#lib/features/webhooks/contract.ts";

/** What a webhook was sent last, and what it answered. Without the room for columns, all but the outcome stands below the event. */
export function DeliveryTable({ items }: { items: readonly DeliveryView[] }) {
  return (
    <Table label="Deliveries">
      <TableHead>
        <TableRow>
          <TableHeader>Outcome</TableHeader>
          <TableHeader>Event</TableHeader>
          <TableHeader className="max-lg:hidden">Answer</TableHeader>
          <TableHeader className="max-lg:hidden">Id</TableHeader>
          <TableHeader className="max-lg:hidden">Sent</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {items.map((item) => (
          <TableRow key={item.id} className="max-lg:align-top">
            <TableCell>
              {item.delivered ? <Badge tone="good">Delivered</Badge> : <Badge tone="bad">Failed</Badge>}
            </TableCell>
            <TableHeader scope="row" className="max-lg:w-full max-lg:max-w-0">
              {item.type}
              <span className="text-muted flex max-w-[68ch] flex-col gap-0.5 text-sm font-normal lg:hidden">
                <span>{answerOf(item)}</span>
                <EventId item={item} />
                <RelativeTime iso={item.at} />
              </span>
            </TableHeader>
            <TableCell className="text-muted max-w-[68ch] max-lg:hidden">{answerOf(item)}</TableCell>
            <TableCell className="max-w-60 max-lg:hidden">
              <EventId item={item} />
            </TableCell>
            <TableCell className="text-muted whitespace-nowrap max-lg:hidden">
              <RelativeTime iso={item.at} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

function answerOf({ problem, status }: DeliveryView): string {
  return problem ?? String(status ?? "");
}

function EventId({ item }: { item: DeliveryView }) {
  return <Identifier value={item.eventId} label="event id" plain />;
}
