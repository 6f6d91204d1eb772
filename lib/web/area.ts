import type { CurrentPerson } from "./context.ts";

/** Where somebody's work begins: the first area that their roles open. */
export function startPath({ person, activeTenant }: Pick<CurrentPerson, "person" | "activeTenant">): string {
  const held = activeTenant?.roles ?? [];
  if (held.includes("ADMINISTRATOR")) return "/admin/key-managers";
  if (held.includes("CREATOR")) return "/creator/apis";
  if (held.includes("DEVELOPER")) return "/developer/applications";
  return person.isOperator ? "/operator/tenants" : "/no-tenant";
}
