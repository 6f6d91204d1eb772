import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FeedPosition } from "#lib/data/change-feed.ts";
import { readPosition, toBlock, writePosition } from "#lib/features/events/change-events.ts";
import type { EventPage } from "#lib/features/events/event-page.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { Log } from "#lib/foundation/log.ts";
import { gauge } from "#lib/foundation/metrics.ts";
import { answerJson } from "./answer.ts";

export type EventStreamsOptions = {
  /** What changed behind a point; null where there is no such tenant. */
  read(tenantId: TenantId, after: FeedPosition): Promise<EventPage | null>;
  /** The present versions of tenants. */
  versions(tenantIds: readonly TenantId[]): Promise<ReadonlyMap<TenantId, bigint>>;
  log: Log;
  limits?: EventLimits;
};

export type EventLimits = {
  /** Streams open at a time in this process, and of one tenant. */
  streams: number;
  streamsOfTenant: number;
  /** How often versions are compared and credentials looked at, announcements or not. */
  checkEveryMs: number;
  heartbeatMs: number;
  /** A reader that takes nothing for so long is given up. */
  stalledMs: number;
};

export const defaultEventLimits: EventLimits = {
  streams: 500,
  streamsOfTenant: 50,
  checkEveryMs: 2_000,
  heartbeatMs: 15_000,
  stalledMs: 30_000,
};

/** Who wants to listen. */
export type Listener = {
  tenantId: TenantId;
  /** False once its credential was revoked. */
  isAdmitted(): Promise<boolean>;
};

type Stream = Listener & {
  res: ServerResponse;
  position: FeedPosition;
  wroteAt: number;
  isPumping: boolean;
  /** Something changed while changes were being sent. */
  again: boolean;
};

