/** Clients of a tenant's own authorization server that the portal did not make. */
import type { Page } from "@playwright/test";
import { createDeriveSecret } from "#lib/foundation/derived-secret.ts";
import type { Secret } from "#lib/foundation/secret.ts";

/**
 * Registers a client (RFC 7591) with the initial access token that the holder of the vault key can derive.
 *
 * @param page of somebody who is in the tenant: its pages tell its id
 * @throws {Error} where the page tells none, or the server refuses
 */
export async function createBuiltInClient(
  page: Page,
  { origin, slug, vaultKey }: { origin: string; slug: string; vaultKey: Secret },
): Promise<{ clientId: string; clientSecret: string }> {
  const pages = await (await page.request.get("/")).text();
  const tenants = pages.matchAll(/\\"id\\":\\"([0-9a-f-]{36})\\",\\"name\\":\\"[^"]*\\",\\"slug\\":\\"([^"\\]+)\\"/g);
  const tenantId = [...tenants].find(([, , found]) => found === slug)?.[1];
  if (tenantId === undefined) throw new Error(`No page tells the id of the tenant ${slug}.`);
  const initialAccessToken = createDeriveSecret(vaultKey)("built-in.registration", tenantId).reveal();
  const answer = await fetch(`${origin}/t/${slug}/oidc/reg`, {
    method: "POST",
    headers: { authorization: `Bearer ${initialAccessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ client_name: "Made by hand", grant_types: ["client_credentials"], redirect_uris: [] }),
  });
  const made = (await answer.json()) as { client_id?: string; client_secret?: string };
  if (!made.client_id || !made.client_secret) throw new Error(`The client was refused: ${JSON.stringify(made)}`);
  return { clientId: made.client_id, clientSecret: made.client_secret };
}
