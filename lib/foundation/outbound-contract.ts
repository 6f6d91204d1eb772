/** What a caller of the outbound door may ask for beyond an ordinary fetch. */
export type OutboundInit = {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  headers?: Record<string, string>;
  body?: string;
  /** Milliseconds for the whole exchange, name resolution to last byte. */
  deadlineMs?: number;
  /** Largest accepted answer, in decoded bytes. */
  maximumBytes?: number;
};

/**
 * The one way out of the process. Follows no redirect; refuses addresses that are not public unless the
 * operator's allow-list names host and port; ends at the deadline; bounds the answer.
 *
 * @throws {OutboundError} see lib/foundation/outbound.ts
 */
export type OutboundFetch = (url: string, init?: OutboundInit) => Promise<Response>;
