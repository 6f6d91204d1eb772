import type { PersonInTenantView } from "#lib/features/people/contract.ts";

type Role = PersonInTenantView["roles"][number];

/** The roles in words, for choosing and showing. */
export const roleChoices = [
  { value: "ADMINISTRATOR", label: "Administrator", help: "Key managers, people, gateways and the audit." },
  { value: "CREATOR", label: "Creator", help: "Publishes APIs and plans." },
  { value: "DEVELOPER", label: "Developer", help: "Applications, keys and subscriptions of their own." },
] as const satisfies readonly { value: Role; label: string; help: string }[];

export function roleName(role: Role): string {
  return roleChoices.find(({ value }) => value === role)?.label ?? role;
}
