import { Badge } from "#components/ui/badge.tsx";
import { Identifier } from "#components/ui/identifier.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import { kindLabels, type ApiSummaryView, type ApiTenant } from "#lib/features/apis/contract.ts";
import { ApiStatusBadge } from "./api-status-badge.tsx";
import { TenantBadge } from "./tenant-badge.tsx";

type ApiTableProps = {
  /** Those of other tenants are marked with the tenant's name. */
  apis: readonly (ApiSummaryView & { tenant?: ApiTenant | null })[];
  /** Where an API's page is: the id is put behind it. */
  base: string;
  /** Creators see every state; developers see published APIs only. */
  showStatus?: boolean;
};

/** APIs as rows. Without the room for columns version and context stand below the name. */
export function ApiTable({ apis, base, showStatus = false }: ApiTableProps) {
  return (
    <Table label="APIs">
      <TableHead>
        <TableRow>
          <TableHeader>Name</TableHeader>
          <TableHeader className="max-lg:hidden">Version</TableHeader>
          <TableHeader className="max-lg:hidden">Context</TableHeader>
          {showStatus && <TableHeader>State</TableHeader>}
          <TableHeader className="max-lg:hidden">Created</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {apis.map((api) => (
          <TableRow key={api.id}>
            <TableHeader scope="row" className="max-w-[28rem] py-1.5 [overflow-wrap:anywhere] lg:min-w-44">
              <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
                <TextLink href={`${base}/${api.id}`}>{api.name}</TextLink>
                {api.kind !== "HTTP" && <Badge icon={null}>{kindLabels[api.kind]}</Badge>}
                {api.tenant && <TenantBadge tenant={api.tenant} />}
              </span>
              <span className="text-muted block font-mono text-sm font-normal lg:hidden">
                {api.version} {api.context}
              </span>
              {api.description && (
                <p className="text-muted line-clamp-2 text-sm font-normal sm:line-clamp-1">{api.description}</p>
              )}
            </TableHeader>
            <TableCell className="font-mono text-sm whitespace-nowrap max-lg:hidden">{api.version}</TableCell>
            <TableCell className="max-w-60 max-lg:hidden">
              <Identifier value={api.context} label="Context" plain />
            </TableCell>
            {showStatus && (
              <TableCell>
                <ApiStatusBadge status={api.status} />
              </TableCell>
            )}
            <TableCell className="text-muted whitespace-nowrap max-lg:hidden">
              <RelativeTime iso={api.createdAt} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
