import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { PortalShell } from "#components/shell/portal-shell.tsx";
import { sidebarCookie } from "#components/shell/sidebar-cookie.ts";
import { permissionsOf } from "#lib/features/permissions.ts";
import { currentPerson, requireSession } from "#lib/web/context.ts";
import { signOutAction, switchTenantAction } from "./actions.ts";
import { areasFor, beginningsFor } from "./areas.ts";

/** The frame around every page behind sign-in. It shows what a person may enter; each page checks that itself. */
export async function PortalLayout({ children }: { children: ReactNode }) {
  await requireSession();
  const current = await currentPerson();
  if (!current) throw new Error("A session without a person passed requireSession.");
  const { person, tenants, activeTenant, beyond } = current;
  const visitor = { permissions: permissionsOf(activeTenant?.roles ?? []), isOperator: person.isOperator };
  const jar = await cookies();
  return (
    <PortalShell
      areas={areasFor(visitor)}
      beginnings={beginningsFor(visitor)}
      tenant={activeTenant && { id: activeTenant.id, name: activeTenant.name, slug: activeTenant.slug }}
      tenants={tenants.map(({ id, name, slug }) => ({ id, name, slug }))}
      beyond={beyond}
      person={{ name: person.name, email: person.email }}
      switchTenant={switchTenantAction}
      signOut={signOutAction}
      collapsed={jar.get(sidebarCookie)?.value === "narrow"}
    >
      {children}
    </PortalShell>
  );
}
