import { randomBytes } from "node:crypto";
import type { WebhookId } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { Context } from "../context.ts";

/** A new signing secret, in the form of Standard Webhooks: a marker before 32 bytes in base64. */
export function newWebhookSecret(): Secret {
  return new Secret(`whsec_${randomBytes(32).toString("base64")}`);
}

/** Seals the secret of a webhook for its row. */
export function sealWebhookSecret(ctx: Context, id: WebhookId, secret: Secret): string {
  return ctx.deps.vault.seal(placeOf(ctx, id), secret);
}

/** @throws {Error} where it was altered, moved, or sealed under a key that is not configured */
export function openWebhookSecret(ctx: Context, id: WebhookId, sealed: string): Secret {
  return ctx.deps.vault.open(placeOf(ctx, id), sealed);
}

function placeOf({ tenant }: Context, recordId: WebhookId) {
  return { tenantId: tenant.id, table: "webhook", recordId, field: "secret" };
}
