/** The admin API of one realm, signed in as the portal's client. */
import type { z } from "zod";
import type { ConnectorDependencies, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { ConnectorError, isConnectorError } from "#lib/connector-kit/errors.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import type { SecretCredentials } from "#lib/protocol/client-authentication.ts";
import { budgets, exchange, failureOf, unreadable, type Answer } from "#lib/protocol/exchange.ts";
import { clientCredentialsToken } from "#lib/protocol/token.ts";
import type { Connection } from "./config.ts";

export type RealmRequest = {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/admin/realms/{realm}`. */
  path: string;
  body?: unknown;
  /** The subject of an error's sentence: “Reading the client”. */
  doing: string;
};

export type Realm = {
  name: string;
  /** Protocol endpoints: from the settings, or where Keycloak always has them. */
  endpoints: { token: string; introspection: string; revocation: string };
  portalClient: SecretCredentials;
  signIn(): Promise<Secret>;
  /** Sends a request; any answer but a 401 is the caller's to judge. A dead token is replaced once. */
  send(request: RealmRequest): Promise<Answer>;
  /** Sends a request that must succeed, and reads its answer. */
  read<S extends z.ZodType>(request: RealmRequest, schema: S): Promise<z.output<S>>;
  /** Sends a request that must succeed and has nothing to say. */
  run(request: RealmRequest): Promise<Answer>;
  failure(answer: Answer, doing: string): ConnectorError;
};

const issuerForm = /^(https?:\/\/[^?#]+?)\/realms\/([^/?#]+)$/;

/** Opens the realm that an issuer names: `{base}/realms/{realm}`. */
export function openRealm(
  { issuer, endpoints, connection }: KeyManagerSettings<Connection>,
  { fetch, clock }: ConnectorDependencies,
): Realm {
  const [, base, name] = issuerForm.exec(issuer) ?? [];
  if (!base || !name) {
    throw new ConnectorError("misconfigured", "The issuer of a Keycloak realm reads https://host/realms/name.");
  }
  const admin = `${(connection.adminUrl ?? base).replace(/\/$/, "")}/admin/realms/${name}`;
  const protocol = `${issuer}/protocol/openid-connect`;
  const tokenEndpoint = endpoints.token ?? `${protocol}/token`;
  const portalClient: SecretCredentials = {
    method: "client_secret_post",
    clientId: connection.clientId,
    clientSecret: connection.clientSecret,
  };
  let session: Promise<Secret> | undefined;

  async function signIn(): Promise<Secret> {
    const request = { tokenEndpoint, credentials: portalClient, scopes: [] };
    return (await clientCredentialsToken({ fetch, clock }, request)).accessToken;
  }

  async function attempt({ method, path, body }: RealmRequest): Promise<Answer> {
    session ??= signIn();
    let token: Secret;
    try {
      token = await session;
    } catch (error) {
      session = undefined;
      throw error;
    }
    return exchange(fetch, `${admin}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token.reveal()}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...budgets.administration,
    });
  }

  async function send(request: RealmRequest): Promise<Answer> {
    const answer = await attempt(request);
    if (answer.status !== 401) return answer;
    // Admin tokens live for a minute or so; one new one, never a storm.
    session = undefined;
    return attempt(request);
  }

  function failure(answer: Answer, doing: string): ConnectorError {
    const secrets = [connection.clientSecret];
    const error = failureOf(answer, { now: clock.now(), doing, secrets });
    if (answer.status !== 403) return error;
    return new ConnectorError(
      "credentials_refused",
      `${doing} failed: the portal's client lacks a role. It needs view-clients and manage-clients of realm-management.`,
      { status: 403, ...(error.reason !== undefined && { reason: error.reason }) },
    );
  }

  async function run(request: RealmRequest): Promise<Answer> {
    const answer = await send(request);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw failure(answer, request.doing);
  }

  return {
    name: decodeURIComponent(name),
    endpoints: {
      token: tokenEndpoint,
      introspection: endpoints.introspection ?? `${protocol}/token/introspect`,
      revocation: endpoints.revocation ?? `${protocol}/revoke`,
    },
    portalClient,
    signIn,
    send,
    run,
    failure,
    async read(request, schema) {
      const answer = await run(request);
      const parsed = schema.safeParse(answer.json);
      if (!parsed.success) throw unreadable(answer, request.doing, "is not what Keycloak's admin API sends");
      return parsed.data;
    },
  };
}

/** Runs a call; an answer that proves absence becomes undefined. */
export async function unlessAbsent<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isConnectorError(error) && error.kind === "not_found") return undefined;
    throw error;
  }
}
