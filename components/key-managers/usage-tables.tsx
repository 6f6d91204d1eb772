import { Badge } from "#components/ui/badge.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import type { UsingApiView, UsingApplicationView } from "#lib/features/key-managers/contract.ts";

/** APIs that accept a key manager by name. */
export function ApiUsage({ apis }: { apis: readonly UsingApiView[] }) {
  if (apis.length === 0) {
    return <EmptyState title="No API names it" description="Creators choose accepted key managers on an API's page." />;
  }
  return (
    <Table label="APIs that accept this key manager by name" compact>
      <TableHead>
        <TableRow>
          <TableHeader>Name</TableHeader>
          <TableHeader>Version</TableHeader>
          <TableHeader>Context</TableHeader>
          <TableHeader>State</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {apis.map(({ id, name, version, context, published }) => (
          <TableRow key={id}>
            <TableHeader scope="row">{name}</TableHeader>
            <TableCell>
              <code>{version}</code>
            </TableCell>
            <TableCell>
              <code>{context}</code>
            </TableCell>
            <TableCell>{published ? <Badge tone="good">Published</Badge> : <Badge>Not published</Badge>}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

const keyTypes: Record<string, string> = { PRODUCTION: "Production", SANDBOX: "Sandbox" };

/** Applications that hold keys of a key manager. */
export function ApplicationUsage({ applications }: { applications: readonly UsingApplicationView[] }) {
  if (applications.length === 0) {
    return (
      <EmptyState title="No application has keys here" description="Developers get keys on an application's page." />
    );
  }
  return (
    <Table label="Applications that hold keys of this key manager" compact>
      <TableHead>
        <TableRow>
          <TableHeader>Name</TableHeader>
          <TableHeader>Owner</TableHeader>
          <TableHeader>Keys</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {applications.map((application) => (
          <TableRow key={application.id}>
            <TableHeader scope="row">
              <TextLink href={`/admin/applications/${application.id}`}>{application.name}</TextLink>
            </TableHeader>
            <TableCell>{application.ownerName}</TableCell>
            <TableCell>
              <span className="flex flex-wrap gap-1">
                {application.keyTypes.map((type) => (
                  <Badge key={type} icon={null}>
                    {keyTypes[type] ?? type}
                  </Badge>
                ))}
              </span>
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
