/** How a call out of the process failed, with the only words about it that people may see. */
export const outboundProblems = {
  invalid_url:
    "Enter a complete address that begins with https://, without a user name, a fragment or blanks. Only the operator of this installation can allow http:// for a host and port.",
  address_refused:
    "This address may not be called from here: it is not public, or its port is unusual. The operator of this installation can allow its host and port.",
  unreachable: "The server could not be reached.",
  untrusted: "The server's certificate is not trusted, or belongs to another name.",
  timeout: "The server took too long to answer.",
  redirect: "The server answered with a redirect to another address, which is never followed.",
  too_large: "The server's answer is too large.",
  malformed: "The server's answer does not follow the rules of HTTP.",
  identity_unusable: "The client certificate and its private key cannot be used together.",
  busy: "Too many calls to this server are waiting already.",
} as const;
export type OutboundErrorKind = keyof typeof outboundProblems;

const mark = Symbol.for("latchkey.OutboundError");

/**
 * The one error of the outbound door. The message comes from a fixed list and names neither addresses nor
 * banners, so that nobody can map a network with it; the cause is for the log.
 */
export class OutboundError extends Error {
  readonly [mark] = true;
  readonly kind: OutboundErrorKind;

  constructor(kind: OutboundErrorKind, cause?: unknown) {
    super(outboundProblems[kind], { cause });
    this.name = "OutboundError";
    this.kind = kind;
  }
}

/** Recognises an OutboundError, whichever copy of this module made it. */
export function isOutboundError(value: unknown): value is OutboundError {
  return typeof value === "object" && value !== null && mark in value;
}

/** How deep a cause is looked for. */
const maximumCauses = 8;

/**
 * Whether a call failed because too many of ours were waiting, or its turn did not come before its deadline: nothing was
 * sent, and nothing is known of the server.
 *
 * @param error as the door threw it, or as the cause of others
 */
export function wasBusy(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < maximumCauses && typeof current === "object" && current !== null; depth++) {
    if (isOutboundError(current)) return current.kind === "busy";
    current = "cause" in current ? current.cause : undefined;
  }
  return false;
}
