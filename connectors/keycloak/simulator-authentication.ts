/** How clients of a simulated realm prove themselves: statuses and words are Keycloak's. */
import { X509Certificate } from "node:crypto";
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from "jose";
import { clientCertificateHeader, clientOf, oauthError } from "#lib/connector-kit/simulator.ts";

/** What a client of the realm is known by. */
type AuthenticatingClient = {
  clientId: string;
  enabled: boolean;
  publicClient: boolean;
  clientAuthenticatorType: string;
  secret?: string;
  attributes: Record<string, string>;
};

/** Attribute that keeps a replaced secret alive. */
export const rotatedSecret = "client.secret.rotated";

const refused = (words: string) => oauthError(401, "invalid_client", words);
const badCredentials = "Invalid client or Invalid client credentials";

/**
 * Opens the authentication of one realm.
 *
 * @param realm.find a client by its client id
 * @returns a function that gives the client of a request, or Keycloak's refusal
 */
export function openAuthentication<C extends AuthenticatingClient>(realm: {
  issuer: string;
  now(): number;
  find(clientId: string): C | undefined;
}): (request: Request, form: URLSearchParams) => Promise<C | Response> {
  const used = new Set<string>();

  function bySecret(request: Request, form: URLSearchParams, client: C): boolean {
    const given = clientOf(request, form);
    if (!given || given.method === "none") return false;
    return [client.secret, client.attributes[rotatedSecret]].includes(given.clientSecret);
  }

  /** RFC 7523 §3; the key set lies at the client, as its Keys tab stores it. Each assertion is good once. */
  async function byAssertion(form: URLSearchParams, client: C): Promise<boolean> {
    const assertion = form.get("client_assertion") ?? "";
    const keys =
      client.clientAuthenticatorType === "client-secret-jwt"
        ? () => Buffer.from(client.secret ?? "")
        : createLocalJWKSet(JSON.parse(client.attributes["jwks.string"] ?? '{"keys":[]}') as JSONWebKeySet);
    try {
      const { payload } = await jwtVerify(assertion, keys, {
        issuer: client.clientId,
        subject: client.clientId,
        audience: realm.issuer,
        currentDate: new Date(realm.now() * 1000),
        requiredClaims: ["exp", "jti"],
      });
      const isNew = !used.has(payload.jti ?? "");
      used.add(payload.jti ?? "");
      return isNew;
    } catch {
      return false;
    }
  }

  /** RFC 8705 §2.1: the authority was checked by the TLS connection. */
  function byCertificate(request: Request, client: C): boolean {
    const pem = decodeURIComponent(request.headers.get(clientCertificateHeader) ?? "");
    if (!pem) return false;
    const subject = new X509Certificate(pem).subject.split("\n").reverse().join(",");
    return subject === client.attributes["x509.subjectdn"];
  }

  async function isRight(request: Request, form: URLSearchParams, client: C): Promise<boolean> {
    switch (client.clientAuthenticatorType) {
      case "client-jwt":
      case "client-secret-jwt":
        return byAssertion(form, client);
      case "client-x509":
        return byCertificate(request, client);
      default:
        return bySecret(request, form, client);
    }
  }

  return async (request, form) => {
    const client = realm.find(clientOf(request, form)?.clientId ?? subjectOf(form.get("client_assertion")));
    if (!client?.enabled) return refused(badCredentials);
    if (client.publicClient) return client;
    if (await isRight(request, form, client)) return client;
    // A wrong secret is “unauthorized_client” here, with 401: not what RFC 6749 §5.2 says.
    return oauthError(401, "unauthorized_client", badCredentials);
  };
}

function subjectOf(assertion: string | null): string {
  try {
    return decodeJwt(assertion ?? "").sub ?? "";
  } catch {
    return "";
  }
}
