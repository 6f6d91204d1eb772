"use client";

import { Link } from "#components/ui/link.tsx";
import { usePathname } from "next/navigation";
import { cn } from "#components/ui/class-names.ts";
import { Tooltip } from "#components/ui/tooltip.tsx";
import { isCurrent, shellIcons, type ShellArea, type ShellLink } from "./areas.ts";

const home: ShellLink = { href: "/", label: "Home", icon: "home" };

type NavigationProps = {
  areas: readonly ShellArea[];
  /** Icons only; the words come as tooltips and stay for assistive technology. */
  collapsed?: boolean;
  onNavigate?: () => void;
};

/** The areas that the person may enter. */
export function Navigation({ areas, collapsed = false, onNavigate }: NavigationProps) {
  return (
    <nav aria-label="Main" className="flex flex-col gap-4 px-2 py-3">
      <ul className="flex flex-col gap-0.5">
        <NavigationLink link={home} collapsed={collapsed} onNavigate={onNavigate} />
      </ul>
      {areas.map((area) => (
        <div key={area.label} className="flex flex-col gap-0.5">
          <h2
            className={cn("text-muted px-2.5 pb-1 text-sm", collapsed && "border-line mx-2 border-t px-0 pb-0")}
            id={`area-${area.label}`}
          >
            <span className={collapsed ? "sr-only" : undefined}>{area.label}</span>
          </h2>
          <ul className="flex flex-col gap-0.5" aria-labelledby={`area-${area.label}`}>
            {area.links.map((link) => (
              <NavigationLink key={link.href} link={link} collapsed={collapsed} onNavigate={onNavigate} />
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

type NavigationLinkProps = { link: ShellLink; collapsed: boolean; onNavigate: (() => void) | undefined };

function NavigationLink({ link: { href, label, icon }, collapsed, onNavigate }: NavigationLinkProps) {
  const current = isCurrent(href, usePathname());
  const Icon = shellIcons[icon];
  const link = (
    <Link
      href={href}
      aria-current={current ? "page" : undefined}
      {...(onNavigate && { onClick: onNavigate })}
      className={cn(
        "text-ink/80 hover:bg-hover hover:text-ink relative flex h-8 items-center gap-2.5 rounded-md px-2.5 transition-colors pointer-coarse:h-11",
        "aria-[current=page]:bg-hover aria-[current=page]:text-ink aria-[current=page]:font-medium",
        collapsed && "w-10 justify-center px-0",
      )}
    >
      {current && <KeyBit />}
      <Icon aria-hidden className={cn("size-4 shrink-0", current ? "text-accent" : "text-muted")} />
      <span className={collapsed ? "sr-only" : "truncate"}>{label}</span>
    </Link>
  );
  return (
    <li>
      {collapsed ? (
        <Tooltip content={label} side="right">
          {link}
        </Tooltip>
      ) : (
        link
      )}
    </li>
  );
}

/** Marks where the person is: the bit of a key at the edge of the sidebar. */
function KeyBit() {
  return (
    <svg viewBox="0 0 6 20" aria-hidden className="text-accent absolute inset-y-0 -left-2 my-auto h-5 w-1.5">
      <path d="M0 0h3v11h2.5v3H3v3h2v3H0z" fill="currentColor" />
    </svg>
  );
}
