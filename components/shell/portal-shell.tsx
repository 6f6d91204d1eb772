"use client";

import {
  ChevronsUpDown,
  LogOut,
  Menu as MenuIcon,
  Monitor,
  Moon,
  PanelLeft,
  Search,
  Sun,
  UserRound,
} from "lucide-react";
import { Link } from "#components/ui/link.tsx";
import { useTheme } from "next-themes";
import { useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import { toast } from "sonner";
import { Button } from "#components/ui/button.tsx";
import { cn } from "#components/ui/class-names.ts";
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuSeparator } from "#components/ui/menu.tsx";
import { Monogram } from "#components/ui/monogram.tsx";
import { Sheet } from "#components/ui/sheet.tsx";
import { Tooltip } from "#components/ui/tooltip.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { SearchEverything, ShellArea, ShellLink, ShellPerson, ShellTenant } from "./areas.ts";
import { CommandPalette } from "./command-palette.tsx";
import { initials } from "./initials.ts";
import { Mark, Wordmark } from "./mark.tsx";
import { Navigation } from "./navigation.tsx";
import { sidebarCookie } from "./sidebar-cookie.ts";

export type PortalShellProps = {
  areas: readonly ShellArea[];
  /** Pages that begin something, for the palette: "Add a key manager". */
  beginnings: readonly ShellLink[];
  /** Null for operators who belong to no tenant. */
  tenant: ShellTenant | null;
  /** Every tenant that the person may enter. */
  tenants: readonly ShellTenant[];
  /** Tenants of theirs that want another sign-in first. */
  beyond: readonly ShellTenant[];
  person: ShellPerson;
  switchTenant: (input: { tenantId: string }) => Promise<ActionResult<unknown>>;
  signOut: () => Promise<ActionResult<unknown>>;
  search?: SearchEverything | undefined;
  collapsed: boolean;
  children: ReactNode;
};

/** The frame of every page of the portal: areas on the left, tenant, commands, theme and person on top. */
export function PortalShell(props: PortalShellProps) {
  const { areas, beginnings, tenant, tenants, beyond, person, search, children } = props;
  const [collapsed, setCollapsed] = useState(props.collapsed);
  const [navigating, setNavigating] = useState(false);
  const [commanding, setCommanding] = useState(false);

  useEffect(() => {
    function open(event: KeyboardEvent) {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey)
        return;
      event.preventDefault();
      setCommanding((now) => !now);
    }
    window.addEventListener("keydown", open);
    return () => window.removeEventListener("keydown", open);
  }, []);

  function toggleSidebar() {
    setCollapsed(!collapsed);
    document.cookie = `${sidebarCookie}=${collapsed ? "wide" : "narrow"}; path=/; max-age=31536000; samesite=lax`;
  }

  async function enterTenant(tenantId: string) {
    const result = await props.switchTenant({ tenantId });
    if (!result.ok) {
      toast.error(result.problem.message);
      return;
    }
    // eslint-disable-next-line @next/next/no-location-assign-relative-destination -- Another tenant has other pages and permissions: nothing that this page remembers may survive.
    window.location.assign("/");
  }

  async function leave(to = "/sign-in") {
    const result = await props.signOut();
    if (!result.ok) {
      toast.error(result.problem.message);
      return;
    }
    // A signed-out browser forgets every page that it holds.
    window.location.assign(to);
  }

  return (
    <div className="flex min-h-dvh">
      <aside
        className={cn(
          "border-line bg-surface sticky top-0 hidden h-dvh shrink-0 flex-col border-r md:flex",
          collapsed ? "w-14" : "w-60",
        )}
      >
        <div className="flex h-12 shrink-0 items-center px-4">
          <Link href="/" aria-label="Latchkey, home" className="flex rounded-sm">
            {collapsed ? <Mark /> : <Wordmark />}
          </Link>
        </div>
        <div className="min-h-0 flex-1 overflow-y-auto">
          <Navigation areas={areas} collapsed={collapsed} />
        </div>
        <div className="border-line border-t p-2">
          <Tooltip content={collapsed ? "Widen the sidebar" : "Narrow the sidebar"} side="right">
            <Button
              variant="ghost"
              size="icon"
              className="text-muted w-10"
              aria-label={collapsed ? "Widen the sidebar" : "Narrow the sidebar"}
              onClick={toggleSidebar}
            >
              <PanelLeft aria-hidden />
            </Button>
          </Tooltip>
        </div>
      </aside>

      <Sheet title="Latchkey" open={navigating} onOpenChange={setNavigating}>
        <Navigation areas={areas} onNavigate={() => setNavigating(false)} />
      </Sheet>

      <div className="flex min-w-0 flex-1 flex-col">
        <header className="border-line bg-background sticky top-0 z-30 flex h-12 shrink-0 items-center gap-1 border-b px-2 sm:px-4 lg:px-6">
          <Button
            variant="ghost"
            size="icon"
            aria-label="Open the navigation"
            className="md:hidden"
            onClick={() => setNavigating(true)}
          >
            <MenuIcon aria-hidden />
          </Button>
          <Tenant
            tenant={tenant}
            tenants={tenants}
            beyond={beyond}
            onEnter={(id) => void enterTenant(id)}
            onSignIn={(slug) => void leave(`/sign-in?tenant=${slug}`)}
          />
          <div className="flex-1" />
          <CommandButton onOpen={() => setCommanding(true)} />
          <ThemeMenu />
          <PersonMenu person={person} onLeave={() => void leave()} />
        </header>
        <main
          id="content"
          tabIndex={-1}
          className="mx-auto flex w-full max-w-350 flex-1 flex-col gap-6 px-4 py-6 sm:px-6 lg:px-8"
        >
          {children}
        </main>
      </div>

      <CommandPalette
        open={commanding}
        onOpenChange={setCommanding}
        areas={areas}
        beginnings={beginnings}
        tenants={tenants.filter(({ id }) => id !== tenant?.id)}
        onEnterTenant={(id) => void enterTenant(id)}
        onLeave={() => void leave()}
        search={search}
      />
    </div>
  );
}

