import {
  Activity,
  AppWindow,
  Ban,
  Blocks,
  Boxes,
  Building2,
  DoorOpen,
  Fingerprint,
  Gauge,
  Globe,
  House,
  KeyRound,
  Plus,
  ScrollText,
  SearchCheck,
  Users,
  Webhook,
  type LucideIcon,
} from "lucide-react";

/** Icons by name: a server component can send the browser a name, but not a component. */
export const shellIcons = {
  home: House,
  applications: AppWindow,
  catalogue: Blocks,
  apis: Boxes,
  plans: Gauge,
  "key-managers": KeyRound,
  global: Globe,
  people: Users,
  "identity-providers": Fingerprint,
  gateways: DoorOpen,
  revocations: Ban,
  webhooks: Webhook,
  explain: SearchCheck,
  audit: ScrollText,
  tenants: Building2,
  activity: Activity,
  add: Plus,
} as const satisfies Record<string, LucideIcon>;

export type ShellIcon = keyof typeof shellIcons;

export type ShellLink = {
  href: string;
  label: string;
  icon: ShellIcon;
  /** Other words under which the command palette finds it. */
  keywords?: readonly string[];
};

/** A part of the portal that the person may enter. */
export type ShellArea = { label: string; links: readonly ShellLink[] };

export type ShellTenant = { id: string; name: string; slug: string };
export type ShellPerson = { name: string; email: string };

/** Something that the palette's search found on the server. */
export type SearchHit = { href: string; label: string; detail?: string; icon: ShellIcon };
export type SearchEverything = (words: string) => Promise<readonly SearchHit[]>;

/** Whether a link's page, or a page below it, is the current one. */
export function isCurrent(href: string, pathname: string): boolean {
  return href === "/" ? pathname === "/" : pathname === href || pathname.startsWith(`${href}/`);
}
