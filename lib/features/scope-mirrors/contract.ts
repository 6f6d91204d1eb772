import { z } from "zod";
import { CursorInput } from "#lib/foundation/cursor.ts";

export const ScopeMirrorsOfApiInput = z.strictObject({ apiId: z.uuid() });
export const ScopeMirrorsAtInput = z.strictObject({
  keyManagerId: z.uuid(),
  /** The name of the last scope seen. */
  cursor: CursorInput,
  limit: z.int().min(1).max(200).default(50),
});
export const RetryMirrorsAtInput = z.strictObject({ keyManagerId: z.uuid() });

/** `found` stood there already, made by somebody else; it is neither changed nor removed. */
export type MirrorState = "waiting" | "mirrored" | "found" | "failed" | "removing";

/** One scope at one key manager. */
export type MirroredScopeView = {
  name: string;
  state: MirrorState;
  /** Why the last try failed, with the server's own words. */
  problem: string | null;
  /** When it is tried next; null where nothing is left to do. */
  nextTryAt: string | null;
};

export type MirrorCounts = Record<MirrorState, number>;

/** An API's scopes at one of the key managers that it accepts and that hold scopes. */
export type ApiMirrorView = {
  keyManager: { id: string; displayName: string; monogram: string };
  scopes: MirroredScopeView[];
};

/** The tenant's scopes at one key manager, by name. */
export type KeyManagerMirrorView = { counts: MirrorCounts; scopes: MirroredScopeView[]; nextCursor: string | null };

/** How many scopes are in each state. */
export function countStates(scopes: readonly MirroredScopeView[]): MirrorCounts {
  const counts: MirrorCounts = { waiting: 0, mirrored: 0, found: 0, failed: 0, removing: 0 };
  for (const { state } of scopes) counts[state] += 1;
  return counts;
}
