"use client";

import { setOutTo } from "#components/identity/auth-client.ts";
import { loadAfresh } from "#components/identity/load-afresh.ts";
import { Badge } from "#components/ui/badge.tsx";
import { Button } from "#components/ui/button.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { OwnWaysInView } from "#lib/features/identity-providers/contract.ts";

type Identity = OwnWaysInView["identities"][number];
type Linkable = OwnWaysInView["linkable"][number];

type OwnIdentitiesProps = Pick<OwnWaysInView, "identities" | "linkable" | "mayChange"> & {
  unlink: (input: { id: string }) => Promise<ActionResult<void>>;
};

/** Identities elsewhere by which the person comes in, and the providers where one could be linked. */
export function OwnIdentities({ identities, linkable, mayChange, unlink }: OwnIdentitiesProps) {
  return (
    <ul className="divide-line divide-y">
      {identities.map((identity) => (
        <li key={identity.id} className="flex flex-wrap items-center gap-3 py-2">
          <Named {...identity} provider={identity.provider}>
            linked <RelativeTime iso={identity.linkedAt} />
          </Named>
          {!identity.opens && <Badge tone="neutral">Disabled</Badge>}
          <Unlink identity={identity} disabled={!mayChange} unlink={unlink} />
        </li>
      ))}
      {linkable.map((provider) => (
        <li key={provider.id} className="flex flex-wrap items-center gap-3 py-2">
          <Named provider={provider.name} tenant={provider.tenant}>
            not linked
          </Named>
          <Link provider={provider} disabled={!mayChange} />
        </li>
      ))}
    </ul>
  );
}

type NamedProps = { provider: string; tenant: string; children: React.ReactNode };

function Named({ provider, tenant, children }: NamedProps) {
  return (
    <span className="flex min-w-0 flex-1 basis-48 flex-col">
      <span className="font-medium break-words">{provider}</span>
      <span className="text-muted text-sm break-words">
        {tenant}, {children}
      </span>
    </span>
  );
}

type UnlinkProps = { identity: Identity; disabled: boolean; unlink: OwnIdentitiesProps["unlink"] };

function Unlink({ identity: { id, provider }, disabled, unlink }: UnlinkProps) {
  return (
    <ConfirmDialog
      trigger={
        <Button size="sm" disabled={disabled} aria-label={`Unlink ${provider}`}>
          Unlink
        </Button>
      }
      title={`Unlink ${provider}?`}
      description="You cannot sign in through it as yourself any more, and are signed out everywhere else. You can link it again."
      confirmLabel="Unlink"
      onConfirm={() => unlink({ id })}
    />
  );
}

type LinkProps = { provider: Linkable; disabled: boolean };

function Link({ provider: { id, name, tenant }, disabled }: LinkProps) {
  return (
    <ConfirmDialog
      trigger={
        <Button size="sm" disabled={disabled} aria-label={`Link ${name}`}>
          Link
        </Button>
      }
      title={`Link ${name}?`}
      description={`You sign in there once and come back here. From then on it signs you in as yourself. Whoever runs ${name} could do so too, and would reach all that you reach in ${tenant}, and nothing else.`}
      confirmLabel="Go there and link"
      tone="primary"
      onConfirm={async () => {
        const result = await setOutTo(id, { purpose: "link", returnTo: "/account" });
        if (result.ok) loadAfresh(result.value.url);
        return result;
      }}
    />
  );
}
