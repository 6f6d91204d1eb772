import { listConsumerKeyHolders } from "#lib/data/key-mappings.ts";
import type { TenantContext } from "#lib/data/database.ts";
import type { KeyHolder } from "./contract.ts";

/** A consumer key at a key manager of the tenant. */
export type HeldKey = { keyManagerId: string; consumerKey: string };

/** Reads at once which application of the tenant holds which of these keys; answers null for one that none holds. */
export async function readKeyHolders(
  ctx: TenantContext,
  keys: readonly HeldKey[],
): Promise<(key: HeldKey) => KeyHolder | null> {
  const held = await listConsumerKeyHolders(
    ctx,
    keys.map(({ consumerKey }) => consumerKey),
  );
  const holders = new Map(
    held.map(({ application, keyType, ...key }) => [nameOf(key), { ...application, keyType } satisfies KeyHolder]),
  );
  return (key) => holders.get(nameOf(key)) ?? null;
}

function nameOf({ keyManagerId, consumerKey }: HeldKey): string {
  return `${keyManagerId} ${consumerKey}`;
}
