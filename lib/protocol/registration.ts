/** Dynamic client registration (RFC 7591) and its management (RFC 7592). */
import { z } from "zod";
import { ConnectorError, withCredentials, type ReplacedCredentials } from "#lib/foundation/connector-error.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { budgets, exchange, failureOf, unreadable, type Answer } from "./exchange.ts";
import type { ProtocolDependencies } from "./token.ts";

const name = z.string().max(2000);
const names = z.array(name).max(200);
const clientSecret = z.string().min(1).max(10_000).nullish();
const registrationAccessToken = z.string().min(1).max(32_768).nullish();

/** Client metadata as servers send it (RFC 7591 §2). Members we do not know are kept for the next update. */
const clientInformation = z.looseObject({
  client_id: z
    .string()
    .min(1)
    .max(1000)
    .regex(/^\P{Cc}+$/u),
  client_secret: clientSecret,
  client_secret_expires_at: z.number().nullish(),
  registration_access_token: registrationAccessToken,
  registration_client_uri: z.string().min(1).max(2048).nullish(),
  client_name: name.nullish(),
  redirect_uris: names.nullish(),
  grant_types: names.nullish(),
  response_types: names.nullish(),
  token_endpoint_auth_method: name.nullish(),
  scope: z.string().max(10_000).nullish(),
  application_type: name.nullish(),
  jwks_uri: name.nullish(),
});

export type ClientMetadata = Record<string, unknown>;

/** A registered client: its credentials apart from what is said about it. */
export type ClientInformation = {
  clientId: string;
  clientSecret?: Secret;
  /** Seconds since the epoch; undefined where the secret does not expire (RFC 7591 §3.2.1: 0). */
  clientSecretExpiresAt?: number;
  registrationAccessToken?: Secret;
  registrationClientUri?: string;
  clientName: string;
  redirectUris: string[];
  grantTypes: string[];
  tokenEndpointAuthMethod: string;
  /** All metadata as the server holds them, without credentials. */
  metadata: ClientMetadata;
};

/** Members that the server issues; a client must not send them in an update (RFC 7592 §2.2). */
const issuedByServer = [
  "registration_access_token",
  "registration_client_uri",
  "client_secret_expires_at",
  "client_id_issued_at",
];

/** Credentials in an answer whose other members may be of no use. */
const credentialsAlone = z
  .object({
    client_secret: clientSecret.catch(undefined),
    registration_access_token: registrationAccessToken.catch(undefined),
  })
  .catch({ client_secret: undefined, registration_access_token: undefined });

function credentialsOf(
  body: z.output<typeof credentialsAlone>,
): Pick<ClientInformation, "clientSecret" | "registrationAccessToken"> {
  return {
    ...(body.client_secret && { clientSecret: new Secret(body.client_secret) }),
    ...(body.registration_access_token && { registrationAccessToken: new Secret(body.registration_access_token) }),
  };
}

/** Credentials as an error carries them. */
export function replacedBy({
  clientSecret,
  registrationAccessToken,
}: Pick<ClientInformation, "clientSecret" | "registrationAccessToken">): ReplacedCredentials {
  return {
    ...(clientSecret && { consumerSecret: clientSecret }),
    ...(registrationAccessToken && { registrationToken: registrationAccessToken }),
  };
}

/** Reads the description of a client; `bad_response` where it is none, with the credentials that it brought all the same. */
export function toInformation(answer: Answer, doing: string): ClientInformation {
  const parsed = clientInformation.safeParse(answer.json);
  if (!parsed.success) {
    const error = unreadable(answer, doing, "describes no client as RFC 7591 has it");
    throw withCredentials(error, replacedBy(credentialsOf(credentialsAlone.parse(answer.json))));
  }
  const body = parsed.data;
  const hidden = new Set([...issuedByServer, "client_secret"]);
  return {
    clientId: body.client_id,
    ...credentialsOf(body),
    ...(body.client_secret_expires_at && { clientSecretExpiresAt: body.client_secret_expires_at }),
    ...(body.registration_client_uri && { registrationClientUri: body.registration_client_uri }),
    clientName: body.client_name ?? "",
    redirectUris: body.redirect_uris ?? [],
    // Defaults of RFC 7591 §2 for what the server leaves out.
    grantTypes: body.grant_types ?? ["authorization_code"],
    tokenEndpointAuthMethod: body.token_endpoint_auth_method ?? "client_secret_basic",
    metadata: Object.fromEntries(Object.entries(body).filter(([member]) => !hidden.has(member))),
  };
}

/** Response types that agree with grant types (RFC 7591 §2.1). */
export function responseTypesFor(grantTypes: readonly string[]): string[] {
  const types: string[] = [];
  if (grantTypes.includes("authorization_code")) types.push("code");
  if (grantTypes.includes("implicit")) types.push("token");
  return types;
}

