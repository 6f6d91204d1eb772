/** Secrets of an application: Okta keeps up to two, shows them to administrators, and lets none of them expire. */
import { unlessAbsent } from "#lib/connector-kit/administration.ts";
import type { ConsumerSecretFacts } from "#lib/connector-kit/contract.ts";
import { ConnectorError, isConnectorError, withCredentials } from "#lib/connector-kit/errors.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { appPath } from "./apps.ts";
import type { Org } from "./org.ts";
import { secretList, secretObject, type SecretObject } from "./wire.ts";

/** How many secrets an application may have (developer.okta.com, Client secret rotation). */
export const atOnce = 2;

export type AppSecrets = {
  list(appId: string): Promise<SecretObject[]>;
  /** The newest secret that works, or undefined. */
  newest(appId: string): Promise<Secret | undefined>;
  create(appId: string): Promise<SecretObject>;
  /** Idempotent. Okta refuses to end the only one. */
  remove(appId: string, secret: SecretObject): Promise<void>;
  /**
   * Makes a new secret and ends all others.
   *
   * @param current the one in use: it is ended last
   */
  replace(appId: string, current: Secret | undefined): Promise<Secret>;
};

const byAge = (one: SecretObject, other: SecretObject) => (one.created ?? "").localeCompare(other.created ?? "");
/** Whether a secret is accepted. */
export const isActive = ({ status }: SecretObject) => status === "ACTIVE";

/** What the portal shows of a secret: its last characters, never the whole. */
export function factsOf(secret: SecretObject): ConsumerSecretFacts {
  const createdAt = new Date(secret.created ?? Number.NaN);
  return {
    id: secret.id,
    hint: `…${secret.client_secret.slice(-4)}`,
    ...(!Number.isNaN(createdAt.getTime()) && { createdAt }),
    isActive: isActive(secret),
  };
}

/**
 * Opens the secrets of an org's applications (developer.okta.com, Client secret rotation).
 *
 * @returns its calls; each throws `ConnectorError` as `org.api` does, `replace` with the new secret in it
 *   where there is one already
 */
export function openSecrets({ api }: Org): AppSecrets {
  const pathOf = (appId: string) => `${appPath(appId)}/credentials/secrets`;

  async function list(appId: string): Promise<SecretObject[]> {
    const found = await api.read({ method: "GET", path: pathOf(appId), doing: "Listing the secrets" }, secretList);
    return found.sort(byAge);
  }

  function create(appId: string): Promise<SecretObject> {
    const doing = "Making a new secret";
    return api.read({ method: "POST", path: pathOf(appId), body: {}, doing }, secretObject);
  }

  async function remove(appId: string, secret: SecretObject): Promise<void> {
    const path = `${pathOf(appId)}/${encodeURIComponent(secret.id)}`;
    const doing = "Ending the old secret";
    // Okta deletes only what is inactive.
    if (isActive(secret)) await unlessAbsent(api.run({ method: "POST", path: `${path}/lifecycle/deactivate`, doing }));
    await unlessAbsent(api.run({ method: "DELETE", path, doing }));
  }

  return {
    list,
    create,
    remove,
    async newest(appId) {
      const secret = (await list(appId)).findLast(isActive);
      return secret && new Secret(secret.client_secret);
    },
    async replace(appId, current) {
      const before = await list(appId);
      const isCurrent = ({ client_secret }: SecretObject) => client_secret === current?.reveal();
      // Those that are spared least come first, so that there is room for the new one.
      const order = [...before].sort(
        (one, other) =>
          Number(isActive(one)) - Number(isActive(other)) || Number(isCurrent(one)) - Number(isCurrent(other)),
      );
      const surplus = order.splice(0, Math.max(0, before.length - atOnce + 1));
      for (const secret of surplus) await remove(appId, secret);
      const made = new Secret((await create(appId)).client_secret);
      try {
        for (const secret of order) await remove(appId, secret);
      } catch (error) {
        throw isConnectorError(error) ? withCredentials(error, { consumerSecret: made }) : error;
      }
      return made;
    },
  };
}

/** @throws {ConnectorError} `conflict` where there is no room for a further secret */
export function demandRoom(secrets: readonly SecretObject[]): void {
  if (secrets.length < atOnce) return;
  throw new ConnectorError("conflict", "Okta keeps two secrets for each client. Remove one, then make a new one.");
}
