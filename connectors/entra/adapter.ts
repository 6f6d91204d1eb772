import type {
  ClientRef,
  ClientSpec,
  ConnectorDependencies,
  KeyManagerSettings,
  ManagingAdapter,
} from "#lib/connector-kit/contract.ts";
import { ConnectorError, isConnectorError, restated, withCredentials } from "#lib/connector-kit/errors.ts";
import { tokenRequestOf } from "#lib/connector-kit/token-parameters.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { clientCredentialsToken, proveClientCredentials, type ProvableCredentials } from "#lib/protocol/token.ts";
import { checkAccess } from "./access.ts";
import { tokenEndpointOf } from "./cloud.ts";
import type { ClientSettings, Connection } from "./config.ts";
import { openDirectory } from "./directory.ts";
import { openGraph } from "./graph.ts";
import { rememberWrites } from "./recent.ts";
import { explainingToken, isTokenLag } from "./refusals.ts";
import { openScopes } from "./scopes.ts";
import { factsOf, isActive, mayBe, openPasswords } from "./secrets.ts";
import { tokenParameters } from "./token-parameters.ts";
import { applicationOf, withGrantedScopes } from "./tokens.ts";
import { application, isOwn, toApplication, toRegisteredClient, usesSecret, type Application } from "./wire.ts";

const dayMs = 86_400_000;

