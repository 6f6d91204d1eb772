import { Badge } from "#components/ui/badge.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import type { DiscoveredField, ValueSource } from "#lib/features/key-managers/contract.ts";

const sources: Record<ValueSource, string> = { discovery: "Discovery", connector: "Default", none: "You" };

/** What the server said of itself, what will be taken, and where each value comes from. */
export function DiscoveredTable({ fields }: { fields: readonly DiscoveredField[] }) {
  return (
    <Table label="What was found" compact>
      <TableHead>
        <TableRow>
          <TableHeader>Field</TableHeader>
          <TableHeader>Found</TableHeader>
          <TableHeader>Will be used</TableHeader>
          <TableHeader>Source</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {fields.map(({ field, label, found, used, source, note }) => (
          <TableRow key={field}>
            <TableHeader scope="row" className="text-sm whitespace-nowrap">
              {label}
            </TableHeader>
            <TableCell>
              <Value text={found} />
              {note && <span className="text-muted block text-sm">{note}</span>}
            </TableCell>
            <TableCell>
              {used !== null && used === found ? <span className="text-muted">As found</span> : <Value text={used} />}
            </TableCell>
            <TableCell>
              <Badge tone={source === "discovery" ? "good" : source === "connector" ? "accent" : "neutral"}>
                {sources[source]}
              </Badge>
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

function Value({ text }: { text: string | null }) {
  if (text === null) return <span className="text-muted">–</span>;
  return <code className="block min-w-40 text-sm [overflow-wrap:anywhere]">{text}</code>;
}
