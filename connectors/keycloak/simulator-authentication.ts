/** How clients of a simulated realm prove themselves: statuses and words are Keycloak's. */
import { createLocalJWKSet, type JSONWebKeySet } from "jose";
import { assertedClientId, isAssertedBy, shownCertificate, subjectOf } from "#lib/connector-kit/simulator-clients.ts";
import { clientOf, oauthError } from "#lib/connector-kit/simulator.ts";

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
    const key =
      client.clientAuthenticatorType === "client-secret-jwt"
        ? Buffer.from(client.secret ?? "")
        : createLocalJWKSet(JSON.parse(client.attributes["jwks.string"] ?? '{"keys":[]}') as JSONWebKeySet);
    const { clientId } = client;
    return isAssertedBy(form, { clientId, key, audience: [realm.issuer], nowSeconds: realm.now(), used });
  }

  /** RFC 8705 §2.1: the authority was checked by the TLS connection. */
  function byCertificate(request: Request, client: C): boolean {
    const certificate = shownCertificate(request);
    return certificate !== undefined && subjectOf(certificate) === client.attributes["x509.subjectdn"];
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
    const client = realm.find(clientOf(request, form)?.clientId ?? assertedClientId(form));
    if (!client?.enabled) return refused(badCredentials);
    if (client.publicClient) return client;
    if (await isRight(request, form, client)) return client;
    // A wrong secret is “unauthorized_client” here, with 401: not what RFC 6749 §5.2 says.
    return oauthError(401, "unauthorized_client", badCredentials);
  };
}
