import "server-only";
import { decode, encode } from "next-auth/jwt";
import { cookies } from "next/headers";
import { tokenDigest } from "#lib/foundation/ids.ts";
import { runtime } from "#lib/runtime.ts";
import { cookieName, cookieOptions } from "./cookies.ts";

const lifeSeconds = 180 * 24 * 60 * 60;
/** Other than the session's, so that neither cookie can be presented as the other. */
const salt = "device";
/** Several people may share a browser; more than this many do not share the privilege. */
const maximumAccounts = 8;

/**
 * A browser's name in the limiter, given only where this account signed in from it before. The cookie grants
 * nothing but a count of its own.
 */
export async function knownDevice(email: string): Promise<string | null> {
  const device = await readDevice();
  return device && device.accounts.includes(tokenDigest(email)) ? device.id : null;
}

/** Remembers that this account signed in from this browser. */
export async function rememberDevice(email: string): Promise<void> {
  const { env, deps } = runtime();
  const known = await readDevice();
  const account = tokenDigest(email);
  const accounts = [account, ...(known?.accounts ?? []).filter((other) => other !== account)].slice(0, maximumAccounts);
  const token = { did: known?.id ?? crypto.randomUUID(), accounts };
  const value = await encode({ token, secret: env.NEXTAUTH_SECRET.reveal(), salt, maxAge: lifeSeconds });
  (await cookies()).set(cookieName("device", deps.origin), value, cookieOptions(deps.origin, lifeSeconds));
}

async function readDevice(): Promise<{ id: string; accounts: string[] } | null> {
  const { env, deps } = runtime();
  const token = (await cookies()).get(cookieName("device", deps.origin))?.value;
  if (!token) return null;
  const claims = await decode({ token, secret: env.NEXTAUTH_SECRET.reveal(), salt }).catch(() => null);
  const { did, accounts } = claims ?? {};
  if (typeof did !== "string" || !Array.isArray(accounts)) return null;
  return { id: did, accounts: accounts.filter((account) => typeof account === "string") };
}
