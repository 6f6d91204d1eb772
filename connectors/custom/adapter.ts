import type { ConnectorDependencies, KeyManagerAdapter, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { credentialsOf } from "#lib/connector-kit/sign-in.ts";
import { openStandardAdapter } from "#lib/connector-kit/standard-adapter.ts";
import type { ClientCredentials } from "#lib/protocol/client-authentication.ts";
import type { Connection } from "./config.ts";

/** Opens a server whose clients somebody else manages: what the standards offer to a client and to whoever may ask. */
export function openCustomAdapter(
  { connection, endpoints }: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): KeyManagerAdapter {
  const { introspectionAuthentication: authentication } = connection;
  const { proveClient, issueToken, exchangeToken, revokeToken, introspectToken } = openStandardAdapter(
    {
      endpoints,
      authoriseRegistration: () => Promise.resolve(undefined),
      introspectionClient: introspectionClientOf(connection),
      introspectionUrl: authentication.method === "mutual_tls" ? authentication.certificateUrl : undefined,
      toMetadata: () => ({}),
      toSettings: () => ({}),
    },
    dependencies,
  );
  return { proveClient, issueToken, exchangeToken, revokeToken, introspectToken };
}

/** The client that asks about tokens; undefined where none is named, or one whose secret is missing. */
function introspectionClientOf({
  introspectionClientId: clientId,
  introspectionSecret: clientSecret,
  introspectionAuthentication: authentication,
}: Connection): ClientCredentials | undefined {
  if (!clientId) return undefined;
  if (authentication.method === "private_key_jwt" || authentication.method === "mutual_tls") {
    return credentialsOf({ clientId, ...authentication });
  }
  return clientSecret && credentialsOf({ clientId, clientSecret, ...authentication });
}
