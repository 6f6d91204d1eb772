import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type {
  ClientRef,
  ClientSpec,
  ConnectorDependencies,
  KeyManagerSettings,
  ManagingAdapter,
  RegisteredClient,
} from "#lib/connector-kit/contract.ts";
import { ConnectorError, isConnectorError, withCredentials } from "#lib/connector-kit/errors.ts";
import { refuseIdleSecret, toldFromTaken } from "#lib/connector-kit/preset.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { Answer } from "#lib/protocol/exchange.ts";
import { proveClientCredentials } from "#lib/protocol/token.ts";
import { checkAccess } from "./access.ts";
import { openAdmission } from "./admission.ts";
import { appPath, openApps } from "./apps.ts";
import type { ClientSettings, Connection } from "./config.ts";
import { areSame, chosenLifetimes, hasLifetimes, lifetimesIn, type Lifetimes } from "./lifetimes.ts";
import { openOrg } from "./org.ts";
import { openScopes } from "./scopes.ts";
import { demandRoom, factsOf, isActive, openSecrets } from "./secrets.ts";
import { tokenParameters } from "./token-parameters.ts";
import { openTokens, policyRefusals } from "./tokens.ts";
import {
  application,
  carriesMarker,
  methodOf,
  policyClient,
  toBody,
  toRegisteredClient,
  usesSecret,
  type Application,
} from "./wire.ts";

const identified = z.object({ id: z.string().min(1).max(200) });

/**
 * Opens an org through Okta's Apps API, and one of its custom authorization servers.
 *
 * @returns an adapter whose calls throw `ConnectorError` alone
 * @throws {ConnectorError} `misconfigured` where the issuer is no custom authorization server
 */
