import { Badge } from "#components/ui/badge.tsx";
import { Monogram } from "#components/ui/monogram.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { ConnectorTile, InvocationMethod, KeyManagerListItem } from "#lib/features/key-managers/contract.ts";
import { EnabledSwitch, type PreviewDisable, type SetEnabled } from "./enabled-switch.tsx";
import { GlobalBadge } from "./global-badge.tsx";
import { KeyManagerMenu } from "./key-manager-menu.tsx";
import { tenantPlace, type KeyManagerPlace } from "./place.ts";
import { SimulatorBadge } from "./simulator-badge.tsx";
import { SortLink } from "./sort-link.tsx";
import { countUsers } from "./words.ts";

export type KeyManagerActions = {
  setEnabled: SetEnabled;
  previewDisable: PreviewDisable;
  remove: (input: { id: string }) => Promise<ActionResult<unknown>>;
};

type KeyManagerTableProps = {
  items: readonly (KeyManagerListItem & { tenants?: number })[];
  actions: KeyManagerActions;
  mayWrite: boolean;
  /** Whose list it is: a tenant's, in which global ones are marked and left alone, or the installation's. */
  of?: KeyManagerPlace;
};

/** Key managers as rows: what they are, who uses them, whether they are on. */
export function KeyManagerTable({ items, actions, mayWrite, of = tenantPlace }: KeyManagerTableProps) {
  const mayChange = ({ global }: KeyManagerListItem) => mayWrite && (of.runsGlobal || !global);
  return (
    <Table label="Key managers">
      <TableHead>
        <TableRow>
          <TableHeader>
            <SortLink ascending="name" descending="-name" initial>
              Name
            </SortLink>
          </TableHeader>
          <TableHeader>Type</TableHeader>
          <TableHeader className="max-md:hidden">Tokens</TableHeader>
          <TableHeader className="max-lg:hidden">Provider</TableHeader>
          {of.runsGlobal && <TableHeader className="max-sm:hidden">Tenants</TableHeader>}
          <TableHeader className="max-sm:hidden">Used by</TableHeader>
          <TableHeader>Enabled</TableHeader>
          <TableHeader>
            <span className="sr-only">Actions</span>
          </TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {items.map((item) => (
          <TableRow key={item.id}>
            <TableHeader scope="row" className="max-w-[26rem] py-1.5 sm:min-w-44">
              <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
                <TextLink href={`${of.base}/${item.id}`}>{item.displayName}</TextLink>
                {item.global && !of.runsGlobal && <GlobalBadge />}
                {item.simulated && <SimulatorBadge />}
              </span>
              {item.displayName !== item.name && (
                <code className="text-muted block truncate text-xs font-normal">{item.name}</code>
              )}
              {item.description && (
                <p className="text-muted truncate text-sm font-normal max-sm:hidden">{item.description}</p>
              )}
            </TableHeader>
            <TableCell>
              <ConnectorName connector={item.connector} />
            </TableCell>
            <TableCell className="max-md:hidden">
              <TokenTypes methods={item.tokenTypes} />
            </TableCell>
            <TableCell className="max-w-64 max-lg:hidden">
              <span className="text-muted block truncate font-mono text-sm" title={item.issuer}>
                {hostOf(item.issuer)}
              </span>
            </TableCell>
            {of.runsGlobal && (
              <TableCell numeric className="max-sm:hidden">
                <TextLink href={`${of.base}/${item.id}/${of.usage}`}>{item.tenants ?? 0}</TextLink>
              </TableCell>
            )}
            <TableCell className="whitespace-nowrap max-sm:hidden">
              <Usage item={item} href={`${of.base}/${item.id}/${of.usage}`} />
            </TableCell>
            <TableCell>
              {mayChange(item) ? (
                <EnabledSwitch
                  keyManager={item}
                  setEnabled={actions.setEnabled}
                  previewDisable={actions.previewDisable}
                />
              ) : (
                <EnabledBadge enabled={item.enabled} />
              )}
            </TableCell>
            <TableCell className="text-right">
              {mayChange(item) && <KeyManagerMenu item={item} remove={actions.remove} of={of} />}
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

/** Tile and name of a kind of key manager. */
export function ConnectorName({ connector }: { connector: ConnectorTile }) {
  return (
    <span className="flex items-center gap-2 whitespace-nowrap">
      <Monogram text={connector.monogram} size="sm" />
      {connector.name}
    </span>
  );
}

const methodWords = { DIRECT: "Direct", EXCHANGED: "Exchanged" } as const satisfies Record<InvocationMethod, string>;

/** How its tokens reach APIs. */
export function TokenTypes({ methods }: { methods: readonly InvocationMethod[] }) {
  return (
    <span className="flex flex-wrap gap-1">
      {methods.map((method) => (
        <Badge key={method} icon={null}>
          {methodWords[method]}
        </Badge>
      ))}
    </span>
  );
}

export function EnabledBadge({ enabled }: { enabled: boolean }) {
  return enabled ? <Badge tone="good">Enabled</Badge> : <Badge>Disabled</Badge>;
}

function Usage({ item, href }: { item: KeyManagerListItem; href: string }) {
  const { apis, applications } = item.usage;
  if (apis + applications === 0) return <span className="text-muted">Nobody by name</span>;
  return (
    <TextLink href={href}>
      {[apis > 0 && countUsers(apis, "API"), applications > 0 && countUsers(applications, "application")]
        .filter(Boolean)
        .join(", ")}
    </TextLink>
  );
}

function hostOf(issuer: string): string {
  return URL.parse(issuer)?.host ?? issuer;
}
