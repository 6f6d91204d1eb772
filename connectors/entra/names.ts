/** Names by which Latchkey recognises what is its own in a tenant. */
import { createHash } from "node:crypto";

/** Ids of applications, service principals, roles and credentials. */
export const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Begins the names of credentials that Latchkey made. */
export const credentialName = "Latchkey";

const tagPrefix = "latchkey:";

/** What Entra has no field for is kept in tags of the application (applications can be searched by them). */
export type OwnTag = "marker" | "platform" | "grant" | "secret-days";

/** A tag of ours. */
export function tagOf(name: OwnTag, value: string): string {
  return `${tagPrefix}${name}=${value}`;
}

/** Values of our tags of one name. */
export function tagValues(tags: readonly string[], name: OwnTag): string[] {
  const start = tagOf(name, "");
  return tags.filter((tag) => tag.startsWith(start)).map((tag) => tag.slice(start.length));
}

/** Tags that others have set. */
export function foreignTags(tags: readonly string[]): string[] {
  return tags.filter((tag) => !tag.startsWith(tagPrefix));
}

/**
 * The id of a scope of ours: a UUID of a layout of our own (RFC 9562 §5.8), made of the API and the scope's name. A role
 * or permission with another id was made by somebody else.
 */
export function scopeId(resourceAppId: string, name: string): string {
  const digest = createHash("sha256").update(`latchkey scope\n${resourceAppId.toLowerCase()}\n${name}`).digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
