import type { Secret } from "./secret.ts";

/** What a caller shows when the other side asks for a certificate (RFC 8705 §2). */
export type ClientCertificate = {
  /** The certificate and those that lead to its issuer, in PEM form. */
  certificate: string;
  /** PKCS #8 in PEM form. */
  privateKey: Secret;
};

/**
 * What calls are for. Each purpose has connections and queues of its own, so that administration and the judging of
 * tokens never keep each other waiting: how many calls are under way and wait at one host, and are under way in all.
 */
export const outboundLimits = {
  administration: { callsPerHost: 8, waitingPerHost: 16, calls: 128 },
  // Many key managers may live on one host, and strangers decide how many tokens these are asked about.
  validation: { callsPerHost: 32, waitingPerHost: 128, calls: 512 },
} as const;
export type OutboundPurpose = keyof typeof outboundLimits;

/** What a caller of the outbound door may ask for beyond an ordinary fetch. */
export type OutboundInit = {
  /** Administration, unless it says so. */
  purpose?: OutboundPurpose;
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  headers?: Record<string, string>;
  body?: string;
  /** Connects with this certificate; never shares a connection with calls that have another one, or none. */
  identity?: ClientCertificate;
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

/**
 * Tells whether the outbound door would refuse an address, before anybody relies on it. Calls nobody; a name is resolved.
 *
 * @returns why, in words for people; null where it may be called, or where its name leads nowhere at the moment
 */
export type RefuseAddress = (url: string) => Promise<string | null>;
