import type { Metadata } from "next";
import { Link } from "#components/ui/link.tsx";
import { ApiStatusBadge } from "#components/apis/api-status-badge.tsx";
import { FirstSteps } from "#components/home/first-steps.tsx";
import { RoleHome } from "#components/home/role-home.tsx";
import { Badge } from "#components/ui/badge.tsx";
import { Button } from "#components/ui/button.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { readAdministratorHome, readCreatorHome, readDeveloperHome } from "#lib/features/home/read.ts";
import { requireContext } from "#lib/web/context.ts";

export const metadata: Metadata = { title: "Home" };

/** What each of the person's roles sees first. */
export default async function HomePage() {
  const ctx = await requireContext();
  const [administrator, creator, developer] = await Promise.all([
    ctx.permissions.has("key_manager:read") ? readAdministratorHome(ctx) : null,
    ctx.permissions.has("api:write") ? readCreatorHome(ctx, {}) : null,
    ctx.permissions.has("application:write") ? readDeveloperHome(ctx, {}) : null,
  ]);
  return (
    <>
      <PageHeader title={ctx.tenant.name} description="What is there, what waits for you, and what comes next." />
      <FirstSteps administrator={administrator} creator={creator} developer={developer} />
      <div className="grid items-start gap-4 xl:grid-cols-2">
        {developer && (
          <RoleHome
            title="Applications"
            description="Your own, with their keys and subscriptions."
            attention={developer.attention}
            items={developer.applications.map(({ id, name, keys, subscriptions }) => ({
              id,
              name,
              href: `/developer/applications/${id}`,
              detail: `${count(keys.production + keys.sandbox, "key pair")}, ${count(subscriptions, "subscription")}`,
            }))}
            empty="You have no application yet. It holds the keys with which your program calls APIs."
            all={{ href: "/developer/applications", label: "All your applications" }}
            actions={<Begin href="/developer/applications?create=application">Create application</Begin>}
          />
        )}
        {creator && (
          <RoleHome
            title="APIs"
            description="What this tenant offers to developers."
            attention={creator.attention}
            items={creator.apis.map(({ id, name, version, status }) => ({
              id,
              name: `${name} ${version}`,
              href: `/creator/apis/${id}`,
              detail: <ApiStatusBadge status={status} />,
            }))}
            empty="There is no API yet. Import an OpenAPI file, or describe one by hand."
            all={{ href: "/creator/apis", label: "All APIs" }}
            actions={<Begin href="/creator/apis/new">Add API</Begin>}
          />
        )}
        {administrator && (
          <RoleHome
            title="Key managers"
            description="The authorization servers whose tokens open the APIs."
            attention={administrator.attention}
            items={administrator.keyManagers.map(({ id, displayName, connectorName, enabled }) => ({
              id,
              name: displayName,
              href: `/admin/key-managers/${id}`,
              detail: (
                <span className="flex items-center gap-3">
                  {connectorName}
                  <Badge tone={enabled ? "good" : "neutral"}>{enabled ? "Enabled" : "Disabled"}</Badge>
                </span>
              ),
            }))}
            empty="There is no key manager yet."
            all={{ href: "/admin/key-managers", label: "All key managers" }}
            actions={<Begin href="/admin/key-managers/new">Connect key manager</Begin>}
          />
        )}
      </div>
    </>
  );
}

function Begin({ href, children }: { href: string; children: string }) {
  return (
    <Button asChild size="sm">
      <Link href={href}>{children}</Link>
    </Button>
  );
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? "" : "s"}`;
}
