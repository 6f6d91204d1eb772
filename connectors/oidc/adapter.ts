import type { ConnectorDependencies, ManagingAdapter, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { probe, type Probe } from "#lib/connector-kit/probe.ts";
import { openStandardAdapter } from "#lib/connector-kit/standard-adapter.ts";
import { randomToken } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { ClientCredentials } from "#lib/protocol/client-authentication.ts";
import { introspect } from "#lib/protocol/introspection.ts";
import type { ClientInformation, ClientMetadata } from "#lib/protocol/registration.ts";
import { clientCredentialsToken, scopesOf } from "#lib/protocol/token.ts";
import type { ClientSettings, Connection } from "./config.ts";

type OwnClient = Extract<Connection["registration"], { method: "client_credentials" }>;

function credentialsOf({
  clientId,
  authentication,
}: Pick<OwnClient, "clientId" | "authentication">): ClientCredentials {
  return { clientId, ...authentication };
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
  const introspectionClient = introspection.method === "client" ? credentialsOf(introspection) : undefined;

  async function authoriseRegistration(): Promise<Secret | undefined> {
    if (registration.method === "none") return undefined;
    if (registration.method === "initial_access_token") return registration.token;
    if (!endpoints.token) throw new ConnectorError("misconfigured", "This key manager has no token endpoint.");
    const issued = await clientCredentialsToken(dependencies, {
      tokenEndpoint: endpoints.token,
      credentials: credentialsOf(registration),
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
      fix: "Check client id, secret and scopes of the portal's own client.",
      attempt: authoriseRegistration,
    });
  }

  async function checkIntrospection(): Promise<Probe> {
    const { introspection: introspectionEndpoint } = endpoints;
    if (!introspectionClient || !introspectionEndpoint) {
      return { step: "permissions", status: "skipped", summary: "The server is not asked about tokens." };
    }
    return probe("permissions", "The portal's client may ask about tokens.", {
      fix: "Let this client use the introspection endpoint, or check its id and secret.",
      attempt: () =>
        introspect(dependencies, {
          introspectionEndpoint,
          credentials: introspectionClient,
          token: new Secret(randomToken()),
        }),
    });
  }

  // Whether a server exchanges tokens, and for whom, is nothing that its registration tells.
  const { exchangeToken: _, ...standard } = openStandardAdapter<ClientSettings>(
    { endpoints, authoriseRegistration, introspectionClient, toMetadata, toSettings },
    dependencies,
  );
  return {
    ...standard,
    checkAccess: async () => [await checkSignIn(), await checkIntrospection()],
  };
}
