import "server-only";
import { cookies } from "next/headers";
import { SlugInput } from "#lib/features/tenants/contract.ts";
import { runtime } from "#lib/runtime.ts";
import { cookieName, cookieOptions } from "./cookies.ts";

const lifeSeconds = 180 * 24 * 60 * 60;

/**
 * Remembers in the browser by which tenant's door somebody came in, so that the sign-in page offers it again.
 * The slug is no secret and proves nothing. Possible in actions and route handlers only.
 */
export async function rememberTenant(slug: string): Promise<void> {
  const { origin } = runtime().deps;
  (await cookies()).set(cookieName("tenant", origin), slug, cookieOptions(origin, lifeSeconds));
}

/** The slug that this browser remembers; null where it remembers none, or nonsense. */
export async function rememberedTenant(): Promise<string | null> {
  const value = (await cookies()).get(cookieName("tenant", runtime().deps.origin))?.value;
  return SlugInput.safeParse(value).data ?? null;
}
