/** Signing somebody in at an OpenID provider: OpenID Connect Core 1.0 §3.1, with PKCE (RFC 7636) and RFC 9207. */
import { timingSafeEqual } from "node:crypto";
import { createLocalJWKSet, jwtVerify } from "jose";
import { z } from "zod";
import { ConnectorError } from "#lib/foundation/connector-error.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { authenticatedForm, type ClientCredentials } from "./client-authentication.ts";
import { budgets, exchange, failureOf, unreadable } from "./exchange.ts";
import type { ProtocolDependencies } from "./token.ts";

/** What of an OpenID provider's metadata a sign-in needs. Stored with the identity provider. */
export const OpenIdEndpoints = z.object({
  authorization: z.url(),
  token: z.url(),
  keySet: z.url(),
  userinfo: z.url().optional(),
  clientAuthentication: z.enum(["client_secret_basic", "client_secret_post"]),
  algorithms: z.array(z.string()).min(1),
  /** True where the provider promises to name itself in its answers (RFC 9207 §3). */
  namesItself: z.boolean(),
});
export type OpenIdEndpoints = z.output<typeof OpenIdEndpoints>;

/** Signatures by a key pair only: a shared secret would let whoever knows it sign anybody in. */
export const signatureAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;

const answer = z.object({ id_token: z.string().min(1).max(65_536), access_token: z.string().max(65_536).optional() });
const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())).max(100) });
const person = z.object({
  sub: z.string().min(1).max(255),
  name: z.string().max(500).optional().catch(undefined),
  preferred_username: z.string().max(500).optional().catch(undefined),
  email: z.string().max(500).optional().catch(undefined),
  email_verified: z.boolean().optional().catch(undefined),
});
/** What an OpenID provider says of somebody. Only `sub`, together with the issuer, says who it is. */
export type OpenIdClaims = z.output<typeof person>;

export type Redemption = {
  issuer: string;
  clientId: string;
  clientSecret: Secret;
  endpoints: OpenIdEndpoints;
  redirectUri: string;
  /** What came back to the redirect URI. */
  returned: { code?: string | undefined; state?: string | undefined; iss?: string | undefined };
  /** What this browser was sent away with. */
  expected: { state: string; nonce: string; codeVerifier: string };
};

/**
 * Checks what came back, redeems the code and verifies the ID token. Nothing is sent to the provider unless
 * state and issuer fit.
 *
 * @throws {ConnectorError} `rejected` where the answer is not the one to our question; otherwise as the calls fail
 */
export async function redeemCode(dependencies: ProtocolDependencies, redemption: Redemption): Promise<OpenIdClaims> {
  const { issuer, returned, expected, endpoints } = redemption;
  if (!isSame(returned.state, expected.state)) throw refusal("The answer belongs to no sign-in of this browser.");
  // RFC 9207 §2.4: a code from another server must not be sent to this one.
  if (returned.iss === undefined ? endpoints.namesItself : returned.iss !== issuer) {
    throw refusal("The answer came from another issuer than the one that was asked.");
  }
  if (!returned.code) throw refusal("The answer holds no code.");
  const tokens = await askForTokens(dependencies, redemption, returned.code);
  const claims = await verifyIdToken(dependencies, redemption, tokens.id_token);
  return completeClaims(dependencies, { redemption, claims, accessToken: tokens.access_token });
}

async function askForTokens(dependencies: ProtocolDependencies, redemption: Redemption, code: string) {
  const { endpoints, clientId, clientSecret, redirectUri, expected } = redemption;
  const form = {
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri,
    code_verifier: expected.codeVerifier,
  };
  const credentials: ClientCredentials = { method: endpoints.clientAuthentication, clientId, clientSecret };
  const place = { audience: endpoints.token, clock: dependencies.clock };
  const prepared = await authenticatedForm(form, credentials, place);
  const response = await exchange(dependencies.fetch, endpoints.token, {
    method: "POST",
    ...prepared,
    ...budgets.token,
  });
  const doing = "Redeeming the code";
  if (response.status !== 200) {
    throw failureOf(response, { now: dependencies.clock.now(), doing, secrets: [clientSecret] });
  }
  const parsed = answer.safeParse(response.json);
  if (!parsed.success) throw unreadable(response, doing, "holds no ID token");
  return parsed.data;
}

/** OpenID Connect Core 1.0 §3.1.3.7. */
async function verifyIdToken(
  dependencies: ProtocolDependencies,
  { issuer, clientId, endpoints, expected }: Redemption,
  idToken: string,
): Promise<OpenIdClaims> {
  const response = await exchange(dependencies.fetch, endpoints.keySet, { ...budgets.discovery });
  const keys = keySet.safeParse(response.json);
  if (response.status !== 200 || !keys.success) throw unreadable(response, "Reading the key set", "holds no keys");
  const { payload } = await jwtVerify(idToken, createLocalJWKSet(keys.data), {
    issuer,
    audience: clientId,
    algorithms: endpoints.algorithms.filter((name) => (signatureAlgorithms as readonly string[]).includes(name)),
    requiredClaims: ["sub", "exp", "iat"],
    clockTolerance: 60,
    currentDate: dependencies.clock.now(),
  }).catch((cause: unknown) => {
    throw refusal("The ID token could not be verified.", cause);
  });
  if (!isSame(payload["nonce"], expected.nonce)) throw refusal("The ID token belongs to another sign-in.");
  const authorizedParty = payload["azp"];
  if (authorizedParty !== undefined && authorizedParty !== clientId)
    throw refusal("The ID token is for another client.");
  if (Array.isArray(payload.aud) && payload.aud.length > 1 && authorizedParty === undefined) {
    throw refusal("The ID token is for several clients and names none.");
  }
  return person.parse(payload);
}

type Completing = { redemption: Redemption; claims: OpenIdClaims; accessToken: string | undefined };

/** Name and address from the userinfo endpoint where the ID token lacks them (§5.3); `sub` must be the same. */
async function completeClaims(
  { fetch }: ProtocolDependencies,
  { redemption, claims, accessToken }: Completing,
): Promise<OpenIdClaims> {
  const { userinfo } = redemption.endpoints;
  if (!userinfo || !accessToken || (claims.name && claims.email)) return claims;
  const headers = { authorization: `Bearer ${accessToken}` };
  const response = await exchange(fetch, userinfo, { headers, ...budgets.token });
  const told = person.safeParse(response.json);
  // Signed answers and failures leave what the ID token said.
  if (response.status !== 200 || !told.success) return claims;
  if (told.data.sub !== claims.sub) throw refusal("The provider's answers are about different people.");
  return { ...told.data, ...claims };
}

function isSame(given: unknown, expected: string): boolean {
  if (typeof given !== "string" || expected === "") return false;
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function refusal(message: string, cause?: unknown): ConnectorError {
  return new ConnectorError("rejected", message, cause === undefined ? {} : { cause });
}
