import { hash, randomBytes } from "node:crypto";
import { v7 as uuidV7, validate } from "uuid";

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

export type TenantId = Id<"TenantId">;
export type PersonId = Id<"PersonId">;
export type SessionId = Id<"SessionId">;
export type MembershipId = Id<"MembershipId">;
export type InvitationId = Id<"InvitationId">;
export type IdentityProviderId = Id<"IdentityProviderId">;
export type KeyManagerId = Id<"KeyManagerId">;
export type GlobalKeyManagerId = Id<"GlobalKeyManagerId">;
export type ApplicationId = Id<"ApplicationId">;
export type KeyMappingId = Id<"KeyMappingId">;
export type ApiId = Id<"ApiId">;
export type PlanId = Id<"PlanId">;
export type SubscriptionId = Id<"SubscriptionId">;
export type CrossTenantSubscriptionId = Id<"CrossTenantSubscriptionId">;
export type GatewayCredentialId = Id<"GatewayCredentialId">;
export type WebhookId = Id<"WebhookId">;
export type RevocationId = Id<"RevocationId">;
export type AuditEventId = Id<"AuditEventId">;

/** Under this id stands the history of the installation itself, which is no tenant (RFC 9562 §5.9: the nil UUID). */
export const installationHistory = "00000000-0000-0000-0000-000000000000" as TenantId;

/** A new id: UUID version 7 (RFC 9562 §5.7), which sorts by time of creation. */
export function newId<T extends Id<string>>(): T {
  return uuidV7() as T;
}

/** Reads an id that came from outside; undefined where it is no UUID. */
export function parseId<T extends Id<string>>(text: unknown): T | undefined {
  return typeof text === "string" && validate(text) ? (text.toLowerCase() as T) : undefined;
}

/**
 * An unguessable text, for one-time links and gateway credentials.
 *
 * @param bytes entropy in bytes; 32 unless told otherwise
 * @returns base64url without padding
 */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString("base64url");
}

/** SHA-256 of a token, base64url: what is stored of a credential that is only ever compared. */
export function tokenDigest(token: string): string {
  return hash("sha256", token, "base64url");
}
