import { createHmac } from "node:crypto";
import { isOutboundError } from "#lib/foundation/outbound-error.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import type { Secret } from "#lib/foundation/secret.ts";

/** What a webhook is told. */
export type WebhookMessage = { id: string; type: string; data: unknown };

/** How that went; the words are for people and name nothing of the server's. */
export type Sent = { delivered: boolean; status: number | null; problem: string | null };

const limits = { deadlineMs: 10_000, maximumBytes: 64 * 1024 };

/**
 * Sends one message, signed as Standard Webhooks says (specification 1.0, “Signature scheme”): HMAC-SHA256 over
 * `id.timestamp.body`, so that a reader can tell who sent it, refuse old ones, and recognise what comes twice.
 *
 * @param target.secret `whsec_` and the key in base64
 * @returns what came of it; anything but an answer 2xx is no delivery
 */
export async function sendToWebhook(
  outbound: OutboundFetch,
  { url, secret }: { url: string; secret: Secret },
  { message, now }: { message: WebhookMessage; now: Date },
): Promise<Sent> {
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  const body = JSON.stringify({ type: message.type, timestamp: now.toISOString(), data: message.data });
  try {
    const { status } = await outbound(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": timestamp,
        "webhook-signature": `v1,${signatureOf(secret, `${message.id}.${timestamp}.${body}`)}`,
      },
      body,
      ...limits,
    });
    const delivered = status >= 200 && status < 300;
    return { delivered, status, problem: delivered ? null : `It answered with the status ${String(status)}.` };
  } catch (error) {
    if (!isOutboundError(error)) throw error;
    return { delivered: false, status: null, problem: error.message };
  }
}

function signatureOf(secret: Secret, signed: string): string {
  const key = Buffer.from(secret.reveal().slice("whsec_".length), "base64");
  return createHmac("sha256", key).update(signed).digest("base64");
}
