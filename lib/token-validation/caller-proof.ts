/**
 * What a caller showed beside its token, for tokens that are bound to their holder. A face leaves it out for a
 * plain bearer token, and puts in only what the gateway vouches for: nothing of it may come from a header that
 * a caller could have set in the gateway's place.
 */
export type CallerProof = {
  /** Set where the token came as `Authorization: DPoP` (RFC 9449 §7.1), and only then. */
  dpop?: DpopProof | undefined;
  /**
   * The client's certificate in the TLS handshake of the gateway, in any form that `readThumbprint` takes;
   * undefined or empty where there was none.
   */
  certificate?: string | undefined;
};

export type DpopProof = {
  /** The `DPoP` header; undefined where there was none. Several of them make no usable text. */
  proof: string | undefined;
  /**
   * The address that the caller called: scheme, host and path, such as `https://api.example/orders/1.0.0/items`.
   * Scheme and host are the gateway's own, never taken from the caller's Host header; undefined where the gateway
   * does not know them.
   */
  url: string | undefined;
};
