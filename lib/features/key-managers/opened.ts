import { LRUCache } from "lru-cache";
import type { KeyManagerAdapter } from "#lib/connector-kit/contract.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";

/**
 * Adapters that stay open for a while. An adapter keeps its session at the authorization server, and servers
 * limit how often one may sign in: Auth0 counts each management token.
 */
export type OpenedAdapters = {
  /**
   * The adapter of a key manager as it is stored now, opened where it is not open yet.
   *
   * @param outbound the way out that the adapter uses: one opened for another way is another adapter
   */
  take(
    outbound: OutboundFetch,
    record: { id: string; revision: number; updatedAt: Date },
    open: () => KeyManagerAdapter,
  ): KeyManagerAdapter;
};

const keptMs = 10 * 60_000;
const maximumOpen = 500;

export function createOpenedAdapters(): OpenedAdapters {
  const ways = new WeakMap<OutboundFetch, LRUCache<string, KeyManagerAdapter>>();
  return {
    take(outbound, { id, revision, updatedAt }, open) {
      let opened = ways.get(outbound);
      if (!opened) ways.set(outbound, (opened = new LRUCache({ max: maximumOpen, ttl: keptMs })));
      const key = `${id}:${String(revision)}:${String(updatedAt.getTime())}`;
      const adapter = opened.get(key) ?? open();
      opened.set(key, adapter);
      return adapter;
    },
  };
}