type TenantProps = {
  tenant: ShellTenant | null;
  tenants: readonly ShellTenant[];
  beyond: readonly ShellTenant[];
  onEnter: (tenantId: string) => void;
  onSignIn: (slug: string) => void;
};

function Tenant({ tenant, tenants, beyond, onEnter, onSignIn }: TenantProps) {
  if (!tenant) return <span className="text-muted px-2">Installation</span>;
  const name = (
    <>
      <Monogram text={initials(tenant.name)} size="sm" />
      <span className="truncate font-medium">{tenant.name}</span>
    </>
  );
  if (tenants.length + beyond.length < 2) return <span className="flex min-w-0 items-center gap-2 px-2">{name}</span>;
  return (
    <Menu
      label="Tenant"
      align="start"
      trigger={
        <Button variant="ghost" className="min-w-0 shrink px-2">
          <span className="sr-only">Tenant:</span>
          {name}
          <ChevronsUpDown aria-hidden className="text-muted" />
        </Button>
      }
    >
      <MenuLabel>Switch tenant</MenuLabel>
      <MenuChoice
        label="Tenant"
        value={tenant.id}
        options={tenants.map(({ id, name: label }) => ({ value: id, label }))}
        onValueChange={onEnter}
      />
      {beyond.length > 0 && (
        <>
          <MenuSeparator />
          <MenuLabel>Sign in again to enter</MenuLabel>
          {beyond.map(({ id, name: label, slug }) => (
            <MenuItem key={id} onSelect={() => onSignIn(slug)}>
              {label}
            </MenuItem>
          ))}
        </>
      )}
    </Menu>
  );
}

function CommandButton({ onOpen }: { onOpen: () => void }) {
  const isApple = useSyncExternalStore(
    subscribeToNothing,
    () => /Mac|iPhone|iPad/.test(navigator.userAgent),
    () => false,
  );
  return (
    <>
      <Button
        className="text-muted hover:text-ink border-line hidden w-64 justify-start font-normal lg:inline-flex"
        onClick={onOpen}
        aria-keyshortcuts="Meta+K Control+K"
      >
        <Search aria-hidden />
        <span className="flex-1 text-left">Search and commands</span>
        <kbd className="font-sans text-xs">{isApple ? "⌘K" : "Ctrl K"}</kbd>
      </Button>
      <Button variant="ghost" size="icon" aria-label="Search and commands" className="lg:hidden" onClick={onOpen}>
        <Search aria-hidden />
      </Button>
    </>
  );
}

const subscribeToNothing = () => () => {};

const themes = [
  { value: "light", label: "Light", icon: Sun },
  { value: "dark", label: "Dark", icon: Moon },
  { value: "system", label: "As the system", icon: Monitor },
] as const;

function ThemeMenu() {
  const { theme, setTheme } = useTheme();
  return (
    <Menu
      label="Theme"
      trigger={
        <Button variant="ghost" size="icon" aria-label="Theme">
          <Sun aria-hidden className="dark:hidden" />
          <Moon aria-hidden className="hidden dark:block" />
        </Button>
      }
    >
      <MenuChoice label="Theme" value={theme ?? "system"} options={themes} onValueChange={setTheme} />
    </Menu>
  );
}

function PersonMenu({ person, onLeave }: { person: ShellPerson; onLeave: () => void }) {
  return (
    <Menu
      label={person.name}
      className="max-w-72"
      trigger={
        <Button variant="ghost" size="icon">
          <span className="sr-only">{person.name}: account</span>
          <span
            aria-hidden
            className="bg-accent-soft text-accent grid size-7 place-items-center rounded-full text-sm font-medium"
          >
            {initials(person.name)}
          </span>
        </Button>
      }
    >
      <div className="flex flex-col px-2 py-1.5">
        <span className="truncate font-medium">{person.name}</span>
        <span className="text-muted truncate text-sm">{person.email}</span>
      </div>
      <MenuSeparator />
      <MenuItem icon={UserRound} href="/account">
        Your account
      </MenuItem>
      <MenuItem icon={LogOut} onSelect={onLeave}>
        Sign out
      </MenuItem>
    </Menu>
  );
}
