import type { ShellArea, ShellLink } from "#components/shell/areas.ts";
import type { Permission } from "#lib/features/permissions.ts";

type Gate = Permission | "operator";
type GatedLink = ShellLink & { gate: Gate };

const explain: GatedLink = {
  href: "/explain",
  label: "Why refused?",
  icon: "explain",
  gate: "call:explain",
  keywords: ["debug", "token", "explain", "verdict"],
};

const areas: readonly { label: string; links: readonly GatedLink[] }[] = [
  {
    label: "Develop",
    links: [
      {
        href: "/developer/applications",
        label: "Applications",
        icon: "applications",
        gate: "application:read",
        keywords: ["keys", "credentials", "subscriptions"],
      },
      { href: "/developer/apis", label: "API catalogue", icon: "catalogue", gate: "api:browse", keywords: ["browse"] },
      explain,
    ],
  },
  {
    label: "Create",
    links: [
      { href: "/creator/apis", label: "APIs", icon: "apis", gate: "api:read", keywords: ["publish", "openapi"] },
      { href: "/creator/plans", label: "Plans", icon: "plans", gate: "plan:write", keywords: ["limits", "quota"] },
      explain,
    ],
  },
  {
    label: "Administer",
    links: [
      {
        href: "/admin/key-managers",
        label: "Key managers",
        icon: "key-managers",
        gate: "key_manager:read",
        keywords: ["authorization server", "issuer", "connector"],
      },
      {
        href: "/admin/gateways",
        label: "Gateways",
        icon: "gateways",
        gate: "gateway_credential:read",
        keywords: ["nginx", "credential"],
      },
      explain,
      {
        href: "/admin/revocations",
        label: "Revocations",
        icon: "revocations",
        gate: "revocation:read",
        keywords: ["tokens", "revoke", "deny list"],
      },
      {
        href: "/admin/webhooks",
        label: "Webhooks",
        icon: "webhooks",
        gate: "webhook:read",
        keywords: ["events", "notifications"],
      },
      {
        href: "/admin/applications",
        label: "All applications",
        icon: "applications",
        gate: "application:administer",
        keywords: ["owner", "developers"],
      },
      { href: "/admin/people", label: "People", icon: "people", gate: "people:read", keywords: ["invite", "roles"] },
      {
        href: "/admin/identity-providers",
        label: "Identity providers",
        icon: "identity-providers",
        gate: "identity_provider:read",
        keywords: ["single sign-on", "sso", "oidc"],
      },
      { href: "/admin/audit", label: "Audit", icon: "audit", gate: "audit:read", keywords: ["history", "changes"] },
    ],
  },
  {
    label: "Operate",
    links: [
      { href: "/operator/tenants", label: "Tenants", icon: "tenants", gate: "operator" },
      {
        href: "/operator/key-managers",
        label: "Global key managers",
        icon: "global",
        gate: "operator",
        keywords: ["authorization server", "issuer", "shared"],
      },
    ],
  },
];

const beginnings: readonly GatedLink[] = [
  {
    href: "/developer/applications?create=application",
    label: "Create an application",
    icon: "add",
    gate: "application:write",
  },
  { href: "/creator/apis/new", label: "Create an API", icon: "add", gate: "api:write", keywords: ["import openapi"] },
  { href: "/admin/key-managers/new", label: "Connect a key manager", icon: "add", gate: "key_manager:write" },
];

export type Visitor = { permissions: ReadonlySet<Permission>; isOperator: boolean };

const opens = ({ gate }: GatedLink, { permissions, isOperator }: Visitor) =>
  gate === "operator" ? isOperator : permissions.has(gate);
const plain = ({ gate: _gate, ...link }: GatedLink): ShellLink => link;

/** The areas and pages that a person may enter; areas without any are left out, and no page stands twice. */
export function areasFor(visitor: Visitor): ShellArea[] {
  const seen = new Set<GatedLink>();
  const isNew = (link: GatedLink) => !seen.has(link) && seen.add(link);
  return areas
    .map(({ label, links }) => ({
      label,
      links: links.filter((link) => opens(link, visitor) && isNew(link)).map(plain),
    }))
    .filter(({ links }) => links.length > 0);
}

/** The pages where a person may begin something new. */
export function beginningsFor(visitor: Visitor): ShellLink[] {
  return beginnings.filter((link) => opens(link, visitor)).map(plain);
}
