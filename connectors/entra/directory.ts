/** Applications of the tenant: found by their client id, made in two steps, deleted for good. */
import { z } from "zod";
import { unlessAbsent } from "#lib/connector-kit/administration.ts";
import type { ClientRef, ConnectorDependencies } from "#lib/connector-kit/contract.ts";
import { ConnectorError, isConnectorError } from "#lib/connector-kit/errors.ts";
import type { Graph } from "./graph.ts";
import { guid, tagOf } from "./names.ts";
import type { RecentWrites } from "./recent.ts";
import { application, identified, selected, type Application } from "./wire.ts";

export type Directory = {
  /** The application with exactly this client id; undefined where the tenant has none. */
  find(client: ClientRef): Promise<Application | undefined>;
  /** @throws {ConnectorError} `not_found` */
  demand(client: ClientRef): Promise<Application>;
  /** Applications that carry a marker. */
  search(marker: string): Promise<Application[]>;
  create(body: Record<string, unknown>): Promise<Application>;
  /** What stands for an application in the tenant; roles are assigned to it. @throws {ConnectorError} `rejected` */
  servicePrincipalOf(appId: string): Promise<string>;
  /** Makes it: without one an application gets no token. */
  addServicePrincipal(app: Application): Promise<void>;
  /** Takes back an application that was not finished. Logs what it could not do; throws nothing. */
  discard(app: Application): Promise<void>;
  /** Deletes an application, also from the tenant's deleted ones. Idempotent. */
  remove(client: ClientRef): Promise<void>;
};

const deletedItem = z.looseObject({ id: z.string().regex(guid), appId: z.string().nullish() });

/** Opens the tenant's applications. */
export function openDirectory(
  graph: Graph,
  { log, recent }: Pick<ConnectorDependencies, "log"> & { recent: RecentWrites },
): Directory {
  async function read(appId: string): Promise<Application> {
    const path = `/applications(appId='${encodeURIComponent(appId)}')?$select=${selected}`;
    const found = await graph.read({ method: "GET", path, doing: "Reading the client" }, application);
    // Tokens carry the id as Entra writes it: another spelling would never match one.
    if (found.appId !== appId) throw absent();
    return found;
  }

  async function find({ consumerKey }: ClientRef): Promise<Application | undefined> {
    if (!guid.test(consumerKey)) return undefined;
    const look = () => read(consumerKey);
    return unlessAbsent(recent.has(consumerKey) ? graph.patiently(look) : look());
  }

  async function softDelete({ id, appId }: Application): Promise<void> {
    const request = { method: "DELETE", path: `/applications/${id}`, doing: "Deleting the client" } as const;
    const call = () => graph.run(request);
    await unlessAbsent(recent.has(appId) ? graph.patiently(call) : call());
    recent.drop(appId);
  }

  /**
   * Removes a deleted application for good. Otherwise it stays restorable for 30 days, counts in the tenant's quota, and
   * keeps its identifier URIs.
   */
  async function purge({ id, appId }: Pick<Application, "id" | "appId">, wasJustDeleted: boolean): Promise<void> {
    const path = `/directory/deletedItems/${id}`;
    const look = () => graph.read({ method: "GET", path, doing: "Looking for the deleted client" }, deletedItem);
    try {
      const found = await unlessAbsent(wasJustDeleted ? graph.patiently(look) : look());
      if (found?.appId !== appId) return;
      await unlessAbsent(graph.run({ method: "DELETE", path, doing: "Removing the deleted client for good" }));
    } catch (error) {
      if (!isConnectorError(error) || !["credentials_refused", "rejected"].includes(error.kind)) throw error;
      log.warn(
        { error, appId, objectId: id },
        "an application was deleted and can be restored for 30 days: the portal may not remove it for good",
      );
    }
  }

  return {
    find,

    async demand(client) {
      const found = await find(client);
      if (found) return found;
      throw absent();
    },

    async search(marker) {
      const filter = `tags/any(t:t eq '${tagOf("marker", marker).replaceAll("'", "''")}')`;
      const path = `/applications?$filter=${encodeURIComponent(filter)}&$select=id,appId`;
      const found = await graph.readAll(
        { path, doing: "Looking for the client" },
        identified.extend({ appId: z.string() }),
      );
      // Certificates are only shown in the answer for one object.
      const read = await Promise.all(found.map(({ appId }) => find({ consumerKey: appId })));
      return read.filter((app) => app !== undefined);
    },

    async create(body) {
      const doing = "Registering the client";
      const made = await graph.read({ method: "POST", path: "/applications", body, doing }, application);
      recent.note(made.appId);
      return made;
    },

    async servicePrincipalOf(appId) {
      const doing = "Looking for the service principal";
      const path = `/servicePrincipals(appId='${encodeURIComponent(appId)}')?$select=id`;
      const look = () => graph.read({ method: "GET", path, doing }, identified);
      const found = await unlessAbsent(recent.has(appId) ? graph.patiently(look) : look());
      if (found) return found.id;
      throw new ConnectorError(
        "rejected",
        `The application ${appId} has no service principal in the tenant. Make one: az ad sp create --id ${appId}`,
      );
    },

    async addServicePrincipal({ appId }) {
      const doing = "Registering the client's service principal";
      const request = { method: "POST", path: "/servicePrincipals", body: { appId }, doing } as const;
      await graph.patiently(() => graph.read(request, identified));
    },

    async discard(app) {
      try {
        await softDelete(app);
        await purge(app, true);
      } catch (error) {
        if (!isConnectorError(error)) throw error;
        log.warn({ error, appId: app.appId, objectId: app.id }, "an unfinished application could not be deleted");
      }
    },

    async remove(client) {
      const app = await find(client);
      if (app) await softDelete(app);
      const id = app?.id ?? client.vendorId ?? "";
      if (guid.test(id)) await purge({ id, appId: client.consumerKey }, app !== undefined);
    },
  };
}

function absent(): ConnectorError {
  return new ConnectorError("not_found", "The tenant has no application with this client id.");
}
