/** Applications of the server: each client is one, under an id of the server's own. */
import { unlessAbsent } from "#lib/connector-kit/administration.ts";
import type { ClientRef, ConnectorDependencies } from "#lib/connector-kit/contract.ts";
import { ConnectorError, isConnectorError } from "#lib/connector-kit/errors.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { unreadable } from "#lib/protocol/exchange.ts";
import { paths, type Server } from "./server.ts";
import { application, applicationList, oidcConfiguration, type Client } from "./wire.ts";

export type Applications = {
  /** @returns undefined only where the server lists no application with exactly this client id */
  find(client: ClientRef): Promise<Client | undefined>;
  /** @throws {ConnectorError} `not_found` */
  demand(client: ClientRef): Promise<Client>;
  /**
   * Makes an application and reads it; one that cannot be read does not stay behind.
   *
   * @param secrets those in the body: none of them may come back in quoted words
   */
  create(body: object, secrets: readonly Secret[]): Promise<Client>;
  update(id: string, changes: { application: object; oidc: object }): Promise<void>;
  /** Idempotent. */
  remove(id: string): Promise<void>;
};

/** Below the API: one application. */
export const at = (id: string) => `${paths.applications}/${encodeURIComponent(id)}`;
/** Below the API: an application's OpenID Connect part. */
export const oidcAt = (id: string) => `${at(id)}/inbound-protocols/oidc`;

/** What client ids consist of; anything else would be read as part of a filter. */
const clientIdForm = /^[\w.~-]{1,255}$/;

/** Opens the application API. Every method throws `ConnectorError`; `not_found` never stands for a client that is gone, save in `demand`. */
export function openApplications({ administration }: Server, { log }: ConnectorDependencies): Applications {
  async function read(id: string): Promise<Client | undefined> {
    const doing = "Reading the client";
    const get = (path: string) => ({ method: "GET", path, doing }) as const;
    const app = await unlessAbsent(administration.read(get(at(id)), application));
    const oidc = app && (await unlessAbsent(administration.read(get(oidcAt(id)), oidcConfiguration)));
    return oidc && { application: app, oidc };
  }

  async function byClientId(clientId: string): Promise<Client | undefined> {
    if (!clientIdForm.test(clientId)) return undefined;
    const query = new URLSearchParams({ filter: `clientId eq ${clientId}`, attributes: "clientId", limit: "10" });
    const path = `${paths.applications}?${query.toString()}`;
    const list = await administration.read({ method: "GET", path, doing: "Looking for the client" }, applicationList);
    for (const { id, clientId: listed } of list.applications ?? []) {
      if (listed && listed !== clientId) continue;
      const found = await read(id);
      if (found?.oidc.clientId === clientId) return found;
    }
    return undefined;
  }

  async function find({ consumerKey, vendorId }: ClientRef): Promise<Client | undefined> {
    const found = vendorId === undefined ? undefined : await read(vendorId);
    return found?.oidc.clientId === consumerKey ? found : byClientId(consumerKey);
  }

  async function remove(id: string): Promise<void> {
    await unlessAbsent(administration.run({ method: "DELETE", path: at(id), doing: "Deleting the client" }));
  }

  async function readNew(id: string): Promise<Client> {
    try {
      const found = await read(id);
      if (found) return found;
      throw new ConnectorError("bad_response", "The client that was just made is not there.");
    } catch (error) {
      await remove(id).catch((failure: unknown) => {
        if (!isConnectorError(failure)) throw failure;
        log.warn({ error: failure, applicationId: id }, "a client that could not be read could not be deleted either");
      });
      throw error;
    }
  }

  return {
    find,
    remove,

    async demand(client) {
      const found = await find(client);
      if (found) return found;
      throw new ConnectorError("not_found", "The server has no such client.");
    },

    async create(body, secrets) {
      const doing = "Registering the client";
      const answer = await administration.run({ method: "POST", path: paths.applications, body, secrets, doing });
      const id = decodeURIComponent(answer.headers.get("location")?.split("/").at(-1) ?? "");
      if (answer.status !== 201 || id === "") throw unreadable(answer, doing, "does not say where the client is");
      return readNew(id);
    },

    async update(id, changes) {
      const doing = "Updating the client";
      await administration.run({ method: "PATCH", path: at(id), body: changes.application, doing });
      await administration.run({ method: "PUT", path: oidcAt(id), body: changes.oidc, doing });
    },
  };
}
