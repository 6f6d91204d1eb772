/** What refusals of Microsoft Graph and of the token endpoint mean, and which of them only mean “not everywhere yet”. */
import { z } from "zod";
import type { AdministrationRequest } from "#lib/connector-kit/administration.ts";
import { isConnectorError, restated, type ConnectorError, type ConnectorErrorKind } from "#lib/connector-kit/errors.ts";
import type { Answer } from "#lib/protocol/exchange.ts";

/** learn.microsoft.com/graph/errors: details say more than the code above them. */
const graphError = z.object({
  error: z.object({
    code: z.string().max(200),
    details: z.array(z.object({ code: z.string().max(200) })).nullish(),
  }),
});

type Meaning = { kind: ConnectorErrorKind; words: string };

/** Codes that mean something else than their status, or need words for whoever has to act. */
const meanings = new Map<string, Meaning>([
  [
    "Directory_QuotaExceeded",
    {
      kind: "rejected",
      words: "the tenant has as many objects as it may; deleted applications count until they are removed for good",
    },
  ],
  [
    "CredentialTypeNotAllowedAsPerAppPolicy",
    {
      kind: "rejected",
      words: "an application management policy of the tenant forbids this kind of credential; choose another",
    },
  ],
  [
    "CredentialInvalidLifetimeAsPerAppPolicy",
    {
      kind: "rejected",
      words: "an application management policy of the tenant wants a shorter life of the credential",
    },
  ],
  ["DuplicateValue", { kind: "conflict", words: "the API has a role or scope of this name already" }],
  ["Request_MultipleObjectsWithSameKeyValue", { kind: "conflict", words: "the tenant has such an object already" }],
]);

/** Codes that only mean “not everywhere yet”. */
const lagCodes = ["Request_ResourceNotFound", "NoBackingApplicationObject"];

/** Which permission of Microsoft Graph a path needs (the reference page of each call). */
function permissionFor({ path }: Pick<AdministrationRequest, "path">): string {
  if (path.includes("/appRoleAssign")) return "AppRoleAssignment.ReadWrite.All and Application.Read.All";
  if (path.includes("oauth2PermissionGrants")) return "DelegatedPermissionGrant.ReadWrite.All";
  return "Application.ReadWrite.All (or Application.ReadWrite.OwnedBy, for applications that it owns)";
}

/** The same failure in other words. */
function told(error: ConnectorError, { kind, words }: Meaning, doing: string): ConnectorError {
  return restated(error, { kind, message: `${doing} failed: ${words}.` });
}

/**
 * Names what a refusal of Microsoft Graph means.
 *
 * @param error made of the same answer: kind, status and Graph's words
 * @returns an error with Graph's most telling code, by which `isLag` and its like recognise it
 */
export function explainGraph(error: ConnectorError, answer: Answer, request: AdministrationRequest): ConnectorError {
  const parsed = graphError.safeParse(answer.json);
  if (!parsed.success) return error;
  const { code, details } = parsed.data.error;
  const all = [...(details ?? []).map((detail) => detail.code), code];
  const telling = all.find((name) => meanings.has(name) || lagCodes.includes(name)) ?? code;
  const coded = restated(error, { code: telling });
  const meaning = meanings.get(telling);
  if (meaning) return told(coded, meaning, request.doing);
  if (code !== "Authorization_RequestDenied") return coded;
  const words = `the portal's application lacks ${permissionFor(request)}`;
  return told(coded, { kind: "credentials_refused", words }, request.doing);
}

/** Graph's words where it has no code of its own. */
const credentialGone = /no credentials found to be removed/i;
const lagWords = [
  /backing application of the service principal being created/i,
  /permission being assigned was not found/i,
  credentialGone,
];

/**
 * Whether a call of Microsoft Graph failed because a replica does not know yet what was written a moment ago: the codes
 * Request_ResourceNotFound and NoBackingApplicationObject, and the words with which a missing application is refused to
 * a caller with Application.ReadWrite.OwnedBy.
 */
export function isLag(error: unknown): boolean {
  if (!isConnectorError(error)) return false;
  if (lagCodes.includes(error.code ?? "")) return true;
  return lagWords.some((words) => words.test(error.reason ?? ""));
}

/** Whether a secret that was to be removed is not there. */
export function isCredentialGone(error: unknown): boolean {
  return isConnectorError(error) && credentialGone.test(error.reason ?? "");
}

/** Whether an enabled role or scope was about to be changed: one that Entra's replica still knows as enabled, or knows alone. */
export function isEnabledStill(error: unknown): boolean {
  return isConnectorError(error) && error.code === "CannotDeleteOrUpdateEnabledEntitlement";
}

/** Whether an assignment exists already. */
export function isAssignedAlready(error: unknown): boolean {
  return isConnectorError(error) && /permission being assigned already exists/i.test(error.reason ?? "");
}

/** Codes of the token endpoint (learn.microsoft.com/entra/identity-platform/reference-error-codes) that need other words. */
const signInMeanings = new Map<string, Meaning>([
  ["7000215", { kind: "credentials_refused", words: "the secret is wrong; take its value, not its id" }],
  ["7000222", { kind: "credentials_refused", words: "the secret has expired" }],
  ["700016", { kind: "credentials_refused", words: "the tenant has no application with this client id" }],
  [
    "700027",
    {
      kind: "credentials_refused",
      words: "the certificate is not one of the application's, or the key is not its",
    },
  ],
  ["7000112", { kind: "credentials_refused", words: "the application is disabled" }],
  ["7000229", { kind: "rejected", words: "the application has no service principal in the tenant" }],
  ["90002", { kind: "misconfigured", words: "there is no such tenant; check the token endpoint" }],
  ["500011", { kind: "misconfigured", words: "the API has no service principal in the tenant, or its id is wrong" }],
  [
    "501051",
    { kind: "rejected", words: "the API demands an assignment and the application has none; grant it a scope" },
  ],
]);

/** The number in “AADSTS7000215: …”, with which every refusal of the token endpoint begins; undefined elsewhere. */
export function aadstsOf(error: unknown): string | undefined {
  return isConnectorError(error) ? /^AADSTS(\d{4,8})\b/.exec(error.reason ?? "")?.[1] : undefined;
}

/** Whether the token endpoint may only not know a new application or secret yet; only the caller knows whether it is new. */
export function isTokenLag(error: unknown): boolean {
  return ["7000215", "700016"].includes(aadstsOf(error) ?? "");
}

/**
 * Runs a call of the token endpoint; its refusals get the words of `signInMeanings`.
 *
 * @param doing the subject of an error's sentence
 */
export async function explainingToken<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const meaning = signInMeanings.get(aadstsOf(error) ?? "");
    throw meaning && isConnectorError(error) ? told(error, meaning, doing) : error;
  }
}
