import { Identifier } from "#components/ui/identifier.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import type { WebhookView } from "#lib/features/webhooks/contract.ts";
import { WebhookState } from "./webhook-state.tsx";

/** Where the tenant has others told what changes. */
export function WebhookTable({ items }: { items: readonly WebhookView[] }) {
  return (
    <Table label="Webhooks">
      <TableHead>
        <TableRow>
          <TableHeader>Name</TableHeader>
          <TableHeader>Address</TableHeader>
          <TableHeader>State</TableHeader>
          <TableHeader>Added</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {items.map((item) => (
          <TableRow key={item.id}>
            <TableHeader scope="row">
              <TextLink href={`/admin/webhooks/${item.id}`}>{item.name}</TextLink>
            </TableHeader>
            <TableCell className="max-w-80">
              <Identifier value={item.url} label="address" />
            </TableCell>
            <TableCell>
              <WebhookState webhook={item} />
            </TableCell>
            <TableCell className="text-muted">
              <RelativeTime iso={item.createdAt} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
