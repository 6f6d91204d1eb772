import { z } from "zod";
import { CursorInput } from "#lib/foundation/cursor.ts";
import { searchText } from "#lib/foundation/text.ts";
import { EmailInput, NewPasswordInput, PersonNameInput } from "../identity/contract.ts";
import { roles } from "../permissions.ts";

export const RoleInput = z.enum(roles);
/** Each role at most once, in their own order. */
export const RolesInput = z
  .array(RoleInput)
  .min(1, "Choose at least one role.")
  .transform((chosen) => roles.filter((role) => chosen.includes(role)));

export const InviteInput = z.strictObject({ email: EmailInput, roles: RolesInput });
export type InviteInput = z.input<typeof InviteInput>;

/** Most characters of a search. */
export const searchLength = 120;
export const ListPeopleInput = z.strictObject({
  cursor: CursorInput,
  search: searchText(searchLength),
  role: RoleInput.optional(),
  state: z.enum(["active", "disabled"]).optional(),
});
export const ListInvitationsInput = ListPeopleInput.pick({ cursor: true, search: true });

export const ChangeRolesInput = z.strictObject({ id: z.uuid(), roles: RolesInput });
export const SetActiveInput = z.strictObject({ id: z.uuid(), active: z.boolean() });
export const InvitationRef = z.strictObject({ id: z.uuid() });

/** A member, by the id of the membership. */
export const PasswordLinkInput = z.strictObject({ id: z.uuid() });
export type PasswordLinkInput = z.input<typeof PasswordLinkInput>;
export const PasswordLinkForEmailInput = z.strictObject({ email: EmailInput });
export type PasswordLinkForEmailInput = z.input<typeof PasswordLinkForEmailInput>;

/** What somebody new sets when accepting. The address is the invitation's. */
export const AcceptInvitationInput = z.strictObject({
  token: z.string().min(20).max(100),
  name: PersonNameInput,
  password: NewPasswordInput,
});
export type AcceptInvitationInput = z.input<typeof AcceptInvitationInput>;

type RoleName = (typeof roles)[number];

export type PersonInTenantView = {
  /** Of the membership. */
  id: string;
  personId: string;
  name: string;
  email: string;
  roles: RoleName[];
  isActive: boolean;
  /** Disabled by an operator for every tenant; only an operator can undo that. */
  isDisabledEverywhere: boolean;
  /** The person who looks. */
  isSelf: boolean;
  joinedAt: string;
};

export type InvitationView = {
  id: string;
  email: string;
  roles: RoleName[];
  createdAt: string;
  expiresAt: string;
};

/** An invitation that was just made: its link is shown this once. */
export type IssuedInvitationView = InvitationView & { url: string };

/** What the page of an invitation shows to whoever holds its link. */
export type OpenInvitationView = {
  email: string;
  roles: RoleName[];
  tenant: { id: string; slug: string; name: string };
  /** Somebody with this address signs in here already, and joins by signing in. */
  hasAccount: boolean;
};

/** A link with which this person sets a new password: shown this once. */
export type PasswordLinkView = { name: string; email: string; url: string; expiresAt: string };
