import { z } from "zod";
import type { TenantId } from "#lib/foundation/ids.ts";
import { isCleanLine } from "#lib/foundation/text.ts";

/** Every check of a call, in the order in which they are made, as people read it. */
export const checkTitles = {
  api: "API",
  token: "Access token",
  format: "Format",
  key_manager: "Key manager",
  acceptance: "Accepted by the API",
  algorithm: "Algorithm",
  key: "Signing key",
  signature: "Signature",
  kind: "Kind of token",
  claims: "Claims",
  introspection: "Introspection",
  times: "Times",
  revocation: "Revocation",
  binding: "Bound to its holder",
  application: "Application",
  subscription: "Subscription",
  resource: "Resource",
  scopes: "Scopes",
  audience: "Audience",
} as const;
export type CheckName = keyof typeof checkTitles;

export type ExplainedCheck = {
  name: CheckName;
  /** Of a refused call, the last check that was made is the one that failed. */
  outcome: "passed" | "failed";
  /** In words for people; never the token. */
  expected: string;
  seen: string;
};

/** What a gateway is told about a call, and how that came about. */
export type CallExplanation = {
  verdict:
    | { allowed: true; api: string; keyManager: string; application: string | null; plan: string | null }
    | {
        allowed: false;
        reason: string;
        /** The published error code, 900900 to 900914. */
        code: number;
        /** HTTP status with which a gateway answers the caller. */
        status: number;
        message: string;
      };
  /** Those that were made. */
  checks: ExplainedCheck[];
};

/** A call as a gateway would ask about it. */
export type ExplainedCall = {
  token: string;
  /** HTTP method, letter for letter. */
  method: string;
  /** Path and query. */
  address: string;
  operations: readonly string[] | undefined;
};

/** Judges a call with what is known at this moment; lib/runtime makes it of the validator. */
export type ExplainCall = (tenantId: TenantId, call: ExplainedCall) => Promise<CallExplanation>;

export const explainedMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;
const maximumTokenCharacters = 16_384;
const maximumAddressCharacters = 2_048;
const maximumOperations = 50;

/** The token in a text: programs show one with its scheme before it, and shells with line breaks around it. */
export function bareToken(text: string): string {
  return text.trim().replace(/^(Authorization:\s*)?(Bearer|DPoP)\s+/i, "");
}

const pastedToken = z
  .string()
  .transform(bareToken)
  .pipe(
    z
      .string()
      .min(1, "Paste the access token.")
      .max(maximumTokenCharacters, `Use at most ${maximumTokenCharacters.toLocaleString("en")} characters.`)
      .refine((token) => !/\s/.test(token), "Paste one token alone, without spaces and line breaks."),
  );

/** A whole address is taken too: its host is the gateway's. */
const calledAddress = z
  .string()
  .transform((text) => text.trim().replace(/^https?:\/\/[^/?#]*/i, ""))
  .pipe(
    z
      .string()
      .min(1, "Enter the address that was called, such as /orders/1.0.0/items/7.")
      .max(maximumAddressCharacters, `Use at most ${maximumAddressCharacters.toLocaleString("en")} characters.`)
      .refine((address) => address === "" || address.startsWith("/"), "Begin with a slash, or paste the whole address.")
      .refine((address) => isCleanLine(address), "Remove the invisible control characters."),
  );

export const ExplainCallInput = z.strictObject({
  token: pastedToken,
  method: z.enum(explainedMethods, "Choose a method."),
  address: calledAddress,
  operations: z
    .array(z.string().trim().min(1).max(200, "Use at most 200 characters for each."))
    .max(maximumOperations, `Name at most ${String(maximumOperations)} operations.`)
    .default([]),
});
export type ExplainCallInput = z.input<typeof ExplainCallInput>;
