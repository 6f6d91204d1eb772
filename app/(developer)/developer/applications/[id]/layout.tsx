import type { Metadata } from "next";
import { ApplicationActions } from "#components/applications/application-actions.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { LinkTabs } from "#components/ui/tabs.tsx";
import { getEveryApplication } from "#lib/features/applications/administer.ts";
import { getApplication } from "#lib/features/applications/read.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { changeOwnerAction, findOwnersAction } from "../../../../(admin)/admin/applications/actions.ts";
import { deleteApplicationAction, revokeApplicationTokensAction, updateApplicationAction } from "../actions.ts";

export const metadata: Metadata = { title: "Application" };

export default async function ApplicationLayout({ params, children }: LayoutProps<"/developer/applications/[id]">) {
  const ctx = await requireContext("application:read");
  const { id } = await params;
  const application = await orNotFound(getApplication(ctx, { id }));
  const mayGiveAway = ctx.permissions.has("application:administer");
  const here = `/developer/applications/${id}`;
  return (
    <>
      <PageHeader
        crumbs={[{ label: "Applications", href: "/developer/applications" }]}
        title={application.name}
        description={application.description || undefined}
        actions={
          <ApplicationActions
            application={application}
            update={updateApplicationAction}
            remove={deleteApplicationAction}
            revokeTokens={revokeApplicationTokensAction}
            ownership={
              mayGiveAway
                ? {
                    application: await orNotFound(getEveryApplication(ctx, { id })),
                    actions: { find: findOwnersAction, change: changeOwnerAction },
                  }
                : null
            }
          />
        }
      />
      <LinkTabs
        label="Application"
        tabs={[
          { label: "Overview", href: here },
          { label: "Production keys", href: `${here}/keys/production` },
          { label: "Sandbox keys", href: `${here}/keys/sandbox` },
        ]}
      />
      {children}
    </>
  );
}
