import { z } from "zod";
import { text } from "#lib/foundation/text.ts";

/** Fewest characters of a password that is the only factor (NIST SP 800-63B-4 §3.1.1.2). */
export const minimumPasswordCharacters = 15;
/** Most bytes of a password: enough for any phrase, too few to keep the hash busy. */
export const maximumPasswordBytes = 1024;

/** An e-mail address as people type it; lower-cased. Anything that is not plain ASCII is refused, not guessed. */
export const EmailInput = text(254).toLowerCase().pipe(z.email("Enter an e-mail address, such as name@example.com."));

export const PersonNameInput = text(120).min(1, "Enter your name.");

/** A password being chosen. The list of common passwords is checked on the server. */
export const NewPasswordInput = z
  .string()
  .refine((text) => Array.from(text).length >= minimumPasswordCharacters, {
    error: `Use at least ${String(minimumPasswordCharacters)} characters. A few words in a row are easy to remember.`,
  })
  .refine((text) => new TextEncoder().encode(text).length <= maximumPasswordBytes, {
    error: `Use at most ${String(maximumPasswordBytes)} bytes.`,
  });

/** A password being proven: no rule but the size, since older rules may have been others. */
export const PasswordInput = z
  .string()
  .min(1, "Enter your password.")
  .refine((text) => new TextEncoder().encode(text).length <= maximumPasswordBytes, {
    error: `Use at most ${String(maximumPasswordBytes)} bytes.`,
  });

export const SignInInput = z.strictObject({
  // Whatever stands here is looked up as it is: a malformed address gets the answer of an unknown one.
  email: text(254).toLowerCase().min(1, "Enter your e-mail address."),
  password: PasswordInput,
});
export type SignInInput = z.input<typeof SignInInput>;

/** The secret part of a one-time link or an invitation. */
export const LinkTokenInput = z.string().min(20).max(100);

/** What somebody with a one-time link sets. The e-mail address is asked only of the first operator. */
export const LinkInput = z.strictObject({
  token: LinkTokenInput,
  name: PersonNameInput,
  email: EmailInput.optional(),
  password: NewPasswordInput,
});
export type LinkInput = z.input<typeof LinkInput>;

/** What the page of a one-time link shows before the link is used. */
export type LinkView = {
  name: string;
  email: string;
  /** True for the very first operator, who has no address yet. */
  asksForEmail: boolean;
  /** True where the person forgot their password: a new one has to be set. */
  isReset: boolean;
  expiresAt: string;
};

export const SwitchTenantInput = z.strictObject({ tenantId: z.uuid() });

/** The signed-in person, as the shell shows them. */
export type PersonView = { id: string; name: string; email: string; isOperator: boolean };

/** A tenant that the person may enter. */
export type TenantChoice = {
  id: string;
  slug: string;
  name: string;
  roles: ("ADMINISTRATOR" | "CREATOR" | "DEVELOPER")[];
};

export const ChangePasswordInput = z.strictObject({ currentPassword: PasswordInput, newPassword: NewPasswordInput });
export type ChangePasswordInput = z.input<typeof ChangePasswordInput>;

export const SessionRef = z.strictObject({ id: z.uuid() });
export type OwnSessionView = { id: string; isCurrent: boolean; createdAt: string; lastSeenAt: string };
