import { Identifier } from "#components/ui/identifier.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import type { WebhookView } from "#lib/features/webhooks/contract.ts";
import { WebhookState } from "./webhook-state.tsx";

/** Where the tenant has others told what changes. Without the room for columns the address stands below the name. */
export function WebhookTable({ items }: { items: readonly WebhookView[] }) {
  return (
    <Table label="Webhooks">
      <TableHead>
        <TableRow>
          <TableHeader>Name</TableHeader>
          <TableHeader className="max-lg:hidden">Address</TableHeader>
          <TableHeader>State</TableHeader>
          <TableHeader className="max-lg:hidden">Added</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {items.map((item) => (
          <TableRow key={item.id}>
            <TableHeader scope="row" className="max-lg:w-full max-lg:max-w-0 lg:min-w-44">
              <TextLink href={`/admin/webhooks/${item.id}`} className="[overflow-wrap:anywhere]">
                {item.name}
              </TextLink>
              <span className="text-muted block font-normal lg:hidden">
                <Identifier value={item.url} label="address" plain />
              </span>
            </TableHeader>
            <TableCell className="max-w-80 max-lg:hidden">
              <Identifier value={item.url} label="address" />
            </TableCell>
            <TableCell>
              <WebhookState webhook={item} />
            </TableCell>
            <TableCell className="text-muted whitespace-nowrap max-lg:hidden">
              <RelativeTime iso={item.createdAt} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
