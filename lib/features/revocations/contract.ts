import { z } from "zod";
import { tokenKinds } from "#lib/connector-kit/contract.ts";
import { CursorInput } from "#lib/foundation/cursor.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { isCleanLine, searchText } from "#lib/foundation/text.ts";
import type { KeyType } from "../key-mappings/contract.ts";

/** What can be revoked at a key manager. */
export const revocableThings = ["TOKEN", "TOKEN_ID", "CONSUMER_KEY", "SUBJECT"] as const;
export type RevocableThing = (typeof revocableThings)[number];

export const revocableLabels: Record<RevocableThing, string> = {
  TOKEN: "One token",
  TOKEN_ID: "One token, by its id",
  CONSUMER_KEY: "All tokens of a consumer key",
  SUBJECT: "All tokens of a subject",
};

/** Days that a revocation is kept: as long as the tokens it concerns may live. */
export const keptDays = { minimum: 1, maximum: 3_650, fallback: 30 } as const;

const longest: Record<RevocableThing, number> = {
  TOKEN: 16_384,
  TOKEN_ID: 1_024,
  CONSUMER_KEY: 1_024,
  SUBJECT: 1_024,
};
const missing: Record<RevocableThing, string> = {
  TOKEN: "Paste the token.",
  TOKEN_ID: "Enter the token's id, its claim jti.",
  CONSUMER_KEY: "Enter the consumer key (client id).",
  SUBJECT: "Enter the subject, as the claim sub names it.",
};

/** What the value of a revocation must be; null where it is that. Says nothing of the value itself, which may be a token. */
export function valueProblem(what: RevocableThing, value: string): string | null {
  if (value === "") return missing[what];
  if (value.length > longest[what]) return `Use at most ${String(longest[what])} characters.`;
  // RFC 6750 §2.1, b64token
  if (what === "TOKEN" && !/^[A-Za-z0-9\-._~+/]+=*$/.test(value)) {
    return "Paste the token alone, as a program sends it after “Bearer”, without line breaks.";
  }
  return isCleanLine(value) ? null : "Remove the invisible control characters.";
}

export const RevokeTokensInput = z
  .strictObject({
    keyManagerId: z.uuid("Choose a key manager."),
    what: z.enum(revocableThings, "Choose what is revoked."),
    value: z.string().trim(),
    days: z
      .int("Enter whole days.")
      .min(keptDays.minimum, `Enter at least ${String(keptDays.minimum)} day.`)
      .max(keptDays.maximum, `Enter at most ${String(keptDays.maximum)} days.`)
      .default(keptDays.fallback),
  })
  .superRefine(({ what, value }, context) => {
    const message = valueProblem(what, value);
    if (message !== null) context.addIssue({ code: "custom", path: ["value"], message });
  });
export type RevokeTokensInput = z.input<typeof RevokeTokensInput>;

/** RFC 7009: one token that these keys got, told apart by what it is for. */
export const RevokeTokenInput = z
  .strictObject({ id: z.uuid(), kind: z.enum(tokenKinds, "Choose what the token is."), token: z.string().trim() })
  .superRefine(({ token }, context) => {
    const message = valueProblem("TOKEN", token);
    if (message !== null) context.addIssue({ code: "custom", path: ["token"], message });
  });
export type RevokeTokenInput = z.input<typeof RevokeTokenInput>;

/** Who ends a token that was revoked. */
export type RevokedTokenView = {
  /** Gateways refuse it, within five seconds. They never take a refresh token. */
  atGateways: boolean;
  /** The key manager was told; else why it was not, as a sentence. */
  atKeyManager: true | string;
};

/** What is true about an access token of a tenant at this moment, or why gateways would not take it whatever it opens. */
export type InspectToken = (
  tenantId: TenantId,
  token: string,
) => Promise<
  | { usable: true; keyManagerId: string; consumerKey: string | null; tokenId: string | null; expiresAt: Date | null }
  | { usable: false; reason: string; message: string }
>;

export const ApplicationTokensRef = z.strictObject({ id: z.uuid() });
export const KeyTokensRef = z.strictObject({ id: z.uuid() });

/** Most characters of a search. */
export const searchLength = 100;
export const ListRevocationsInput = z.strictObject({
  search: searchText(searchLength),
  cursor: CursorInput,
  limit: z.int().min(1).max(100).default(25),
});

/** A key manager whose tokens can be revoked. */
export type RevokingKeyManager = { id: string; displayName: string };

/** The application whose consumer key it is. */
export type KeyHolder = { id: string; name: string; keyType: KeyType };

/** What a revocation reached, for whoever asked for it. */
export type RevokedTargetView =
  | { what: "TOKEN"; isOpaque: boolean }
  | { what: "TOKEN_ID" | "SUBJECT" }
  /** No holder where no application of the tenant has this consumer key there; its tokens are refused all the same. */
  | { what: "CONSUMER_KEY"; keyManager: string; holder: KeyHolder | null };

/** What was revoked by one request. */
export type RevokedView = {
  /** How many consumer keys, subjects or tokens. */
  count: number;
  /** Tokens issued before this moment are revoked; null where one token was named. */
  issuedBefore: string | null;
};

export type RevocationView = {
  id: string;
  kind: "TOKEN_ID" | "TOKEN_DIGEST" | "CONSUMER_KEY" | "SUBJECT";
  /** A token id, the digest of a token, a consumer key or a subject; never a token. */
  value: string;
  /** The name of the key manager; null where it exists no more. */
  keyManager: string | null;
  /** Of a consumer key: null where no application of the tenant holds it. */
  holder: KeyHolder | null;
  issuedBefore: string | null;
  expiresAt: string;
  /** Null where the tenant's own server did by itself. */
  revokedBy: string | null;
  revokedAt: string;
};

export type RevocationListView = { items: RevocationView[]; nextCursor: string | null };
