import { z } from "zod";
import type {
  ConnectorDependencies,
  ManagingAdapter,
  KeyManagerSettings,
  RegisteredClient,
} from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { probe } from "#lib/connector-kit/probe.ts";
import { openStandardAdapter, toRegisteredClient } from "#lib/connector-kit/standard-adapter.ts";
import { randomToken } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { budgets, exchange, failureOf, unreadable } from "#lib/protocol/exchange.ts";
import { toInformation, type ClientInformation, type ClientMetadata } from "#lib/protocol/registration.ts";
import type { ClientSettings, Connection } from "./config.ts";
import { openScopes } from "./scopes.ts";
import { openSecrets } from "./secrets.ts";

function toMetadata(settings: ClientSettings): ClientMetadata {
  return {
    token_endpoint_auth_method: settings.authentication,
    application_type: settings.applicationType,
    application_token_ttl: settings.applicationTokenLifetime,
    access_token_ttl: settings.userTokenLifetime,
    refresh_token_ttl: settings.refreshTokenLifetime,
    id_token_ttl: settings.idTokenLifetime,
  };
}

const seconds = z.number().optional().catch(undefined);

function toSettings({ tokenEndpointAuthMethod, metadata }: ClientInformation): Record<string, unknown> {
  const lifetimes = {
    // A client that says one thing about access tokens says it of both kinds.
    applicationTokenLifetime: seconds.parse(metadata["application_token_ttl"] ?? metadata["access_token_ttl"]),
    userTokenLifetime: seconds.parse(metadata["access_token_ttl"]),
    refreshTokenLifetime: seconds.parse(metadata["refresh_token_ttl"]),
    idTokenLifetime: seconds.parse(metadata["id_token_ttl"]),
  };
  return {
    authentication: tokenEndpointAuthMethod,
    applicationType: metadata["application_type"] === "native" ? "native" : "web",
    ...Object.fromEntries(Object.entries(lifetimes).filter(([, value]) => value !== undefined)),
  };
}

const found = z.object({ clients: z.array(z.unknown()).max(100) });

/** Opens Latchkey's own authorization server. It speaks the standards, and a few routes beside them. */
export function openBuiltInAdapter(
  { connection, endpoints }: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): ManagingAdapter {
  const { fetch, clock } = dependencies;
  const { registrationToken, introspectionClientId, introspectionSecret } = connection;
  const standard = openStandardAdapter<ClientSettings>(
    {
      endpoints,
      authoriseRegistration: () => Promise.resolve(registrationToken),
      introspectionClient: {
        method: "client_secret_basic",
        clientId: introspectionClientId,
        clientSecret: introspectionSecret,
      },
      toMetadata,
      toSettings,
      toIdentity: (consumerKey) => ({ preset_client_id: consumerKey }),
      ownsClients: true,
    },
    dependencies,
  );

  function registrationEndpoint(): string {
    if (endpoints.registration) return endpoints.registration;
    throw new ConnectorError("misconfigured", "This key manager has no registration endpoint.");
  }

  const secrets = openSecrets(dependencies, { registrationEndpoint, toSettings });

  async function findClients(marker: string): Promise<RegisteredClient[]> {
    const doing = "Looking for the client";
    const url = new URL(registrationEndpoint());
    url.searchParams.set("software_id", marker);
    const headers = { authorization: `Bearer ${registrationToken.reveal()}` };
    const answer = await exchange(fetch, url.href, { headers, ...budgets.administration });
    if (answer.status !== 200) throw failureOf(answer, { now: clock.now(), doing, secrets: [registrationToken] });
    const parsed = found.safeParse(answer.json);
    if (!parsed.success) throw unreadable(answer, doing, "is no list of clients");
    const context = { registrationEndpoint: registrationEndpoint(), toSettings };
    return parsed.data.clients.map((json) => toRegisteredClient(toInformation({ ...answer, json }, doing), context));
  }

  return {
    ...standard,

    scopes: openScopes(dependencies, registrationToken, registrationEndpoint),

    findClients,

    rotateSecret: secrets.rotate,

    secrets: { list: secrets.list, add: secrets.add, remove: secrets.remove },

    async checkAccess() {
      const fix = "Restart the portal; its own server and the portal must use the same vault key.";
      return [
        await probe("sign_in", "The portal may register clients.", {
          fix,
          // A marker that nobody has: the question is allowed or not, and changes nothing.
          attempt: () => findClients(randomToken()),
        }),
        await probe("permissions", "The portal may ask about tokens.", {
          fix,
          attempt: () => standard.introspectToken(new Secret(randomToken())),
        }),
      ];
    },
  };
}
