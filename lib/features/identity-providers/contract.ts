import { z } from "zod";
import { RoleInput } from "../people/contract.ts";

const fields = {
  name: z.string().trim().min(1, "Enter a name.").max(60, "Use at most 60 characters."),
  clientId: z.string().trim().min(1, "Enter the client id.").max(500, "Use at most 500 characters."),
  /** Roles of somebody who signs in for the first time; none asks for an invitation. */
  initialRoles: z.array(RoleInput).transform((chosen) => [...new Set(chosen)]),
};

export const AddIdentityProviderInput = z.strictObject({
  ...fields,
  issuer: z.string().trim().min(1, "Enter the issuer's address.").max(2048, "Use at most 2048 characters."),
  clientSecret: z.string().min(1, "Enter the client secret.").max(4096, "Use at most 4096 characters."),
});
export type AddIdentityProviderInput = z.input<typeof AddIdentityProviderInput>;

export const EditIdentityProviderInput = z.strictObject({
  ...fields,
  id: z.uuid(),
  /** Blank keeps the one that is stored. */
  clientSecret: z.string().max(4096, "Use at most 4096 characters."),
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
