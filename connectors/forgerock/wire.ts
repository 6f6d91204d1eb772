/** Clients of AM in our terms, and back. */
import type { ClientSpec, RegisteredClient } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { responseTypes, type ClientSettings } from "./config.ts";
import type { Changes, ClientDocument } from "./document.ts";

export const grantTypes = [
  "authorization_code",
  "client_credentials",
  "refresh_token",
  "password",
  "implicit",
  "urn:ietf:params:oauth:grant-type:device_code",
  "urn:ietf:params:oauth:grant-type:jwt-bearer",
  "urn:ietf:params:oauth:grant-type:token-exchange",
] as const;

/**
 * OpenAM lets every client use every grant and has no attribute that says otherwise. What was asked for is
 * kept in a description for a language that nobody speaks (ISO 639-2 “zxx”: no linguistic content), so that
 * no consent page ever shows it.
 */
const grantNote = /^grant types: (.*)\|zxx$/;
const noteOf = (grants: readonly string[]) => `grant types: ${grants.join(" ")}|zxx`;
/** What any client of OpenAM can use. */
const openToAll = ["authorization_code", "client_credentials", "refresh_token", "password"];

/** The marker of a client whose id somebody chose stands in a description for the same language. */
const markerNoteOf = (marker: string) => `${marker}|zxx`;

/** Whether this is the client that was made with a marker: by its id or, where somebody chose that, by its description. */
export function carriesMarker({ id, attributes }: ClientDocument, marker: string): boolean {
  return id === marker || attributes.descriptions.includes(markerNoteOf(marker));
}

/** The attributes of a new client, with its marker where its id is not the marker. */
export function withMarker(
  changes: Changes,
  { attributes }: ClientDocument,
  { marker, consumerKey }: Pick<ClientSpec, "marker" | "consumerKey">,
): Changes {
  if (consumerKey === undefined) return changes;
  const descriptions = (changes.descriptions ?? attributes.descriptions) as readonly string[];
  return { ...changes, descriptions: [...descriptions, markerNoteOf(marker)] };
}

function grantsIn({ isGrouped, attributes }: ClientDocument): string[] {
  if (isGrouped) return attributes.grantTypes;
  const [note] = attributes.descriptions.flatMap((text) => grantNote.exec(text)?.[1] ?? []);
  return note === undefined ? openToAll : note.split(" ").filter(Boolean);
}

/** Entries of texts for people read `text` or `text|language`. */
const hasLanguage = (entry: string) => entry.includes("|");
/** A vertical bar would begin the language. */
const asEntry = (words: string) => words.replaceAll("|", "/");

/** Whether a client that authenticates like this has a secret. */
export function usesSecret({ method }: { method: string }): boolean {
  return method.startsWith("client_secret");
}

/**
 * What AM compares a client's certificate with (PingAM, “Mutual TLS”): its subject, or the whole. A certificate that the
 * client no longer uses must not open it either.
 *
 * @throws {ConnectorError} `unsupported` at OpenAM, whose clients have neither attribute
 */
function certificateChanges(
  { authentication }: Pick<ClientSettings, "authentication">,
  { isGrouped, attributes }: ClientDocument,
): Changes {
  const changes: Changes = {
    // Servers before 6.5 know neither name, so what is blank there is not written.
    ...(attributes.certificateSubject && { certificateSubject: "" }),
    ...(attributes.certificate && { certificate: "" }),
  };
  const { method } = authentication;
  if (method !== "tls_client_auth" && method !== "self_signed_tls_client_auth") return changes;
  if (!isGrouped) {
    throw new ConnectorError(
      "unsupported",
      "Clients of OpenAM cannot authenticate with a certificate. Choose a secret or a private key.",
    );
  }
  return method === "tls_client_auth"
    ? { ...changes, certificateSubject: authentication.subject }
    : { ...changes, certificate: authentication.certificate, keyLocation: "x509" };
}

/**
 * The attributes for what a developer asked for; what the spec does not name stays as the document has it.
 *
 * @throws {ConnectorError} `unsupported` where this AM has no such way to authenticate
 */
export function toChanges(
  { name, grantTypes: asked, redirectUris, settings }: ClientSpec<ClientSettings>,
  before: ClientDocument,
): Changes {
  const { authentication, accessTokenLifetime, refreshTokenLifetime, authorizationCodeLifetime } = settings;
  const { names, descriptions } = before.attributes;
  const usesKey = authentication.method === "private_key_jwt";
  return {
    names: [asEntry(name), ...names.filter(hasLanguage)],
    clientType: authentication.method === "none" ? "Public" : "Confidential",
    authenticationMethod: authentication.method,
    redirectUris,
    accessTokenLifetime,
    refreshTokenLifetime,
    authorizationCodeLifetime,
    responseTypes: settings.responseTypes,
    ...(usesKey && { keyLocation: "jwks_uri" }),
    // A key that the client no longer uses must not open it either.
    jwksUri: usesKey ? authentication.jwksUri : "",
    ...certificateChanges(settings, before),
    ...(before.isGrouped
      ? { grantTypes: asked }
      : { descriptions: [...descriptions.filter((text) => !grantNote.test(text)), noteOf(asked)] }),
  };
}

/** How a client authenticates, in the words of the client form; by a method that it does not offer, in AM's. */
export function authenticationOf({ attributes }: ClientDocument): { method: string } & Record<string, string> {
  const { clientType, authenticationMethod, jwksUri, certificateSubject: subject, certificate } = attributes;
  if (clientType === "Public") return { method: "none" };
  const method = authenticationMethod || "client_secret_basic";
  switch (method) {
    case "private_key_jwt":
      return { method, ...(jwksUri && { jwksUri }) };
    case "tls_client_auth":
      return { method, ...(subject && { subject }) };
    case "self_signed_tls_client_auth":
      return { method, ...(certificate && { certificate }) };
    default:
      return { method };
  }
}

/**
 * A client of AM in our terms.
 *
 * @param id AM's id of a client is its client id
 * @param consumerSecret as far as it is known: AM never shows one
 */
export function toRegisteredClient(
  document: ClientDocument,
  { id, consumerSecret }: { id: string; consumerSecret: Secret | undefined },
): RegisteredClient {
  const { attributes } = document;
  const authentication = authenticationOf(document);
  const name = attributes.names.find((entry) => !hasLanguage(entry)) ?? attributes.names[0]?.split("|")[0] ?? "";
  return {
    ref: {
      consumerKey: id,
      ...(consumerSecret && usesSecret(authentication) && { consumerSecret }),
    },
    state: {
      name,
      grantTypes: grantsIn(document),
      redirectUris: attributes.redirectUris,
      settings: {
        authentication,
        accessTokenLifetime: Math.max(attributes.accessTokenLifetime, 0),
        refreshTokenLifetime: attributes.refreshTokenLifetime,
        authorizationCodeLifetime: Math.max(attributes.authorizationCodeLifetime, 0),
        responseTypes: attributes.responseTypes.filter((type) => (responseTypes as readonly string[]).includes(type)),
      },
    },
  };
}
