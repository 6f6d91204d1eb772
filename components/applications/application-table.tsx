import { Badge } from "#components/ui/badge.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import type { ApplicationView } from "#lib/features/applications/contract.ts";

type ApplicationTableProps = {
  applications: readonly ApplicationView[];
  /** Where the page of each begins: an address to which its id is added. */
  at: string;
  /** Whether the list is of several owners. */
  withOwner?: boolean;
};

/** Applications as rows, with what each holds. */
export function ApplicationTable({ applications, at, withOwner = false }: ApplicationTableProps) {
  return (
    <Table label="Applications">
      <TableHead>
        <TableRow>
          <TableHeader>Name</TableHeader>
          {withOwner && <TableHeader className="max-sm:hidden">Owner</TableHeader>}
          <TableHeader>Production keys</TableHeader>
          <TableHeader className="max-sm:hidden">Sandbox keys</TableHeader>
          <TableHeader className="text-right">Subscriptions</TableHeader>
          <TableHeader className="max-md:hidden">Created</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {applications.map(({ id, name, description, ownerName, keys, subscriptions, createdAt }) => (
          <TableRow key={id}>
            <TableHeader scope="row" className="max-w-[28rem]">
              <span className="flex flex-wrap items-center gap-2">
                <TextLink href={`${at}/${id}`}>{name}</TextLink>
                {keys.unsettled > 0 && <Badge tone="warn">Needs a look</Badge>}
              </span>
              {withOwner && <p className="text-muted truncate text-sm font-normal sm:hidden">{ownerName}</p>}
              {description && <p className="text-muted truncate text-sm font-normal">{description}</p>}
            </TableHeader>
            {withOwner && <TableCell className="max-sm:hidden">{ownerName}</TableCell>}
            <TableCell>
              <KeyCount count={keys.production} />
            </TableCell>
            <TableCell className="max-sm:hidden">
              <KeyCount count={keys.sandbox} />
            </TableCell>
            <TableCell numeric>{subscriptions}</TableCell>
            <TableCell className="text-muted whitespace-nowrap max-md:hidden">
              <RelativeTime iso={createdAt} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

function KeyCount({ count }: { count: number }) {
  if (count === 0) return <span className="text-muted">None</span>;
  return <Badge tone="good">{count} active</Badge>;
}