/**
 * Streams of server-sent events (HTML Living Standard, §9.2) that tell gateways and others what changes in their tenant.
 * Each event has an id from which its reader goes on after a break; where what came since is no longer on record, the
 * reader is told to start anew. Changes are heard by announcement, and found by a comparison of versions besides.
 */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #limits: EventLimits;
  readonly #streams = new Set<Stream>();
  readonly #timer: NodeJS.Timeout;
  readonly #open = gauge({
    name: "latchkey_event_streams",
    help: "Streams of events that are open.",
    ofWorkers: "sum",
  });
  #isClosed = false;
  #isChecking = false;

  constructor(options: EventStreamsOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultEventLimits;
    this.#timer = setInterval(() => void this.#check(), this.#limits.checkEveryMs);
    this.#timer.unref();
  }

  /** Opens a stream, from the event that the request names as its last one, or from now. */
  async open(req: IncomingMessage, res: ServerResponse, listener: Listener): Promise<void> {
    const { tenantId } = listener;
    const ofTenant = [...this.#streams].filter((stream) => stream.tenantId === tenantId).length;
    if (this.#isClosed || this.#streams.size >= this.#limits.streams) return answerJson(res, 503, busy);
    if (ofTenant >= this.#limits.streamsOfTenant) return answerJson(res, 429, tooMany);
    // It has its place before anything is awaited.
    const stream: Stream = { ...listener, res, position: { version: 0n, id: null }, ...idle() };
    this.#add(stream);
    const version = await this.#presentVersion(tenantId);
    // Whoever closed meanwhile has taken its place away.
    if (version === null || !this.#streams.has(stream)) {
      this.#streams.delete(stream);
      return answerJson(res, 503, busy);
    }
    res.writeHead(200, streamHeaders);
    res.write("retry: 2000\n\n");
    const lastEventId = req.headers["last-event-id"];
    const known = typeof lastEventId === "string" ? readPosition(lastEventId) : null;
    stream.isPumping = false;
    if (known) {
      stream.position = known;
      return this.#wake(stream);
    }
    stream.position = { version, id: null };
    await this.#write(stream, lastEventId === undefined ? readyAt(version) : resetAt(version));
    this.#wake(stream);
  }

  /** A tenant was announced to have this version. */
  hear(tenantId: TenantId, version: bigint): void {
    for (const stream of this.#streams) {
      if (stream.tenantId === tenantId && stream.position.version < version) this.#wake(stream);
    }
  }

  /** Ends every stream and opens no more. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const stream of this.#streams) this.#end(stream);
  }

  #add(stream: Stream): void {
    this.#streams.add(stream);
    this.#open.set(this.#streams.size);
    stream.res.once("close", () => {
      this.#streams.delete(stream);
      this.#open.set(this.#streams.size);
    });
    stream.res.on("error", () => stream.res.destroy());
  }

  async #presentVersion(tenantId: TenantId): Promise<bigint | null> {
    try {
      return (await this.#options.versions([tenantId])).get(tenantId) ?? null;
    } catch (error) {
      this.#options.log.warn({ error, tenantId }, "a stream of events could not be opened");
      return null;
    }
  }

  async #check(): Promise<void> {
    if (this.#isChecking || this.#streams.size === 0) return;
    this.#isChecking = true;
    try {
      const tenantIds = [...new Set([...this.#streams].map(({ tenantId }) => tenantId))];
      const versions = await this.#options.versions(tenantIds);
      for (const stream of this.#streams) await this.#look(stream, versions.get(stream.tenantId));
    } catch (error) {
      this.#options.log.warn({ error }, "the versions of the event streams' tenants could not be compared");
    } finally {
      this.#isChecking = false;
    }
  }

  async #look(stream: Stream, version: bigint | undefined): Promise<void> {
    if (stream.isPumping) return;
    if (version === undefined || !(await stream.isAdmitted())) return this.#end(stream);
    if (version > stream.position.version) return this.#wake(stream);
    if (performance.now() - stream.wroteAt < this.#limits.heartbeatMs) return;
    // An id without data is remembered and tells nothing else.
    await this.#write(stream, `: still here\nid: ${writePosition(stream.position)}\n\n`);
  }

  #wake(stream: Stream): void {
    if (stream.isPumping) {
      stream.again = true;
      return;
    }
    stream.isPumping = true;
    void this.#pump(stream)
      .catch((error: unknown) =>
        this.#options.log.warn(
          { error, tenantId: stream.tenantId },
          "changes could not be read for a stream of events",
        ),
      )
      .finally(() => (stream.isPumping = false));
  }

  async #pump(stream: Stream): Promise<void> {
    let hasMore = true;
    while ((hasMore || stream.again) && this.#streams.has(stream)) {
      stream.again = false;
      if (!(await stream.isAdmitted())) return this.#end(stream);
      const page = await this.#options.read(stream.tenantId, stream.position);
      if (!page) return this.#end(stream);
      hasMore = page.hasMore;
      if (page.changes === null) {
        stream.position = { version: page.version, id: null };
        await this.#write(stream, resetAt(page.version));
        continue;
      }
      stream.position = page.changes.at(-1)?.position ?? stream.position;
      if (page.events.length > 0) await this.#write(stream, page.events.map(toBlock).join(""));
    }
  }

  async #write(stream: Stream, text: string): Promise<void> {
    stream.wroteAt = performance.now();
    if (stream.res.write(text)) return;
    try {
      await once(stream.res, "drain", { signal: AbortSignal.timeout(this.#limits.stalledMs) });
    } catch {
      // It takes nothing, or is gone; either way it comes back with the id of its last event.
      stream.res.destroy();
    }
  }

  #end(stream: Stream): void {
    this.#streams.delete(stream);
    if (stream.res.headersSent) stream.res.end();
  }
}

/** Until it is open, nothing is sent. */
function idle() {
  return { wroteAt: performance.now(), isPumping: true, again: false };
}

const readyAt = (version: bigint) => toBlock({ id: String(version), type: "ready", data: {} });

const resetAt = (version: bigint) =>
  toBlock({
    id: String(version),
    type: "reset",
    data: {
      message: "What changed since is no longer on record. Read everything anew; what changes from here on follows.",
    },
  });

const streamHeaders = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  // Proxies that would wait for more before they pass anything on.
  "X-Accel-Buffering": "no",
};

const busy = {
  body: { code: "unavailable", message: "No stream can be opened at the moment. Try again shortly." },
  headers: { "Retry-After": "2" },
};

const tooMany = {
  body: {
    code: "limit.exceeded",
    message: "Too many streams are open for this tenant. Close some, or share one among several readers.",
  },
  headers: { "Retry-After": "30" },
};