function bearer(token: Secret | undefined): Record<string, string> {
  return token ? { authorization: `Bearer ${token.reveal()}` } : {};
}

/**
 * Registers a client (RFC 7591 §3).
 *
 * @param authorisation the bearer token that allows it, where the server wants one
 */
export async function registerClient(
  dependencies: ProtocolDependencies,
  request: { registrationEndpoint: string; authorisation?: Secret | undefined; metadata: ClientMetadata },
): Promise<ClientInformation> {
  const doing = "Registering the client";
  const { registrationEndpoint, authorisation, metadata } = request;
  const answer = await exchange(dependencies.fetch, registrationEndpoint, {
    method: "POST",
    headers: { "content-type": "application/json", ...bearer(authorisation) },
    body: JSON.stringify(metadata),
    ...budgets.administration,
  });
  if (answer.status !== 201 && answer.status !== 200) {
    const secrets = authorisation ? [authorisation] : [];
    throw failureOf(answer, { now: dependencies.clock.now(), doing, secrets });
  }
  return toInformation(answer, doing);
}

/** A client's own management endpoint, and the token that opens it (RFC 7592 §1.3). */
export type ClientManagement = { registrationClientUri: string; registrationAccessToken: Secret };

/**
 * Whether a management address may be called at all: only at the origin where clients are registered.
 * Otherwise a server could have our tokens sent anywhere.
 */
export function isOwnManagementUri(uri: string, registrationEndpoint: string): boolean {
  const own = URL.parse(registrationEndpoint);
  const other = URL.parse(uri);
  return !!own && !!other && own.origin === other.origin && !other.username && !other.password;
}

async function manage(
  dependencies: ProtocolDependencies,
  management: ClientManagement,
  request: { method: "GET" | "PUT" | "DELETE"; body?: string },
): Promise<Answer> {
  const headers = {
    ...bearer(management.registrationAccessToken),
    ...(request.body !== undefined && { "content-type": "application/json" }),
  };
  return exchange(dependencies.fetch, management.registrationClientUri, {
    ...request,
    headers,
    ...budgets.administration,
  });
}

/**
 * Reads a client (RFC 7592 §2.1). The answer may bring a new token or secret: the old ones are dead then.
 *
 * @throws {ConnectorError} `credentials_refused` also for a client that is gone: the standard gives 401 for both
 */
export async function readClient(
  dependencies: ProtocolDependencies,
  management: ClientManagement,
): Promise<ClientInformation> {
  const doing = "Reading the client";
  const answer = await manage(dependencies, management, { method: "GET" });
  if (answer.status === 200) return toInformation(answer, doing);
  throw failureOf(answer, { now: dependencies.clock.now(), doing, secrets: [management.registrationAccessToken] });
}

/**
 * Replaces a client's metadata (RFC 7592 §2.2): members that are left out are deleted at the server.
 *
 * @param client its id, and its secret where it has one: sending it keeps it
 */
export async function updateClient(
  dependencies: ProtocolDependencies,
  management: ClientManagement,
  client: { clientId: string; clientSecret?: Secret | undefined; metadata: ClientMetadata },
): Promise<ClientInformation> {
  const doing = "Updating the client";
  const kept = Object.entries(client.metadata).filter(([member]) => !issuedByServer.includes(member));
  const body = JSON.stringify({
    ...Object.fromEntries(kept),
    client_id: client.clientId,
    ...(client.clientSecret && { client_secret: client.clientSecret.reveal() }),
  });
  const answer = await manage(dependencies, management, { method: "PUT", body });
  if (answer.status !== 200) {
    const secrets = [management.registrationAccessToken, ...(client.clientSecret ? [client.clientSecret] : [])];
    throw failureOf(answer, { now: dependencies.clock.now(), doing, secrets });
  }
  const information = toInformation(answer, doing);
  if (information.clientId === client.clientId) return information;
  throw new ConnectorError("bad_response", `${doing} failed: the answer describes another client.`, { status: 200 });
}

/**
 * Deletes a client (RFC 7592 §2.3). One that the server says is gone is a success.
 *
 * @throws {ConnectorError} `credentials_refused` where the server gives 401, which leaves open whether the
 *   client is gone or the token is dead
 */
export async function deleteClient(dependencies: ProtocolDependencies, management: ClientManagement): Promise<void> {
  const answer = await manage(dependencies, management, { method: "DELETE" });
  if ([200, 204, 404, 410].includes(answer.status)) return;
  const secrets = [management.registrationAccessToken];
  throw failureOf(answer, { now: dependencies.clock.now(), doing: "Deleting the client", secrets });
}
