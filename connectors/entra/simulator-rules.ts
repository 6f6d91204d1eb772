/** What Microsoft Graph accepts of an application: members, redirect URIs, certificates, roles and permissions. */
import { X509Certificate } from "node:crypto";
import { badRequest, graphRefusal } from "./simulator-words.ts";

export type Body = Record<string, unknown>;
export type Entry = { id: string; value: string; isEnabled: boolean; [member: string]: unknown };

const isGuid = (text: unknown) => typeof text === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

const members: Record<string, string[]> = {
  application: `id appId displayName signInAudience tags web spa publicClient api info isFallbackPublicClient
    keyCredentials passwordCredentials appRoles identifierUris createdDateTime deletedDateTime notes description
    publisherDomain requiredResourceAccess optionalClaims`.split(/\s+/),
  web: ["homePageUrl", "logoutUrl", "redirectUris", "redirectUriSettings", "implicitGrantSettings"],
  spa: ["redirectUris"],
  publicClient: ["redirectUris"],
  implicitGrantSettings: ["enableAccessTokenIssuance", "enableIdTokenIssuance"],
  info: ["logoUrl", "marketingUrl", "privacyStatementUrl", "supportUrl", "termsOfServiceUrl"],
  api: [
    "acceptMappedClaims",
    "knownClientApplications",
    "oauth2PermissionScopes",
    "preAuthorizedApplications",
    "requestedAccessTokenVersion",
  ],
  keyCredential: [
    "customKeyIdentifier",
    "displayName",
    "endDateTime",
    "key",
    "keyId",
    "startDateTime",
    "type",
    "usage",
  ],
  passwordCredential: ["displayName", "endDateTime", "startDateTime"],
  appRole: ["allowedMemberTypes", "description", "displayName", "id", "isEnabled", "origin", "value"],
  permissionScope: [
    ...["adminConsentDescription", "adminConsentDisplayName", "id", "isEnabled", "origin", "type"],
    ...["userConsentDescription", "userConsentDisplayName", "value"],
  ],
};

/** Refuses members that a type does not have. */
export function unknownMember(type: string, body: unknown): Response | null {
  if (typeof body !== "object" || body === null) return null;
  const unknown = Object.keys(body).find((member) => !members[type]?.includes(member));
  return unknown === undefined ? null : badRequest(`Invalid property '${unknown}'.`);
}

/** Names in $select. */
export const isApplicationMember = (name: string) => members["application"]?.includes(name) ?? false;

const invalid = (property: string) =>
  badRequest(`Invalid value specified for property '${property}' of resource 'Application'.`);

function redirectProblem(body: Body): Response | null {
  const seen = new Set<string>();
  for (const platform of ["web", "spa", "publicClient"]) {
    const part = body[platform] as { redirectUris?: string[]; redirectUriSettings?: { uri: string }[] } | undefined;
    const problem = unknownMember(platform, part);
    if (problem) return problem;
    for (const uri of part?.redirectUris ?? []) {
      if (seen.has(uri)) return badRequest("Redirect URIs must have distinct values.");
      seen.add(uri);
      const url = URL.parse(uri);
      const isLocal = url?.protocol === "http:" && ["localhost", "127.0.0.1"].includes(url.hostname);
      const isOwnScheme = platform === "publicClient" && !/^(http|javascript|data):/i.test(uri);
      if (!url || uri.includes("#") || !(url.protocol === "https:" || isLocal || isOwnScheme)) {
        return badRequest(
          `Reply Urls: the value '${uri}' is not valid: it must start with "HTTPS" or "http://localhost".`,
        );
      }
    }
    const settings = part?.redirectUriSettings;
    if (settings && settings.some(({ uri }) => !part.redirectUris?.includes(uri)))
      return invalid("redirectUriSettings");
  }
  return null;
}

function keyProblem(body: Body, before: Body | undefined): Response | null {
  const held = (before?.["keyCredentials"] ?? []) as Body[];
  for (const credential of (body["keyCredentials"] ?? []) as Body[]) {
    const problem = unknownMember("keyCredential", credential);
    if (problem) return problem;
    if (credential["keyId"] !== undefined) {
      const same = held.find(({ keyId }) => keyId === credential["keyId"]);
      if (same?.["key"] === credential["key"]) continue;
      return badRequest(
        `Update to existing credential with KeyId '${JSON.stringify(credential["keyId"])}' is not allowed.`,
      );
    }
    if (credential["type"] !== "AsymmetricX509Cert" || credential["usage"] !== "Verify")
      return invalid("keyCredentials");
    try {
      new X509Certificate(Buffer.from(String(credential["key"]), "base64"));
    } catch {
      return badRequest("Key credential is not a valid certificate.");
    }
  }
  return null;
}

