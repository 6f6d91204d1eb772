/** What a browser went to an identity provider for, sealed so that nobody but this portal writes or reads it. */
import { decode, encode } from "next-auth/jwt";
import { z } from "zod";
import type { Secret } from "#lib/foundation/secret.ts";

const Intent = z.discriminatedUnion("kind", [
  /** Signing in. */
  z.object({ kind: z.literal("enter") }),
  /** Linking the identity there to the person of this very session. */
  z.object({ kind: z.literal("link"), sessionId: z.uuid() }),
  /** Accepting the invitation with this link. */
  z.object({ kind: z.literal("join"), invitation: z.string() }),
]);
export type FederationIntent = z.output<typeof Intent>;

const Ticket = z.object({ intent: Intent, provider: z.string(), state: z.string().min(1) });

/** One attempt: the provider that the browser was sent to, and the `state` it was sent with (RFC 6749 §10.12). */
export type FederationAttempt = { provider: string; state: string };

/** How long somebody may take at the identity provider. */
export const exchangeSeconds = 15 * 60;
/** Other than the session's, so that neither cookie can be presented as the other. */
const salt = "federation";

/** Seals an intent for one attempt. @returns what the browser keeps meanwhile */
export function sealIntent(secret: Secret, intent: FederationIntent, attempt: FederationAttempt): Promise<string> {
  return encode({ token: { intent, ...attempt }, secret: secret.reveal(), salt, maxAge: exchangeSeconds });
}

/**
 * Opens what `sealIntent` made.
 *
 * @returns the intent; null where the ticket is not ours, has expired, or belongs to another attempt
 */
export async function openIntent(
  secret: Secret,
  ticket: string,
  attempt: FederationAttempt,
): Promise<FederationIntent | null> {
  const claims = await decode({ token: ticket, secret: secret.reveal(), salt }).catch(() => null);
  const { data } = Ticket.safeParse(claims);
  if (!data || data.provider !== attempt.provider || data.state !== attempt.state) return null;
  return data.intent;
}
