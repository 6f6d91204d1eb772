/** What a token is, as a server is told that shall revoke it (RFC 7009 §2.1, `token_type_hint`). */
export const tokenKinds = ["access_token", "refresh_token"] as const;
export type TokenKind = (typeof tokenKinds)[number];
