import { z } from "zod";
import { CursorInput } from "#lib/foundation/cursor.ts";
import { searchText, text } from "#lib/foundation/text.ts";
import type { KeyMappingState, KeyType } from "../key-mappings/contract.ts";

/** What an application is called and what it is for. */
export const ApplicationInput = z.strictObject({
  name: text(70).min(1, "Enter a name."),
  description: text(512).default(""),
});
export type ApplicationInput = z.input<typeof ApplicationInput>;

export const ApplicationRef = z.strictObject({ id: z.uuid() });
export const EditApplicationInput = ApplicationInput.extend({ id: z.uuid() });
export type EditApplicationInput = z.input<typeof EditApplicationInput>;

/** Most characters of a search. */
export const searchLength = 200;
export const ListApplicationsInput = z.strictObject({
  search: searchText(searchLength),
  cursor: CursorInput,
  limit: z.number().int().min(1).max(100).default(25),
});

/** Who might take an application over. */
export const FindOwnersInput = z.strictObject({
  id: z.uuid(),
  /** Part of the name or e-mail address. */
  search: z.string().trim().max(searchLength).default(""),
});

/** Another owner of an application; `from` is the one whom the administrator saw. */
export const ChangeOwnerInput = z.strictObject({
  id: z.uuid(),
  from: z.uuid(),
  ownerId: z.uuid("Choose who is to own the application."),
});
export type ChangeOwnerInput = z.input<typeof ChangeOwnerInput>;

/** A person who can own an application. */
export type PossibleOwner = { personId: string; name: string; email: string };

export type ApplicationView = {
  id: string;
  name: string;
  description: string;
  ownerName: string;
  createdAt: string;
  /** How many sets of active keys it holds, and how many operations on keys are not settled. */
  keys: { production: number; sandbox: number; unsettled: number };
  subscriptions: number;
};

/** Mapped keys that hold a registration access token, which their owner may have nowhere else. */
export type TokenHolder = { keyManagerName: string; keyType: KeyType };

/** One application, and the keys that have to be removed before it can be deleted. */
export type ApplicationDetailView = ApplicationView & { removeFirst: TokenHolder[] };

/** The owner of an application, as administrators see them; inactive where they could not be given one. */
export type OwnerView = { personId: string; name: string; email: string | null; isActive: boolean };

/** Keys of somebody's application, as far as an administrator may know of them. */
export type AdministeredKeys = {
  id: string;
  keyManager: { id: string; displayName: string; monogram: string };
  keyType: KeyType;
  isMapped: boolean;
  state: KeyMappingState;
  /** Whether the client belongs to the application's owner at the key manager too; null where that is nobody's business. */
  owner: { isKnown: boolean; problem: string | null } | null;
};

/** Somebody's application, as administrators see it. */
export type AdministeredApplicationView = ApplicationView & { owner: OwnerView; keySets: AdministeredKeys[] };

/** An application that has changed hands. */
export type OwnerChangeView = {
  name: string;
  ownerName: string;
  /** How many clients follow at their key managers in the background. */
  followingClients: number;
};

export type ApplicationListView = { items: ApplicationView[]; nextCursor: string | null };

/** How deleting an application ended. */
export type ApplicationDeletion =
  | { deleted: true }
  /** Clients at these key managers could not be deleted yet, so the application is kept. */
  | { deleted: false; message: string; remaining: { keyManagerName: string; reason: string }[] };

/** A scope that tokens of an application may carry, and the APIs that ask for it. */
export type SubscribedScopeView = { name: string; description: string; apis: string[] };
