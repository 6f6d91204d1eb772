import type { ConnectorDependencies, KeyManagerAdapter, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { openStandardAdapter } from "#lib/connector-kit/standard-adapter.ts";
import type { Connection } from "./config.ts";

/** Opens a server whose clients somebody else manages: what the standards offer to a client and to whoever may ask. */
export function openCustomAdapter(
  { connection, endpoints }: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): KeyManagerAdapter {
  const { introspectionClientId: clientId, introspectionSecret: clientSecret } = connection;
  const { proveClient, issueToken, exchangeToken, revokeToken, introspectToken } = openStandardAdapter(
    {
      endpoints,
      authoriseRegistration: () => Promise.resolve(undefined),
      introspectionClient:
        clientId && clientSecret ? { method: "client_secret_basic", clientId, clientSecret } : undefined,
      toMetadata: () => ({}),
      toSettings: () => ({}),
    },
    dependencies,
  );
  return { proveClient, issueToken, exchangeToken, revokeToken, introspectToken };
}
