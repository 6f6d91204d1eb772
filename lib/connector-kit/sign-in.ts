/** How the portal signs in to an authorization server: the forms, and what becomes of them. */
import { X509Certificate } from "node:crypto";
import type { Secret } from "#lib/foundation/secret.ts";
import type { ClientCredentials } from "#lib/protocol/client-authentication.ts";
import { clientCredentialsToken, type IssuedToken, type ProtocolDependencies } from "#lib/protocol/token.ts";
import type { AdministrationSession } from "./administration.ts";
import { field } from "./fields.ts";

const clientId = () => field.text({ label: "Client id", maximumLength: 255 });
const clientSecret = () => field.secret({ label: "Client secret" });

/** Branches of a `field.method` for the ways of RFC 6749, RFC 7523 and RFC 8705. A connector takes those that its server offers. */
export const signInBranches = {
  client_secret: {
    label: "Client id and secret",
    fields: { clientId: clientId(), clientSecret: clientSecret() },
  },
  client_secret_jwt: {
    label: "Signed with the secret",
    help: "The secret is the key of a short-lived assertion, and never sent (OpenID Connect Core §9).",
    fields: { clientId: clientId(), clientSecret: clientSecret() },
  },
  private_key_jwt: {
    label: "Signed with a private key",
    help: "The portal signs a short-lived assertion (RFC 7523); the server holds the public key.",
    fields: {
      clientId: clientId(),
      privateKey: field.secret({
        label: "Private key",
        help: "PKCS #8 in PEM form (-----BEGIN PRIVATE KEY-----), or a JWK.",
        multiline: true,
      }),
      keyId: field.text({ label: "Key id", help: "The kid under which the server knows the key.", optional: true }),
      algorithm: field.choice({
        label: "Algorithm",
        options: ["RS256", "PS256", "ES256", "ES384", "EdDSA"],
        fallback: "RS256",
      }),
    },
  },
  mutual_tls: {
    label: "Client certificate",
    help: "The TLS connection itself is the proof (RFC 8705).",
    fields: {
      clientId: clientId(),
      certificate: field.certificate({ label: "Certificate" }),
      privateKey: field.secret({ label: "Private key", help: "PKCS #8 in PEM form.", multiline: true }),
    },
  },
  basic: {
    label: "User name and password",
    fields: {
      username: field.text({ label: "User name", maximumLength: 255 }),
      password: field.secret({ label: "Password" }),
    },
  },
  api_token: {
    label: "API token",
    fields: { apiToken: field.secret({ label: "API token" }) },
  },
} as const;

/**
 * A field for the endpoint that a server may have a second time, for connections with a certificate (RFC 8705 §5).
 *
 * @param endpoint which one, as it is named there: “token”
 */
export const certificateUrl = (endpoint: "token" | "introspection") =>
  field.url({
    label: "Address for certificates",
    help: `The ${endpoint} endpoint under mtls_endpoint_aliases in the discovery document. Blank takes the usual one.`,
    optional: true,
  });

/**
 * The fields of a branch for a form that names the client beside it.
 *
 * @param branch one of `signInBranches`
 * @returns its fields without the client id
 */
export function besideClientId<Fields extends { clientId: unknown }>({
  fields: { clientId: _, ...rest },
}: {
  fields: Fields;
}): Omit<Fields, "clientId"> {
  return rest;
}

/** What those branches parse to, as far as OAuth knows it; servers may want the secret in one place or the other. */
export type OAuthSignIn =
  | {
      method: "client_secret" | "client_secret_basic" | "client_secret_post" | "client_secret_jwt";
      clientId: string;
      clientSecret: Secret;
    }
  | {
      method: "private_key_jwt";
      clientId: string;
      privateKey: Secret;
      keyId?: string | undefined;
      algorithm: string;
    }
  | { method: "mutual_tls"; clientId: string; certificate: string; privateKey: Secret };

/**
 * The same as credentials for the token endpoint.
 *
 * @param signIn a parsed branch; `client_secret` sends the secret in the body (RFC 6749 §2.3.1)
 */
export function credentialsOf(
  signIn: OAuthSignIn,
): Exclude<ClientCredentials, { method: "none" | "client_assertion" }> {
  switch (signIn.method) {
    case "client_secret":
      return { method: "client_secret_post", clientId: signIn.clientId, clientSecret: signIn.clientSecret };
    case "client_secret_basic":
    case "client_secret_post":
    case "client_secret_jwt": {
      const { method, clientId, clientSecret } = signIn;
      return { method, clientId, clientSecret };
    }
    case "private_key_jwt":
      return signIn;
    case "mutual_tls": {
      const { certificate, privateKey } = signIn;
      return { method: "tls_client_auth", clientId: signIn.clientId, identity: { certificate, privateKey } };
    }
  }
}

/** Every secret of a sign-in. */
export function secretsOfSignIn(signIn: object): Secret[] {
  const { clientSecret, privateKey, password, apiToken } = signIn as Record<string, Secret | undefined>;
  return [clientSecret, privateKey, password, apiToken].filter((secret) => secret !== undefined);
}

/** RFC 7617: user name and password as a header. */
export function basicAuthorization({ username, password }: { username: string; password: Secret }): string {
  return `Basic ${Buffer.from(`${username}:${password.reveal()}`, "utf8").toString("base64")}`;
}

/**
 * Digests of a certificate as a JWS header names it (RFC 7515 §4.1.7, §4.1.8).
 *
 * @param certificate in PEM form; `field.certificate` has checked it
 */
export function thumbprintsOf(certificate: string): { x5t: string; "x5t#S256": string } {
  const { fingerprint, fingerprint256 } = new X509Certificate(certificate);
  const encoded = (hex: string) => Buffer.from(hex.replaceAll(":", ""), "hex").toString("base64url");
  return { x5t: encoded(fingerprint), "x5t#S256": encoded(fingerprint256) };
}

/**
 * Signs in with the client credentials grant (RFC 6749 §4.4).
 *
 * @returns a session that carries the token as a bearer token (RFC 6750 §2.1)
 */
export async function bearerSession(
  dependencies: ProtocolDependencies,
  request: {
    tokenEndpoint: string;
    credentials: ClientCredentials;
    scopes?: readonly string[];
    parameters?: Record<string, string>;
    assertionAudience?: string;
  },
): Promise<AdministrationSession> {
  return tokenSession(await clientCredentialsToken(dependencies, { scopes: [], ...request }), dependencies);
}

/**
 * A session that carries an access token as a bearer token (RFC 6750 §2.1).
 *
 * @param clock tells when the token was issued: now
 */
export function tokenSession(
  { accessToken, expiresInSeconds, scopes }: IssuedToken,
  { clock }: Pick<ProtocolDependencies, "clock">,
): AdministrationSession {
  return {
    scopes,
    headers: { authorization: `Bearer ${accessToken.reveal()}` },
    ...(expiresInSeconds !== undefined && { expiresAt: clock.now().getTime() + expiresInSeconds * 1000 }),
  };
}
