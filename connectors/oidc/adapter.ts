import type { ConnectorDependencies, ManagingAdapter, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { probe, type Probe } from "#lib/connector-kit/probe.ts";
import { credentialsOf } from "#lib/connector-kit/sign-in.ts";
import { openStandardAdapter } from "#lib/connector-kit/standard-adapter.ts";
import { randomToken } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { ClientCredentials } from "#lib/protocol/client-authentication.ts";
import { introspect } from "#lib/protocol/introspection.ts";
import type { ClientInformation, ClientMetadata } from "#lib/protocol/registration.ts";
import { clientCredentialsToken, scopesOf } from "#lib/protocol/token.ts";
import type { ClientSettings, Connection } from "./config.ts";

type OwnClient = Pick<
  Extract<Connection["registration"], { method: "client_credentials" }>,
  "clientId" | "authentication"
>;

/** A client of the portal's own, and the address that the server has for its certificate (RFC 8705 §5). */
function ownClient({ clientId, authentication }: OwnClient): { credentials: ClientCredentials; url?: string } {
  const credentials = credentialsOf({ clientId, ...authentication });
  const url = authentication.method === "mutual_tls" ? authentication.certificateUrl : undefined;
  return { credentials, ...(url !== undefined && { url }) };
}

function toMetadata({ authentication, applicationType, scopes }: ClientSettings): ClientMetadata {
  return {
    token_endpoint_auth_method: authentication.method,
    application_type: applicationType,
    scope: scopes.length > 0 ? scopes.join(" ") : undefined,
    jwks_uri: authentication.method === "private_key_jwt" ? authentication.jwksUri : undefined,
  };
}

function toSettings({ tokenEndpointAuthMethod, metadata }: ClientInformation): Record<string, unknown> {
  const { jwks_uri: jwksUri, application_type: applicationType, scope } = metadata;
  return {
    authentication: { method: tokenEndpointAuthMethod, ...(typeof jwksUri === "string" && { jwksUri }) },
    applicationType: applicationType === "native" ? "native" : "web",
    scopes: scopesOf(typeof scope === "string" ? scope : undefined),
  };
}

/** Opens any server that follows the standards. */
export function openOidcAdapter(
  { connection, endpoints }: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): ManagingAdapter {
  const { registration, introspection } = connection;
  const asking = introspection.method === "client" ? ownClient(introspection) : undefined;

  async function authoriseRegistration(): Promise<Secret | undefined> {
    if (registration.method === "none") return undefined;
    if (registration.method === "initial_access_token") return registration.token;
    const { credentials, url: tokenEndpoint = endpoints.token } = ownClient(registration);
    if (!tokenEndpoint) throw new ConnectorError("misconfigured", "This key manager has no token endpoint.");
    const issued = await clientCredentialsToken(dependencies, {
      tokenEndpoint,
      credentials,
      scopes: registration.scopes,
    });
    return issued.accessToken;
  }

  async function checkSignIn(): Promise<Probe> {
    if (registration.method === "none") {
      return { step: "sign_in", status: "skipped", summary: "The server lets anybody register clients." };
    }
    if (registration.method === "initial_access_token") {
      const summary = "An initial access token can only be tried by registering a client.";
      return { step: "sign_in", status: "skipped", summary };
    }
    return probe("sign_in", "The portal's client signs in at the token endpoint.", {
      fix: signInFix(registration.authentication.method),
      attempt: authoriseRegistration,
    });
  }

  async function checkIntrospection(): Promise<Probe> {
    const introspectionEndpoint = asking?.url ?? endpoints.introspection;
    if (!asking || !introspectionEndpoint) {
      return { step: "permissions", status: "skipped", summary: "The server is not asked about tokens." };
    }
    return probe("permissions", "The portal's client may ask about tokens.", {
      fix: "Let this client use the introspection endpoint, or check how it authenticates.",
      attempt: () =>
        introspect(dependencies, {
          introspectionEndpoint,
          credentials: asking.credentials,
          token: new Secret(randomToken()),
        }),
    });
  }

  return {
    ...openStandardAdapter<ClientSettings>(
      {
        endpoints,
        authoriseRegistration,
        introspectionClient: asking?.credentials,
        introspectionUrl: asking?.url,
        toMetadata,
        toSettings,
      },
      dependencies,
    ),
    checkAccess: async () => [await checkSignIn(), await checkIntrospection()],
  };
}

/** What to look at where the server refuses the portal's own client. */
function signInFix(method: OwnClient["authentication"]["method"]): string {
  switch (method) {
    case "private_key_jwt":
      return "Check client id, key, key id and algorithm of the portal's own client, its scopes, and that the server has the public key.";
    case "mutual_tls":
      return "Check client id, certificate and scopes of the portal's own client, and that the server asks for certificates at this address.";
    default:
      return "Check client id, secret and scopes of the portal's own client.";
  }
}
