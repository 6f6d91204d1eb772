import { z } from "zod";
import { ConnectorError, isConnectorError } from "#lib/foundation/connector-error.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { Secret } from "#lib/foundation/secret.ts";
import {
  authenticatedForm,
  secretsOf,
  type ClientCredentials,
  type SecretCredentials,
} from "./client-authentication.ts";
import { budgets, errorCodeOf, exchange, failureOf, unreadable, type Answer } from "./exchange.ts";

export type IssuedToken = {
  accessToken: Secret;
  tokenType: string;
  /** Seconds; undefined where the server did not say. */
  expiresInSeconds?: number;
  scopes: string[];
};

/** What every call of lib/protocol needs. */
export type ProtocolDependencies = { fetch: OutboundFetch; clock: Clock };

/** RFC 6749 §5.1. A lifetime that is no sensible number counts as unknown. */
const tokenAnswer = z.object({
  access_token: z
    .string()
    .min(1)
    .max(32_768)
    .regex(/^[\x21-\x7e]+$/),
  token_type: z.string().min(1).max(50),
  expires_in: z.coerce.number().int().min(0).max(315_360_000).optional().catch(undefined),
  scope: z.union([z.string().max(10_000), z.array(z.string())]).nullish(),
});

/** Splits a scope string (RFC 6749 §3.3); some servers send an array instead. */
export function scopesOf(scope: string | readonly string[] | null | undefined): string[] {
  const parts = typeof scope === "string" ? scope.split(" ") : (scope ?? []);
  return [...new Set(parts.filter(Boolean))];
}

export type TokenRequest = {
  tokenEndpoint: string;
  credentials: ClientCredentials;
  scopes: readonly string[];
  /** Further parameters, such as `audience` or `resource`. */
  parameters?: Record<string, string>;
  /** The `aud` of a signed assertion, where the server wants another than its token endpoint (RFC 7523 §3). */
  assertionAudience?: string;
  /**
   * What an answer without scopes means: all that was asked for (RFC 6749 §5.1), or none of it at servers that
   * leave the member out where they granted nothing.
   */
  scopesWhenSilent?: "as_asked" | "none";
};

async function askForToken(
  dependencies: ProtocolDependencies,
  { grantType = "client_credentials", ...request }: TokenRequest & { grantType?: string },
): Promise<Answer> {
  const { tokenEndpoint, credentials, scopes, parameters, assertionAudience = tokenEndpoint } = request;
  const form = {
    grant_type: grantType,
    ...(scopes.length > 0 && { scope: scopes.join(" ") }),
    ...parameters,
  };
  const place = { audience: assertionAudience, clock: dependencies.clock };
  const prepared = await authenticatedForm(form, credentials, place);
  return exchange(dependencies.fetch, tokenEndpoint, { method: "POST", ...prepared, ...budgets.token });
}

const doing = "Getting a token";

function issuedToken(
  answer: Answer,
  { dependencies, request, secrets }: { dependencies: ProtocolDependencies; request: TokenRequest; secrets: Secret[] },
): IssuedToken {
  if (answer.status !== 200) {
    const failure = failureOf(answer, { now: dependencies.clock.now(), doing, secrets });
    throw failure.kind === "not_found" || answer.status === 405 ? noTokenEndpoint(answer, failure) : failure;
  }
  const parsed = tokenAnswer.safeParse(answer.json);
  if (!parsed.success) throw unreadable(answer, doing, "holds no access token");
  const { access_token, token_type, expires_in, scope } = parsed.data;
  if (token_type.toLowerCase() !== "bearer") {
    // DPoP or mac tokens cannot be used as bearer tokens (RFC 6749 §7.1).
    throw unreadable(answer, doing, "holds a token that is no bearer token");
  }
  return {
    accessToken: new Secret(access_token),
    tokenType: "Bearer",
    ...(expires_in !== undefined && { expiresInSeconds: expires_in }),
    scopes: scope === undefined || scope === null ? scopesWhenSilent(request) : scopesOf(scope),
  };
}

/**
 * Whoever asks, known or not, gets 400 or 401 from a token endpoint (RFC 6749 §5.2), and by POST only (§3.2): an address
 * that is not there, or takes no POST, is none. It must not read as an absent client.
 */
function noTokenEndpoint({ status }: Answer, cause: ConnectorError): ConnectorError {
  const message = `There is no token endpoint at the address in the settings, which answered with HTTP ${String(status)}.`;
  return new ConnectorError("misconfigured", message, { status, cause });
}

function scopesWhenSilent(request: TokenRequest): string[] {
  return request.scopesWhenSilent === "none" ? [] : [...request.scopes];
}

/**
 * The client credentials grant (RFC 6749 §4.4).
 *
 * @throws {ConnectorError} `credentials_refused` when the client could not be authenticated, `rejected`
 *   when it could but the grant or a scope was refused, `misconfigured` where there is no token endpoint
 */
export async function clientCredentialsToken(
  dependencies: ProtocolDependencies,
  request: TokenRequest,
): Promise<IssuedToken> {
  const answer = await askForToken(dependencies, request);
  return issuedToken(answer, { dependencies, request, secrets: secretsOf(request.credentials) });
}

