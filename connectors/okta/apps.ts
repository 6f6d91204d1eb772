/** Applications of the org, found by what the portal knows of them. */
import { z } from "zod";
import { unlessAbsent } from "#lib/connector-kit/administration.ts";
import type { ClientRef } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import type { Org } from "./org.ts";
import { readPages } from "./pages.ts";
import { application, type Application } from "./wire.ts";

export type Apps = {
  /** The application of exactly this client, or undefined where Okta proves that there is none. */
  find(client: ClientRef): Promise<Application | undefined>;
  /** @throws {ConnectorError} `not_found` */
  demand(client: ClientRef): Promise<Application>;
  /** Looks at each application of the org: Okta has no search for client ids. */
  search(clientId: string): Promise<Application | undefined>;
  /** Deactivates an application and deletes it: Okta refuses to delete an active one. Idempotent. */
  remove(appId: string): Promise<void>;
};

const pageOf = z.array(z.unknown()).max(1000);
const allClients = `/apps?limit=200&includeNonDeleted=true&filter=${encodeURIComponent('name eq "oidc_client"')}`;

/** The path of an application below the API's base; its id is made safe for it. */
export const appPath = (appId: string) => `/apps/${encodeURIComponent(appId)}`;

/**
 * Opens the applications of an org (developer.okta.com, Applications API).
 *
 * @returns its calls; each throws `ConnectorError` as `org.api` does
 */
export function openApps({ api }: Org): Apps {
  const isClient = (clientId: string) => (app: Application) => app.credentials.oauthClient.client_id === clientId;

  function byId(appId: string): Promise<Application | undefined> {
    return unlessAbsent(api.read({ method: "GET", path: appPath(appId), doing: "Reading the client" }, application));
  }

  async function search(clientId: string): Promise<Application | undefined> {
    const doing = "Looking for the client";
    const found = await readPages(
      api,
      { path: allClients, doing },
      // Applications of a form that we do not know are none of ours.
      (answer) => api.parse(answer, pageOf, doing).flatMap((item) => application.safeParse(item).data ?? []),
      isClient(clientId),
    );
    return found.find(isClient(clientId));
  }

  async function find({ consumerKey, vendorId }: ClientRef): Promise<Application | undefined> {
    if (vendorId) {
      const known = await byId(vendorId);
      if (!known || isClient(consumerKey)(known)) return known;
    }
    // Unless somebody chose another one, the client id is the application's id.
    const named = await byId(consumerKey);
    return named && isClient(consumerKey)(named) ? named : search(consumerKey);
  }

  return {
    find,
    search,
    async demand(client) {
      const found = await find(client);
      if (found) return found;
      throw new ConnectorError("not_found", "Okta has no such client.");
    },
    async remove(appId) {
      const path = appPath(appId);
      const deactivate = {
        method: "POST",
        path: `${path}/lifecycle/deactivate`,
        doing: "Deactivating the client",
      } as const;
      await unlessAbsent(api.run(deactivate));
      await unlessAbsent(api.run({ method: "DELETE", path, doing: "Deleting the client" }));
    },
  };
}
