import { z } from "zod";
import { CursorInput } from "#lib/foundation/cursor.ts";
import { searchText, text } from "#lib/foundation/text.ts";
import { EmailInput } from "../identity/contract.ts";

/** Words that would be mistaken for parts of the portal, or for its owner. */
const reserved = new Set(
  "admin administrator api app auth account assets creator developer gateway health help internal latchkey link login metrics new null oidc operator portal public root sign-in signin static status support system t test undefined well-known www".split(
    " ",
  ),
);

/**
 * The tenant's name in addresses. Plain lower-case ASCII only: whatever looks like another letter in another
 * alphabet, or differs in case or composition only, cannot occur.
 */
export const SlugInput = z
  .string()
  .min(2, "Use at least 2 characters.")
  .max(40, "Use at most 40 characters.")
  .regex(
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    "Use lower-case letters a–z, digits and single hyphens between them, beginning with a letter.",
  )
  .refine((slug) => !reserved.has(slug), { error: "This word is taken by the portal itself. Choose another." });

export const CreateTenantInput = z.strictObject({
  name: text(120).min(1, "Enter a name."),
  slug: SlugInput,
  administratorEmail: EmailInput,
});
export type CreateTenantInput = z.input<typeof CreateTenantInput>;

export const TenantRef = z.strictObject({ id: z.uuid() });
/** Most characters of a search. */
export const searchLength = 120;
export const ListTenantsInput = z.strictObject({
  cursor: CursorInput,
  search: searchText(searchLength),
});

export type TenantView = {
  id: string;
  slug: string;
  name: string;
  isActive: boolean;
  createdAt: string;
  people: number;
  keyManagers: number;
  apis: number;
};

/** A link that is shown once, to be handed to somebody. */
export type LinkView = { url: string; expiresAt: string };

export type CreatedTenantView = { id: string; slug: string; name: string; invitation: LinkView };
