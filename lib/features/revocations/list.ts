import { z } from "zod";
import { findConnector } from "#connectors/registry.ts";
import { listAllKeyManagers } from "#lib/data/key-managers.ts";
import { readCursor } from "#lib/data/paging.ts";
import { listRevocations as readRevocations, type ListedRevocation } from "#lib/data/revocations.ts";
import { defineQuery } from "../verb.ts";
import { ListRevocationsInput, type RevocationListView, type RevokingKeyManager } from "./contract.ts";
import { readKeyHolders, type HeldKey } from "./holders.ts";
import { revocationName } from "./name.ts";

/** A page of what is revoked in the tenant, newest first; what has expired by itself is left out. */
export const listRevocations = defineQuery({
  action: "revocation.list",
  permission: "revocation:read",
  input: ListRevocationsInput,
  async run(ctx, { search, cursor, limit }): Promise<RevocationListView> {
    const now = ctx.deps.clock.now();
    const page = await readRevocations(ctx, { search, now, after: readCursor(cursor), limit });
    const keyManagers = await listAllKeyManagers(ctx);
    const byName = new Map(keyManagers.map((one) => [revocationName(one.id, findConnector(one.connectorId)), one]));
    const keyOf = ({ kind, value, keyManager }: ListedRevocation): HeldKey | null => {
      const issuer = kind === "CONSUMER_KEY" ? byName.get(keyManager) : undefined;
      return issuer ? { keyManagerId: issuer.id, consumerKey: value } : null;
    };
    const holderOf = await readKeyHolders(
      ctx,
      page.items.flatMap((item) => keyOf(item) ?? []),
    );
    const items = page.items.map((item) => {
      const { id, kind, value, issuedBefore, expiresAt, revokedBy, revokedAt } = item;
      const key = keyOf(item);
      return {
        ...{ id, kind, value, revokedBy },
        keyManager: byName.get(item.keyManager)?.displayName ?? null,
        holder: key && holderOf(key),
        issuedBefore: issuedBefore?.toISOString() ?? null,
        expiresAt: expiresAt.toISOString(),
        revokedAt: revokedAt.toISOString(),
      };
    });
    return { items, nextCursor: page.nextCursor };
  },
});

/** The key managers that may report what they revoke: all but the tenant's own, whose revocations are known already. */
export const listReportingKeyManagers = defineQuery({
  action: "revocation.list_reporting",
  permission: "gateway_credential:read",
  input: z.strictObject({}),
  async run(ctx): Promise<RevokingKeyManager[]> {
    return (await listAllKeyManagers(ctx))
      .filter(({ connectorId }) => !findConnector(connectorId)?.permanent)
      .map(({ id, displayName }) => ({ id, displayName }));
  },
});

/** The key managers whose tokens can be revoked: every one of the tenant, by name. */
export const listRevokingKeyManagers = defineQuery({
  action: "revocation.list_key_managers",
  permission: "revocation:read",
  input: z.strictObject({}),
  async run(ctx): Promise<RevokingKeyManager[]> {
    return (await listAllKeyManagers(ctx)).map(({ id, displayName }) => ({ id, displayName }));
  },
});
