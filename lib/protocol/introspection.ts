import { randomUUID } from "node:crypto";
import { z } from "zod";
import { ConnectorError, isConnectorError } from "#lib/foundation/connector-error.ts";
import type { ClientCertificate } from "#lib/foundation/outbound-contract.ts";
import { Secret } from "#lib/foundation/secret.ts";
import {
  authenticatedForm,
  secretsOf,
  type AuthenticatedForm,
  type ClientCredentials,
  type SecretCredentials,
} from "./client-authentication.ts";
import { budgets, exchange, failureOf, unreadable } from "./exchange.ts";
import { scopesOf, type ProtocolDependencies } from "./token.ts";

/** RFC 7662 §2.2, in our words. Times are seconds since the epoch. */
export type Introspection =
  | { active: false }
  | {
      active: true;
      consumerKey?: string;
      scopes: string[];
      subject?: string;
      audiences: string[];
      issuer?: string;
      expiresAt?: number;
      notBefore?: number;
      tokenType?: string;
      claims: Record<string, unknown>;
    };

const text = z.string().max(2048);
const seconds = z.number().min(0).max(253_402_300_799);

/** `active` alone is required; a member that is there must make sense, because verdicts are built on it. */
const introspectionAnswer = z.looseObject({
  active: z.boolean(),
  client_id: text.optional(),
  scope: z.union([z.string().max(10_000), z.array(text)]).optional(),
  sub: text.optional(),
  aud: z.union([text, z.array(text)]).optional(),
  iss: text.optional(),
  exp: seconds.optional(),
  nbf: seconds.optional(),
  token_type: z.string().max(50).optional(),
});

const doing = "Asking about the token";

/** Who asks without being a client: RFC 7662 §2.1 leaves open by what the request is authorised. */
export type SessionCredentials = {
  method: "session";
  headers: Record<string, string>;
  identity?: ClientCertificate;
  secrets: readonly Secret[];
};

async function formFor(
  parameters: Record<string, string>,
  credentials: ClientCredentials | SessionCredentials,
  place: Parameters<typeof authenticatedForm>[2],
): Promise<{ form: AuthenticatedForm; secrets: readonly Secret[] }> {
  if (credentials.method !== "session") {
    const form = await authenticatedForm(parameters, credentials, place);
    return { form, secrets: secretsOf(credentials) };
  }
  const { headers, identity, secrets } = credentials;
  const form = {
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(parameters).toString(),
    ...(identity && { identity }),
  };
  return { form, secrets };
}

/**
 * Asks the authorization server about a token (RFC 7662).
 *
 * @param credentials a client that is allowed to ask, or a session that is
 * @throws {ConnectorError} `credentials_refused` for the asking client, never for the token
 */
export async function introspect(
  dependencies: ProtocolDependencies,
  request: {
    introspectionEndpoint: string;
    credentials: ClientCredentials | SessionCredentials;
    token: Secret;
    /** The `aud` of a signed assertion, where the server wants another than this endpoint (RFC 7523 §3). */
    assertionAudience?: string;
    deadlineMs?: number;
  },
): Promise<Introspection> {
  const { introspectionEndpoint, credentials, token, assertionAudience = introspectionEndpoint } = request;
  const place = { audience: assertionAudience, clock: dependencies.clock };
  const parameters = { token: token.reveal(), token_type_hint: "access_token" };
  const { form, secrets } = await formFor(parameters, credentials, place);
  const answer = await exchange(dependencies.fetch, introspectionEndpoint, {
    method: "POST",
    ...form,
    ...budgets.introspection,
    ...(request.deadlineMs !== undefined && { deadlineMs: request.deadlineMs }),
  });
  const context = { now: dependencies.clock.now(), doing, secrets: [token, ...secrets] };
  if (answer.status !== 200) throw failureOf(answer, context);
  const parsed = introspectionAnswer.safeParse(answer.json);
  if (!parsed.success) throw unreadable(answer, doing, "does not follow RFC 7662");
  return toIntrospection(parsed.data);
}

function toIntrospection(body: z.output<typeof introspectionAnswer>): Introspection {
  // Members of an inactive answer mean nothing (RFC 7662 §2.2) and are dropped.
  if (!body.active) return { active: false };
  return {
    active: true,
    scopes: scopesOf(body.scope),
    audiences: body.aud === undefined ? [] : [body.aud].flat(),
    claims: body,
    ...(body.client_id !== undefined && { consumerKey: body.client_id }),
    ...(body.sub !== undefined && { subject: body.sub }),
    ...(body.iss !== undefined && { issuer: body.iss }),
    ...(body.exp !== undefined && { expiresAt: body.exp }),
    ...(body.nbf !== undefined && { notBefore: body.nbf }),
    ...(body.token_type !== undefined && { tokenType: body.token_type }),
  };
}

/**
 * Proves that these credentials authenticate a client at the introspection endpoint: they are accepted, and
 * the same with a wrong secret are not.
 *
 * @throws {ConnectorError} `credentials_refused` where they are wrong, `unsupported` where the server
 *   accepts anything
 */
export async function proveByIntrospection(
  dependencies: ProtocolDependencies,
  request: { introspectionEndpoint: string; credentials: SecretCredentials },
): Promise<void> {
  const token = new Secret(randomUUID());
  await introspect(dependencies, { ...request, token });
  const wrong = { ...request.credentials, clientSecret: new Secret(randomUUID()) };
  try {
    await introspect(dependencies, { ...request, credentials: wrong, token });
  } catch (error) {
    if (isConnectorError(error) && error.kind === "credentials_refused") return;
    throw error;
  }
  throw new ConnectorError(
    "unsupported",
    "The authorization server answers whatever secret it is given, which proves nothing.",
  );
}
