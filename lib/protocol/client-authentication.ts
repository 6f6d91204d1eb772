import { randomUUID } from "node:crypto";
import { importJWK, importPKCS8, SignJWT, type JWK } from "jose";
import { ConnectorError } from "#lib/foundation/connector-error.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import type { ClientCertificate } from "#lib/foundation/outbound-contract.ts";
import type { Secret } from "#lib/foundation/secret.ts";

/** How a client proves at the token endpoint that it is itself (RFC 6749 §2.3, RFC 7523 §2.2, RFC 8705 §2). */
export type ClientCredentials =
  | { method: "client_secret_basic" | "client_secret_post"; clientId: string; clientSecret: Secret }
  /** The secret is the key of an assertion, and never sent (OpenID Connect Core §9). */
  | { method: "client_secret_jwt"; clientId: string; clientSecret: Secret }
  | {
      method: "private_key_jwt";
      clientId: string;
      /** PKCS #8 in PEM form, or a JWK as JSON (RFC 7517). */
      privateKey: Secret;
      keyId?: string | undefined;
      /** SHA-1 and SHA-256 digests of a certificate, base64url, for servers that find the key by them (RFC 7515 §4.1.7). */
      thumbprints?: { x5t: string; "x5t#S256": string } | undefined;
      algorithm: string;
    }
  /** An assertion that somebody else has signed, good for one request. */
  | { method: "client_assertion"; clientId: string; assertion: Secret }
  /** The certificate of the TLS connection is the proof. */
  | { method: "tls_client_auth"; clientId: string; identity: ClientCertificate }
  | { method: "none"; clientId: string };

/** The ways that use a shared secret. */
export type SecretCredentials = Extract<ClientCredentials, { clientSecret: Secret }>;

/** A form, ready to be sent; `identity` is the certificate to connect with. */
export type AuthenticatedForm = { headers: Record<string, string>; body: string; identity?: ClientCertificate };

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** RFC 6749 appendix B: identifier and secret are form-encoded before they are joined. */
function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

/**
 * Adds a client's credentials to a form.
 *
 * @param audience where the form goes; becomes the `aud` of a signed assertion
 */
export async function authenticatedForm(
  form: Record<string, string>,
  credentials: ClientCredentials,
  { audience, clock }: { audience: string; clock: Clock },
): Promise<AuthenticatedForm> {
  const parameters = new URLSearchParams(form);
  const headers: Record<string, string> = { "content-type": "application/x-www-form-urlencoded" };
  switch (credentials.method) {
    case "client_secret_basic": {
      const pair = `${formEncoded(credentials.clientId)}:${formEncoded(credentials.clientSecret.reveal())}`;
      headers["authorization"] = `Basic ${Buffer.from(pair, "utf8").toString("base64")}`;
      break;
    }
    case "client_secret_post":
      parameters.set("client_id", credentials.clientId);
      parameters.set("client_secret", credentials.clientSecret.reveal());
      break;
    case "private_key_jwt":
    case "client_secret_jwt":
      parameters.set("client_id", credentials.clientId);
      parameters.set("client_assertion_type", jwtBearer);
      parameters.set("client_assertion", await signedAssertion(credentials, audience, clock));
      break;
    case "client_assertion":
      parameters.set("client_id", credentials.clientId);
      parameters.set("client_assertion_type", jwtBearer);
      parameters.set("client_assertion", credentials.assertion.reveal());
      break;
    case "tls_client_auth":
      parameters.set("client_id", credentials.clientId);
      return { headers, body: parameters.toString(), identity: credentials.identity };
    case "none":
      parameters.set("client_id", credentials.clientId);
  }
  return { headers, body: parameters.toString() };
}

type SigningCredentials = Extract<ClientCredentials, { method: "private_key_jwt" | "client_secret_jwt" }>;

/**
 * A client assertion (RFC 7523 §3): issuer and subject are the client, short-lived, used once.
 *
 * @param audience the token endpoint, or what the server wants instead
 * @throws {ConnectorError} `misconfigured` where the key does not fit the algorithm
 */
export async function signedAssertion(
  credentials: SigningCredentials,
  audience: string,
  clock: Clock,
): Promise<string> {
  const { clientId } = credentials;
  const now = Math.floor(clock.now().getTime() / 1000);
  const assertion = new SignJWT({})
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + 60);
  if (credentials.method === "client_secret_jwt") {
    const key = Buffer.from(credentials.clientSecret.reveal(), "utf8");
    return assertion.setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(key);
  }
  const { privateKey, keyId, thumbprints, algorithm } = credentials;
  try {
    const key = await importPrivateKey(privateKey.reveal().trim(), algorithm);
    return await assertion
      .setProtectedHeader({ alg: algorithm, typ: "JWT", ...(keyId && { kid: keyId }), ...thumbprints })
      .sign(key);
  } catch {
    // The cause may quote the key: it is left out on purpose.
    throw new ConnectorError(
      "misconfigured",
      `The private key cannot be used with ${algorithm}; it must be PKCS #8 in PEM form, or a JWK.`,
    );
  }
}

function importPrivateKey(text: string, algorithm: string) {
  return text.startsWith("{") ? importJWK(JSON.parse(text) as JWK, algorithm) : importPKCS8(text, algorithm);
}

/** The secrets of some credentials, to be removed from quoted words. */
export function secretsOf(credentials: ClientCredentials): Secret[] {
  switch (credentials.method) {
    case "private_key_jwt":
      return [credentials.privateKey];
    case "client_assertion":
      return [credentials.assertion];
    case "tls_client_auth":
      return [credentials.identity.privateKey];
    case "none":
      return [];
    default:
      return [credentials.clientSecret];
  }
}
