import type { TenantId } from "#lib/foundation/ids.ts";
import type { Dependencies } from "../context.ts";
import { wakeWebhooks } from "./deliver.ts";

/** Sees to it that webhooks hear soon of what is announced. */
export type WebhookWaker = {
  /** Something changed in a tenant. */
  hear(tenantId: TenantId): void;
  /** Announcements were missed: anything may have changed. */
  hearAll(): void;
  /** Wakes nobody any more, and waits for the wake that runs. */
  close(): Promise<void>;
};

/**
 * Wakes the webhooks of tenants in which something changed. What is heard within a moment makes one wake, and one wake
 * follows another at the earliest after that moment. Announcements may be lost: the schedule wakes whoever is left behind.
 *
 * @param options.gatherMs how long that moment is
 */
export function createWebhookWaker(deps: Dependencies, { gatherMs = 500 } = {}): WebhookWaker {
  let heard: Set<TenantId> | "all" = new Set();
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  let isClosed = false;

  function wakeSoon(): void {
    if (isClosed || timer) return;
    timer = setTimeout(() => {
      running = running.then(wake);
    }, gatherMs);
    timer.unref();
  }

  async function wake(): Promise<void> {
    timer = undefined;
    const tenants = heard;
    heard = new Set();
    try {
      await wakeWebhooks(deps, tenants === "all" ? undefined : [...tenants]);
    } catch (error) {
      deps.log.warn({ error }, "webhooks could not be woken; the schedule does it");
    }
  }

  return {
    hear(tenantId) {
      if (heard !== "all") heard.add(tenantId);
      wakeSoon();
    },
    hearAll() {
      heard = "all";
      wakeSoon();
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      return running;
    },
  };
}
