import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import type { ServedTenantView } from "#lib/features/global-key-managers/contract.ts";

/** Tenants that a global key manager serves, with who uses it there. */
export function ServedTable({ tenants }: { tenants: readonly ServedTenantView[] }) {
  return (
    <Table label="Tenants that it serves" compact>
      <TableHead>
        <TableRow>
          <TableHeader>Tenant</TableHeader>
          <TableHeader>Address</TableHeader>
          <TableHeader className="text-right">APIs by name</TableHeader>
          <TableHeader className="text-right">Applications</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {tenants.map(({ id, name, slug, apis, applications }) => (
          <TableRow key={id}>
            <TableHeader scope="row">{name}</TableHeader>
            <TableCell className="font-mono text-sm">{slug}</TableCell>
            <TableCell numeric>{apis}</TableCell>
            <TableCell numeric>{applications}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