export function openOktaAdapter(
  settings: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): ManagingAdapter {
  const { connection } = settings;
  const { defaultScopes } = connection;
  const { log } = dependencies;
  const org = openOrg(settings, dependencies);
  const { api } = org;
  const apps = openApps(org);
  const secrets = openSecrets(org);
  const admission = openAdmission(org, connection);

  /** The chosen lifetimes that are in force; most clients have none, and cost no call. */
  async function lifetimesOf(app: Application): Promise<Lifetimes> {
    const client = policyClient(app);
    return hasLifetimes(client.lifetimes) ? admission.lifetimesOf(client) : {};
  }

  /** The client with its secret: as the answer shows it, as it is known, or as Okta has it. */
  async function registered(app: Application, known?: Secret): Promise<RegisteredClient> {
    const isShown = known !== undefined || !!app.credentials.oauthClient.client_secret;
    const secret = isShown || !usesSecret(app) ? known : await secrets.newest(app.id);
    return toRegisteredClient(app, await lifetimesOf(app), secret);
  }

  /** Okta has lifetimes in access policies alone: without one of the client's own nothing would come of the choice. */
  async function refuseIdleLifetimes(settings: ClientSettings, before?: Application): Promise<void> {
    const chosen = chosenLifetimes(settings);
    if (!hasLifetimes(chosen) || areSame(chosen, lifetimesIn(before?.profile))) return;
    const isAdmitted = before
      ? await admission.isAdmitted(policyClient(before).clientId)
      : connection.defaultScopes.length > 0;
    if (isAdmitted) return;
    throw new ConnectorError(
      "rejected",
      "Okta keeps lifetimes in the access policy of a client, and this client has none before a scope is granted to it. Leave the lifetimes blank until then, or have the administrator enter default scopes at the key manager.",
    );
  }

  async function post(spec: ClientSpec<ClientSettings>, doing: string): Promise<Answer> {
    const { consumerSecret } = spec;
    refuseIdleSecret(spec, spec.settings.authentication.method.startsWith("client_secret_"));
    const secrets = consumerSecret ? [consumerSecret] : [];
    try {
      // Okta answers 200 here, not 201.
      return await api.run({ method: "POST", path: "/apps?activate=true", body: toBody(spec), secrets, doing });
    } catch (error) {
      throw await toldFromTaken(error, spec, async (consumerKey) => (await apps.find({ consumerKey })) !== undefined);
    }
  }

  /** What was made on the way to a failure must not stay behind unknown. */
  async function discard(appId: string, clientId: string): Promise<void> {
    try {
      await admission.withdraw(clientId);
      await apps.remove(appId);
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      log.warn({ error, appId }, "a client that was half made could not be deleted");
    }
  }

  /** An answer shows one secret; where there are two, the one in use stays in use. */
  async function afterUpdate(app: Application, { consumerSecret }: ClientRef): Promise<RegisteredClient> {
    const shown = app.credentials.oauthClient.client_secret;
    if (!shown || !consumerSecret || isEqual(shown, consumerSecret.reveal())) return registered(app, consumerSecret);
    const stillWorks = (await secrets.list(app.id)).some(
      (secret) => isActive(secret) && isEqual(secret.client_secret, consumerSecret.reveal()),
    );
    const lifetimes = await lifetimesOf(app);
    if (!stillWorks) return toRegisteredClient(app, lifetimes);
    const { client_secret: _shown, ...oauthClient } = app.credentials.oauthClient;
    return toRegisteredClient({ ...app, credentials: { ...app.credentials, oauthClient } }, lifetimes, consumerSecret);
  }

  return {
    async registerClient(spec) {
      const doing = "Registering the client";
      await refuseIdleLifetimes((spec as ClientSpec<ClientSettings>).settings);
      const answer = await post(spec as ClientSpec<ClientSettings>, doing);
      try {
        const app = api.parse(answer, application, doing);
        if (defaultScopes.length > 0) await admission.admit(policyClient(app), { scopes: defaultScopes });
        return await registered(app);
      } catch (error) {
        const made = identified.safeParse(answer.json);
        if (made.success) await discard(made.data.id, spec.consumerKey ?? spec.marker);
        throw error;
      }
    },

    async readClient(client) {
      const app = await apps.find(client);
      return app ? registered(app, client.consumerSecret) : null;
    },

    async updateClient(client, spec) {
      const before = await apps.demand(client);
      const wanted = spec as ClientSpec<ClientSettings>;
      refuseOtherType(before, wanted.settings);
      await refuseIdleLifetimes(wanted.settings, before);
      const doing = "Updating the client";
      const request = { method: "PUT", path: appPath(before.id), body: toBody(wanted, before), doing } as const;
      const app = await api.read(request, application);
      const shown = app.credentials.oauthClient.client_secret;
      try {
        const setsLifetimes = [before, app].some(({ profile }) => hasLifetimes(lifetimesIn(profile)));
        await admission.admit(policyClient(app), { setsLifetimes });
        return await afterUpdate(app, client);
      } catch (error) {
        if (!isConnectorError(error) || !shown || shown === client.consumerSecret?.reveal()) throw error;
        throw withCredentials(error, { consumerSecret: new Secret(shown) });
      }
    },

    async deleteClient(client) {
      const app = await apps.find(client);
      await admission.withdraw(client.consumerKey);
      if (app) await apps.remove(app.id);
    },

    checkAccess: () => checkAccess(org, settings),

    async findClients(marker, consumerKey = marker) {
      const app = await apps.search(consumerKey);
      return app && carriesMarker(app, marker) ? [await registered(app)] : [];
    },

    async proveClient(client, proof) {
      const { consumerKey: clientId, consumerSecret } = client;
      const app = await apps.demand(client);
      if (proof?.assertion) {
        await proveClientCredentials(dependencies, {
          tokenEndpoint: org.endpoints.token,
          credentials: { method: "client_assertion", clientId, assertion: proof.assertion },
          scopes: defaultScopes,
          refusals: policyRefusals,
        });
        return toRegisteredClient(app, await lifetimesOf(app));
      }
      if (!consumerSecret) {
        throw new ConnectorError(
          "unsupported",
          "Without a secret or a signed assertion a client cannot be proven yours.",
        );
      }
      if (!usesSecret(app)) {
        throw new ConnectorError("unsupported", "This client does not use a secret, so it cannot be proven with one.");
      }
      const valid = (await secrets.list(app.id)).filter(isActive);
      if (valid.some(({ client_secret: value }) => isEqual(value, consumerSecret.reveal()))) {
        return toRegisteredClient(app, await lifetimesOf(app), consumerSecret);
      }
      throw new ConnectorError("credentials_refused", "The secret is none of those that Okta has for this client.");
    },

    async rotateSecret(client) {
      const app = await apps.demand(client);
      refuseSecretless(app);
      // Whatever can fail comes before the new secret, which must not be lost.
      const lifetimes = await lifetimesOf(app);
      return toRegisteredClient(app, lifetimes, await secrets.replace(app.id, client.consumerSecret));
    },

    secrets: {
      async list(client) {
        const app = await apps.demand(client);
        return usesSecret(app) ? (await secrets.list(app.id)).map(factsOf) : [];
      },
      async add(client, { expiresAt }) {
        if (expiresAt) {
          throw new ConnectorError(
            "unsupported",
            "Secrets of Okta do not expire: leave the date out, and remove it later.",
          );
        }
        const app = await apps.demand(client);
        refuseSecretless(app);
        demandRoom(await secrets.list(app.id));
        const lifetimes = await lifetimesOf(app);
        const made = await secrets.create(app.id);
        return { client: toRegisteredClient(app, lifetimes, new Secret(made.client_secret)), secret: factsOf(made) };
      },
      async remove(client, secretId) {
        const app = await apps.demand(client);
        const found = (await secrets.list(app.id)).find(({ id }) => id === secretId);
        if (found) await secrets.remove(app.id, found);
      },
    },

    ...openTokens(org, dependencies, {
      parameters: tokenParameters({ connection }),
      async methodOf(client) {
        try {
          const app = await apps.find(client);
          return app && methodOf(app);
        } catch (error) {
          // The refusal that is being explained says more than this failure.
          if (!isConnectorError(error)) throw error;
          return undefined;
        }
      },
    }),

    scopes: openScopes(org, { admission, defaultScopes, demand: apps.demand }),
  };
}

function refuseOtherType({ settings }: Application, { applicationType }: ClientSettings): void {
  const current = settings.oauthClient.application_type;
  if (applicationType === "auto" || !current || applicationType === current) return;
  throw new ConnectorError(
    "rejected",
    `Okta never changes the kind of an application: this one stays “${current}”. Choose that again, or make new keys for “${applicationType}”.`,
  );
}

function refuseSecretless(app: Application): void {
  if (usesSecret(app)) return;
  throw new ConnectorError("unsupported", `This client authenticates by ${methodOf(app)}, so it has no secret.`);
}

/** Compares without telling by its duration how much was right. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
