import { Badge } from "#components/ui/badge.tsx";
import { Identifier } from "#components/ui/identifier.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import type { DeliveryView } from "#lib/features/webhooks/contract.ts";

/** What a webhook was sent last, and what it answered. */
export function DeliveryTable({ items }: { items: readonly DeliveryView[] }) {
  return (
    <Table label="Deliveries">
      <TableHead>
        <TableRow>
          <TableHeader>Event</TableHeader>
          <TableHeader>Id</TableHeader>
          <TableHeader>Outcome</TableHeader>
          <TableHeader>Answer</TableHeader>
          <TableHeader>Sent</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {items.map((item) => (
          <TableRow key={item.id}>
            <TableHeader scope="row">{item.type}</TableHeader>
            <TableCell className="max-w-60">
              <Identifier value={item.eventId} label="event id" plain />
            </TableCell>
            <TableCell>
              {item.delivered ? <Badge tone="good">Delivered</Badge> : <Badge tone="bad">Failed</Badge>}
            </TableCell>
            <TableCell className="text-muted">{item.problem ?? String(item.status ?? "")}</TableCell>
            <TableCell className="text-muted">
              <RelativeTime iso={item.at} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
