import type { PersonId } from "../foundation/ids.ts";
import { newId } from "../foundation/ids.ts";
import { installationDb, type InstallationContext } from "./database.ts";
import type { OneTimeLinkPurpose } from "./generated/client.ts";

export type OneTimeLinkRecord = { purpose: OneTimeLinkPurpose; personId: PersonId; expiresAt: Date };

const columns = { purpose: true, personId: true, expiresAt: true } as const;

/** Stores a link and takes the place of every unused link of the same person and purpose. */
export async function replaceOneTimeLink(
  ctx: InstallationContext,
  link: { purpose: OneTimeLinkPurpose; personId: PersonId; tokenHash: string; expiresAt: Date },
): Promise<void> {
  const { personId, purpose } = link;
  await installationDb(ctx).oneTimeLink.deleteMany({ where: { personId, purpose, usedAt: null } });
  await installationDb(ctx).oneTimeLink.create({ data: { id: newId(), ...link }, select: { id: true } });
}

/** An unused link that has not expired. Reading uses nothing up. */
export async function findOneTimeLink(
  ctx: InstallationContext,
  tokenHash: string,
  now: Date,
): Promise<OneTimeLinkRecord | null> {
  const row = await installationDb(ctx).oneTimeLink.findFirst({
    where: { tokenHash, usedAt: null, expiresAt: { gt: now } },
    select: columns,
  });
  return row && { ...row, personId: row.personId as PersonId };
}

/**
 * Uses a link up. Of several callers at the same time exactly one gets true.
 */
export async function useOneTimeLink(ctx: InstallationContext, tokenHash: string, now: Date): Promise<boolean> {
  const { count } = await installationDb(ctx).oneTimeLink.updateMany({
    where: { tokenHash, usedAt: null, expiresAt: { gt: now } },
    data: { usedAt: now },
  });
  return count === 1;
}
