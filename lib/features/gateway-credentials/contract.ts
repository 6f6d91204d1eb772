import { z } from "zod";

export const CreateGatewayCredentialInput = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1, "Enter a name.")
    .max(60, "Use at most 60 characters.")
    .regex(/^[^\p{Cc}]*$/u, "Leave out control characters."),
});
export type CreateGatewayCredentialInput = z.input<typeof CreateGatewayCredentialInput>;

export const GatewayCredentialRef = z.strictObject({ id: z.uuid() });

export const ListGatewayCredentialsInput = z.strictObject({
  search: z.string().trim().max(100).optional(),
  cursor: z.string().max(500).optional(),
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
};

/** The only time that the credential itself is seen. */
export type NewGatewayCredentialView = GatewayCredentialView & { credential: string };

export type GatewayCredentialListView = { items: GatewayCredentialView[]; nextCursor: string | null };
