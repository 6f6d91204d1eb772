import { z } from "zod";
import { exactText, text } from "#lib/foundation/text.ts";
import { LinkTokenInput } from "../identity/contract.ts";
import { RoleInput } from "../people/contract.ts";

const fields = {
  name: text(60).min(1, "Enter a name."),
  clientId: text(500).min(1, "Enter the client id."),
  /** Roles of somebody who signs in for the first time; none asks for an invitation. */
  initialRoles: z.array(RoleInput).transform((chosen) => [...new Set(chosen)]),
};

export const AddIdentityProviderInput = z.strictObject({
  ...fields,
  issuer: text(2048).min(1, "Enter the issuer's address."),
  clientSecret: exactText(4096).min(1, "Enter the client secret."),
});
export type AddIdentityProviderInput = z.input<typeof AddIdentityProviderInput>;

export const EditIdentityProviderInput = z.strictObject({
  ...fields,
  id: z.uuid(),
  /** Blank keeps the one that is stored. */
  clientSecret: exactText(4096),
});
export type EditIdentityProviderInput = z.input<typeof EditIdentityProviderInput>;

export const IdentityProviderRef = z.strictObject({ id: z.uuid() });
export const SetIdentityProviderEnabledInput = z.strictObject({ id: z.uuid(), enabled: z.boolean() });

export type IdentityProviderView = {
  id: string;
  name: string;
  issuer: string;
  clientId: string;
  initialRoles: z.output<typeof RoleInput>[];
  enabled: boolean;
  /** To be registered at the provider. */
  redirectUri: string;
};

/** What somebody goes to an identity provider for, as the browser says when it begins. */
export const FederationPurposeInput = z.discriminatedUnion("purpose", [
  z.object({ purpose: z.literal("enter") }),
  /** Adding the identity there to the person who is signed in. */
  z.object({ purpose: z.literal("link") }),
  /** Accepting an invitation. */
  z.object({ purpose: z.literal("join"), invitation: LinkTokenInput }),
]);
export type FederationPurposeInput = z.input<typeof FederationPurposeInput>;

export const OwnIdentityRef = z.strictObject({ id: z.uuid() });

/** An identity with which the signed-in person may come in. */
export type OwnIdentityView = {
  id: string;
  provider: string;
  tenant: string;
  linkedAt: string;
  /** False while the provider is disabled, or its tenant is closed to the person. */
  opens: boolean;
};

/** The ways in which the signed-in person may come in, and those that they could add. */
export type OwnWaysInView = {
  hasPassword: boolean;
  identities: OwnIdentityView[];
  /** Providers at which the person has no identity yet. */
  linkable: { id: string; name: string; tenant: string }[];
  /** False where the person has to sign in again before they may link or unlink. */
  mayChange: boolean;
};