/** Opens a tenant of Entra ID through Microsoft Graph v1.0. */
export function openEntraAdapter(
  settings: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): ManagingAdapter {
  const { connection } = settings;
  const { clock, log } = dependencies;
  const recent = rememberWrites(clock, connection.replicationWaitSeconds * 1000);
  const graph = openGraph(settings, dependencies);
  const directory = openDirectory(graph, { log, recent });
  const passwords = openPasswords(graph, { log, recent });

  /** When a new secret ends, as the developer wished; Entra decides where they did not. */
  function expiryOf(settingsOfClient: Record<string, unknown>): Date | undefined {
    const { secretDays } = settingsOfClient["authentication"] as { secretDays?: number };
    return secretDays === undefined ? undefined : new Date(clock.now().getTime() + secretDays * dayMs);
  }

  async function addTo(app: Application, expiresAt: Date | undefined) {
    const { credential, secret } = await passwords.add(app, expiresAt);
    const passwordCredentials = [...(app.passwordCredentials ?? []), credential];
    return { credential, secret, client: toRegisteredClient({ ...app, passwordCredentials }, secret) };
  }

  async function demandSecretive(client: ClientRef): Promise<Application> {
    const app = await directory.demand(client);
    if (usesSecret(app)) return app;
    throw new ConnectorError(
      "unsupported",
      "This application proves itself without a secret, so there is none to make.",
    );
  }

  return {
    async registerClient(spec) {
      const asked = spec as ClientSpec<ClientSettings>;
      const body = toApplication(asked);
      const app = await directory.create({
        ...body,
        // Only counts where the client itself is asked for as an API; the shared API has its own.
        api: { requestedAccessTokenVersion: Number(connection.tokenVersion) },
      });
      try {
        await directory.addServicePrincipal(app);
        // Certificates are not shown in this answer: they are what was sent.
        const whole = application.parse({ ...app, keyCredentials: body["keyCredentials"] ?? [] });
        // Last: nothing may fail once a secret was handed out.
        if (usesSecret(whole)) return (await addTo(whole, expiryOf(asked.settings))).client;
        return toRegisteredClient(whole);
      } catch (error) {
        await directory.discard(app);
        throw error;
      }
    },

    async readClient(client) {
      const app = await directory.find(client);
      return app ? toRegisteredClient(app, client.consumerSecret) : null;
    },

    async updateClient(client, spec) {
      const asked = spec as ClientSpec<ClientSettings>;
      const before = await directory.demand(client);
      const body = toApplication(asked, before);
      await graph.run({ method: "PATCH", path: `/applications/${before.id}`, body, doing: "Updating the client" });
      // Graph answers nothing, and another replica may still show the old: what it accepted is what holds.
      const after = application.parse({ ...before, ...body });
      const held = before.passwordCredentials ?? [];
      if (usesSecret(after)) {
        const hasSecret = held.some((credential) => isActive(credential, clock.now()));
        if (hasSecret && (client.consumerSecret || usesSecret(before))) {
          return toRegisteredClient(after, client.consumerSecret);
        }
        return (await addTo(after, expiryOf(asked.settings))).client;
      }
      for (const { keyId } of held.filter(isOwn)) await passwords.remove(before, keyId);
      return toRegisteredClient(after);
    },

    deleteClient: (client) => directory.remove(client),

    checkAccess: () => checkAccess(graph, settings, dependencies),

    findClients: async (marker) => (await directory.search(marker)).map((app) => toRegisteredClient(app)),

    async proveClient(client, proof) {
      const credentials = provable(client, proof?.assertion);
      const app = await demandForeign(client);
      const token = await explainingToken("Checking the credentials", () =>
        proveClientCredentials(dependencies, {
          tokenEndpoint: tokenEndpointOf(settings),
          credentials,
          // Every application may ask for a token for itself, by its id; elsewhere it may need a grant.
          scopes: [`${app.appId}/.default`],
        }),
      );
      if (token && applicationOf(token.accessToken) !== app.appId) {
        throw new ConnectorError("credentials_refused", "The credentials belong to another application.");
      }
      return toRegisteredClient(app, client.consumerSecret);
    },

    async rotateSecret(client) {
      const app = await demandSecretive(client);
      const old = client.consumerSecret;
      const made = await addTo(app, expiryOf(toRegisteredClient(app).state.settings));
      try {
        const all = await passwords.listWith(app, made.credential.keyId);
        const replaced = all.filter((credential) => !old || mayBe(credential, old));
        for (const { keyId } of replaced) if (keyId !== made.credential.keyId) await passwords.remove(app, keyId);
      } catch (error) {
        throw isConnectorError(error) ? withCredentials(error, { consumerSecret: made.secret }) : error;
      }
      return made.client;
    },

    secrets: {
      async list(client) {
        const { passwordCredentials } = await directory.demand(client);
        return (passwordCredentials ?? []).map((credential) => factsOf(credential, clock.now()));
      },
      async add(client, { expiresAt }) {
        const app = await demandSecretive(client);
        const made = await addTo(app, expiresAt ?? expiryOf(toRegisteredClient(app).state.settings));
        return { client: made.client, secret: factsOf(made.credential, clock.now()) };
      },
      async remove(client, secretId) {
        await passwords.remove(await directory.demand(client), secretId);
      },
    },

    async issueToken(client, { scopes }) {
      const { consumerSecret } = client;
      if (!consumerSecret) throw withoutSecret();
      const ask = () =>
        explainingToken("Getting a token", () =>
          clientCredentialsToken(dependencies, {
            tokenEndpoint: tokenEndpointOf(settings),
            credentials: secretCredentials(client.consumerKey, consumerSecret),
            ...tokenRequestOf(tokenParameters({ connection }), scopes),
          }),
        );
      const isNew = passwords.isNew(consumerSecret);
      return withGrantedScopes(isNew ? await graph.patiently(ask, isTokenLag) : await ask(), scopes);
    },

    scopes: openScopes(graph, directory, connection),
  };

  /** An application that somebody hands over. That the portal may not look is not the developer's doing. */
  async function demandForeign(client: ClientRef): Promise<Application> {
    try {
      return await directory.demand(client);
    } catch (error) {
      if (!isConnectorError(error) || error.kind !== "credentials_refused") throw error;
      throw restated(error, { kind: "misconfigured" });
    }
  }
}

function withoutSecret(): ConnectorError {
  return new ConnectorError("unsupported", "This client has no secret, so the portal cannot authenticate as it.");
}

function secretCredentials(clientId: string, clientSecret: Secret) {
  return { method: "client_secret_post", clientId, clientSecret } as const;
}

/** What a developer hands over to prove that an application is theirs. */
function provable({ consumerKey, consumerSecret }: ClientRef, assertion: Secret | undefined): ProvableCredentials {
  if (assertion) return { method: "client_assertion", clientId: consumerKey, assertion };
  if (consumerSecret) return secretCredentials(consumerKey, consumerSecret);
  throw withoutSecret();
}
