import { z } from "zod";
import { CursorInput } from "#lib/foundation/cursor.ts";
import { searchText, text } from "#lib/foundation/text.ts";

export const CreateGatewayCredentialInput = z.strictObject({
  name: text(60)
    .min(1, "Enter a name.")
    .regex(/^[^\n\r\t]*$/, "Leave out line breaks and tabs."),
  /** The key manager that is to report with it what it revokes; empty or left out for a gateway. */
  reports: z.union([z.literal(""), z.uuid("Choose a key manager.")]).default(""),
});
export type CreateGatewayCredentialInput = z.input<typeof CreateGatewayCredentialInput>;

export const GatewayCredentialRef = z.strictObject({ id: z.uuid() });

/** Most characters of a search. */
export const searchLength = 100;
export const ListGatewayCredentialsInput = z.strictObject({
  search: searchText(searchLength),
  cursor: CursorInput,
  limit: z.int().min(1).max(100).default(25),
});

export type GatewayCredentialView = {
  id: string;
  name: string;
  /** First characters, to recognise the credential. */
  prefix: string;
  createdAt: string;
  /** To the minute; null where no gateway has used it. */
  lastUsedAt: string | null;
  revokedAt: string | null;
  /** The key manager that reports with it what it revokes; null for a gateway's. */
  reports: { id: string; displayName: string } | null;
};

/** The only time that the credential itself is seen. */
export type NewGatewayCredentialView = GatewayCredentialView & { credential: string };

export const gatewayKinds = ["nginx", "envoy", "traefik", "caddy", "node"] as const;

/** What each kind of gateway is configured with. */
export type GatewayConfigurations = Record<(typeof gatewayKinds)[number], { name: string; text: string }[]>;

export type GatewayCredentialListView = { items: GatewayCredentialView[]; nextCursor: string | null };