/**
 * A signed assertion about somebody as the grant (RFC 7523 §2.1).
 *
 * @param request.assertion a JWT that the server's trust in its issuer makes good
 * @throws {ConnectorError} `credentials_refused` when the client could not be authenticated, `rejected`
 *   when the assertion or a scope was refused, `misconfigured` where there is no token endpoint
 */
export async function assertedToken(
  dependencies: ProtocolDependencies,
  { assertion, ...request }: TokenRequest & { assertion: Secret },
): Promise<IssuedToken> {
  const answer = await askForToken(dependencies, {
    ...request,
    grantType: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    parameters: { ...request.parameters, assertion: assertion.reveal() },
  });
  return issuedToken(answer, { dependencies, request, secrets: [assertion, ...secretsOf(request.credentials)] });
}

export type TokenExchangeRequest = TokenRequest & {
  subjectToken: Secret;
  /** `urn:ietf:params:oauth:token-type:…` (RFC 8693 §3). */
  subjectTokenType: string;
  audience?: string;
};

/**
 * Exchanges a token (RFC 8693 §2.1) for an access token.
 *
 * @throws {ConnectorError} `credentials_refused` when the client could not be authenticated, `rejected`
 *   when the token, the audience or a scope was refused, `misconfigured` where there is no token endpoint
 */
export async function exchangedToken(
  dependencies: ProtocolDependencies,
  { subjectToken, subjectTokenType, audience, ...request }: TokenExchangeRequest,
): Promise<IssuedToken> {
  const answer = await askForToken(dependencies, {
    ...request,
    grantType: "urn:ietf:params:oauth:grant-type:token-exchange",
    parameters: {
      ...request.parameters,
      subject_token: subjectToken.reveal(),
      subject_token_type: subjectTokenType,
      ...(audience !== undefined && { audience }),
    },
  });
  return issuedToken(answer, { dependencies, request, secrets: [subjectToken, ...secretsOf(request.credentials)] });
}

/** Credentials like these that are wrong, for telling a real check from a server that does not look. */
function spoiled(credentials: ProvableCredentials): ProvableCredentials {
  const noise = crypto.randomUUID().replaceAll("-", "");
  if (credentials.method !== "client_assertion") {
    return { ...credentials, clientSecret: new Secret(`not-the-secret-${noise}`) };
  }
  // The signature is the last part of a compact JWS (RFC 7515 §7.1).
  const unsigned = credentials.assertion.reveal().replace(/[^.]*$/, "");
  return { ...credentials, assertion: new Secret(`${unsigned}${noise}`) };
}

/** Credentials that a developer can hand over to prove that a client is theirs. */
export type ProvableCredentials = SecretCredentials | Extract<ClientCredentials, { method: "client_assertion" }>;

/** Errors that a token endpoint gives a client whose credentials it has accepted (RFC 6749 §5.2, RFC 8707 §2). */
const afterAuthentication = ["unauthorized_client", "unsupported_grant_type", "invalid_scope", "invalid_target"];

/**
 * Proves that these credentials authenticate the client at the token endpoint.
 *
 * A grant that was refused counts only if the same request with wrong credentials is refused differently:
 * RFC 6749 §5.2 does not say in which order a server looks at the client and at the grant.
 *
 * @param request.parameters what this kind of server wants beside the grant, such as `audience`
 * @param request.refusals further error codes by which this kind of server refuses a grant to a client that it knows
 * @returns the token where the server gave one, or null where it only refused the grant
 * @throws {ConnectorError} `credentials_refused` where the credentials are wrong, `unsupported` where the
 *   server's answers prove nothing, `misconfigured` where there is no token endpoint
 */
export async function proveClientCredentials(
  dependencies: ProtocolDependencies,
  request: {
    tokenEndpoint: string;
    credentials: ProvableCredentials;
    scopes?: readonly string[];
    parameters?: Record<string, string>;
    refusals?: readonly string[];
  },
): Promise<IssuedToken | null> {
  const asked = { scopes: [], ...request };
  // Asked once: an assertion is good for one request.
  const answer = await askForToken(dependencies, asked);
  const refused = errorCodeOf(answer);
  // A 401 says that the client was not accepted, whatever its code: some servers say unauthorized_client then.
  // A connector that names a code knows better.
  const isRefusal =
    refused !== undefined &&
    (request.refusals?.includes(refused) || (answer.status !== 401 && afterAuthentication.includes(refused)));
  const prove = () => issuedToken(answer, { dependencies, request: asked, secrets: secretsOf(request.credentials) });
  if (!isRefusal) {
    try {
      return prove();
    } catch (error) {
      if (!isConnectorError(error) || error.kind !== "rejected") throw error;
    }
  }
  const control = await askForToken(dependencies, { ...asked, credentials: spoiled(request.credentials) });
  const controlRefusesClient = control.status === 401 || errorCodeOf(control) === "invalid_client";
  const isDifferent = control.status !== answer.status || errorCodeOf(control) !== refused;
  if (isRefusal && controlRefusesClient && isDifferent) return null;
  // Answered like wrong credentials: these are wrong too.
  if (answer.status === 401) return prove();
  throw new ConnectorError(
    "unsupported",
    "The authorization server refused the test in a way that does not prove whose client this is.",
    { status: control.status },
  );
}
