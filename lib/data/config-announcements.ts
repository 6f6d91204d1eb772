import pg from "pg";
import type { TenantId } from "../foundation/ids.ts";
import type { Log } from "../foundation/log.ts";
import type { Secret } from "../foundation/secret.ts";
import { watchedSockets } from "./watched-socket.ts";

const channel = "latchkey_config";
const longestPauseMs = 10_000;

export type AnnouncementListener = {
  url: Secret;
  log: Log;
  /** A tenant has this version now. */
  onChange: (tenantId: TenantId, version: bigint) => void;
  /** The connection stands again: what was announced before was not heard. */
  onConnect: () => void;
  /** How often the server is asked whether it is still there: one that is gone announces as little as one that is idle. */
  askEveryMs?: number;
};

/**
 * Listens to what the triggers of migration 0003 announce, on a connection of its own, and connects again
 * whenever that breaks or the server falls silent. An announcement is a hint: it may be lost, so listeners compare
 * versions as well.
 *
 * @returns how to stop
 */
export function listenForConfigChanges({ url, log, onChange, onConnect, askEveryMs = 5_000 }: AnnouncementListener): {
  close(): Promise<void>;
} {
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let asking: NodeJS.Timeout | undefined;
  let closed = false;
  let failures = 0;

  async function connect(): Promise<void> {
    const next = new pg.Client({
      connectionString: url.reveal(),
      connectionTimeoutMillis: 5_000,
      stream: watchedSockets(2 * askEveryMs),
    });
    client = next;
    next.on("error", (error) => log.warn({ error }, "the connection for announcements broke"));
    next.on("end", () => reconnect(next));
    next.on("notification", ({ payload }) => {
      const [tenantId = "", version = ""] = (payload ?? "").split(":", 2);
      if (/^\d+$/.test(version)) onChange(tenantId as TenantId, BigInt(version));
    });
    try {
      await next.connect();
      await next.query(`LISTEN ${channel}`);
      failures = 0;
      askAgain(next);
      onConnect();
    } catch (error) {
      log.warn({ error }, "announcements cannot be listened to; versions are compared instead");
      await next.end().catch(() => reconnect(next));
      reconnect(next);
    }
  }

  function reconnect(broken: pg.Client): void {
    if (closed || client !== broken) return;
    client = null;
    clearTimeout(asking);
    timer = setTimeout(() => void connect(), Math.min(longestPauseMs, 250 * 2 ** failures++));
    timer.unref();
  }

  /** A connection that breaks tells its own listeners. */
  function askAgain(standing: pg.Client): void {
    if (closed || client !== standing) return;
    asking = setTimeout(() => {
      standing.query("SELECT 1").then(
        () => askAgain(standing),
        () => {},
      );
    }, askEveryMs);
    asking.unref();
  }

  void connect();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      clearTimeout(asking);
      await client?.end();
    },
  };
}