const entryValue = /^(?!\.)[\w!#$%&'()*+,\-./:;<=>?@[\]^`{|}~]{1,120}$/;

/** Roles and permissions share ids and names; an enabled one may neither go nor change. */
function entryProblem(body: Body, before: Body | undefined): Response | null {
  const permissionsOf = (app: Body | undefined) =>
    ((app?.["api"] as Body | undefined)?.["oauth2PermissionScopes"] ?? []) as Entry[];
  const rolesOf = (app: Body | undefined) => (app?.["appRoles"] ?? []) as Entry[];
  const after = { roles: rolesOf({ ...before, ...body }), permissions: permissionsOf({ ...before, ...body }) };
  for (const entry of after.roles) {
    const problem = unknownMember("appRole", entry);
    if (problem) return problem;
    const types = entry["allowedMemberTypes"] as string[] | undefined;
    if (!entry["displayName"] || !entry["description"] || !types?.length) return invalid("appRoles");
  }
  for (const entry of after.permissions) {
    const problem = unknownMember("permissionScope", entry);
    if (problem) return problem;
    if (!entry["adminConsentDisplayName"] || !entry["adminConsentDescription"])
      return invalid("oauth2PermissionScopes");
  }
  for (const entries of [after.roles, after.permissions]) {
    const values = entries.map(({ value }) => value);
    if (new Set(values).size < values.length)
      return badRequest("Request contains a property with duplicate values.", "DuplicateValue");
    if (entries.some(({ id, value }) => !isGuid(id) || !entryValue.test(value))) return invalid("value");
  }
  for (const role of after.roles) {
    const twin = after.permissions.find(({ id, value }) => id === role.id || value === role.value);
    if (!twin) continue;
    const isEqual =
      twin.id === role.id &&
      twin.value === role.value &&
      twin.isEnabled === role.isEnabled &&
      twin["adminConsentDisplayName"] === role["displayName"] &&
      twin["adminConsentDescription"] === role["description"];
    if (!isEqual) return badRequest("It contains duplicate value.", "DuplicateValue");
  }
  const pairs = [
    [rolesOf(before), after.roles],
    [permissionsOf(before), after.permissions],
  ] as const;
  for (const [old, now] of pairs) {
    for (const { isEnabled, ...rest } of old) {
      const found: Body = now.find(({ id }) => id === rest.id) ?? {};
      const isSame = Object.entries(rest).every(
        ([member, value]) => JSON.stringify(value) === JSON.stringify(found[member]),
      );
      if (isEnabled && !isSame) {
        const words = "Permission (scope or role) cannot be deleted or updated unless disabled first.";
        return graphRefusal(400, "CannotDeleteOrUpdateEnabledEntitlement", words);
      }
    }
  }
  return null;
}

/**
 * Why Graph refuses an application, or null.
 *
 * @param body what was sent; @param before the application as it is, where it is changed
 */
export function applicationProblem(body: Body, before?: Body): Response | null {
  const problem = unknownMember("application", body);
  if (problem) return problem;
  const readOnly = ["id", "appId", "createdDateTime", "deletedDateTime", "publisherDomain", "passwordCredentials"];
  const written = readOnly.find((member) => member in body);
  if (written !== undefined) return badRequest(`Property '${written}' is read-only and cannot be set.`);
  const name = body["displayName"];
  if (!before && name === undefined) {
    return badRequest("A value is required for property 'displayName' of resource 'Application'.");
  }
  if (name !== undefined && (typeof name !== "string" || name.length === 0 || name.length > 256)) {
    return invalid("displayName");
  }
  const { web, api, info } = body as Record<string, Body | undefined>;
  for (const [type, part] of [
    ["implicitGrantSettings", web?.["implicitGrantSettings"]],
    ["api", api],
    ["info", info],
  ] as const) {
    const unknown = unknownMember(type, part);
    if (unknown) return unknown;
  }
  if (info?.["logoUrl"] !== undefined) return badRequest("Property 'logoUrl' is read-only and cannot be set.");
  if (((body["tags"] ?? []) as string[]).some((tag) => tag.length > 256)) return invalid("tags");
  const version = api?.["requestedAccessTokenVersion"] ?? null;
  if (![null, 1, 2].includes(version as number | null)) return invalid("requestedAccessTokenVersion");
  return redirectProblem(body) ?? keyProblem(body, before) ?? entryProblem(body, before);
}
