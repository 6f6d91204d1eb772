import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import type { ApiView } from "#lib/features/apis/contract.ts";

/** What an API answers to, and the scopes that each resource asks for. */
export function ResourceTable({ kind, resources }: Pick<ApiView, "kind" | "resources">) {
  const isGraphql = kind === "GRAPHQL";
  return (
    <Table label="Resources" compact>
      <TableHead>
        <TableRow>
          <TableHeader>{isGraphql ? "Operation" : "Method"}</TableHeader>
          <TableHeader>{isGraphql ? "Field" : "Path"}</TableHeader>
          <TableHeader>Scopes, any one of them</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {resources.map(({ verb, path, scopes }) => (
          <TableRow key={`${verb} ${path}`}>
            <TableCell className="font-mono text-sm font-medium">{verb}</TableCell>
            <TableCell className="font-mono text-sm">{path}</TableCell>
            <TableCell className="text-sm">
              {scopes.length === 0 ? (
                <span className="text-muted">none</span>
              ) : (
                <span className="font-mono">{scopes.join(", ")}</span>
              )}
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
