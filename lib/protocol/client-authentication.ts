import { randomUUID } from "node:crypto";
import { importPKCS8, SignJWT } from "jose";
import { ConnectorError } from "#lib/foundation/connector-error.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import type { Secret } from "#lib/foundation/secret.ts";

/** How a client proves at the token endpoint that it is itself (RFC 6749 §2.3, RFC 7523 §2.2). */
export type ClientCredentials =
  | { method: "client_secret_basic" | "client_secret_post"; clientId: string; clientSecret: Secret }
  | { method: "private_key_jwt"; clientId: string; privateKey: Secret; keyId?: string | undefined; algorithm: string }
  | { method: "none"; clientId: string };

/** The ways that use a shared secret. */
export type SecretCredentials = Extract<ClientCredentials, { clientSecret: Secret }>;

export type AuthenticatedForm = { headers: Record<string, string>; body: string };

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
      parameters.set("client_id", credentials.clientId);
      parameters.set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
      parameters.set("client_assertion", await assertion(credentials, audience, clock));
      break;
    case "none":
      parameters.set("client_id", credentials.clientId);
  }
  return { headers, body: parameters.toString() };
}

/** RFC 7523 §3: issuer and subject are the client, short-lived, used once. */
async function assertion(
  credentials: Extract<ClientCredentials, { method: "private_key_jwt" }>,
  audience: string,
  clock: Clock,
): Promise<string> {
  const { clientId, privateKey, keyId, algorithm } = credentials;
  const now = Math.floor(clock.now().getTime() / 1000);
  try {
    const key = await importPKCS8(privateKey.reveal(), algorithm);
    return await new SignJWT({})
      .setProtectedHeader({ alg: algorithm, typ: "JWT", ...(keyId && { kid: keyId }) })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + 60)
      .sign(key);
  } catch {
    // The cause may quote the key: it is left out on purpose.
    throw new ConnectorError(
      "misconfigured",
      `The private key cannot be used with ${algorithm}; it must be PKCS #8 in PEM form.`,
    );
  }
}

/** The secrets of some credentials, to be removed from quoted words. */
export function secretsOf(credentials: ClientCredentials): Secret[] {
  if (credentials.method === "private_key_jwt") return [credentials.privateKey];
  return credentials.method === "none" ? [] : [credentials.clientSecret];
}
