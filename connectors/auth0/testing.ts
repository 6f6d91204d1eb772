/** What the tests of this connector share. */
import { managing, type ClientSpec } from "#lib/connector-kit/contract.ts";
import { isConnectorError, type ConnectorError } from "#lib/connector-kit/errors.ts";
import type { SeenRequest } from "#lib/connector-kit/simulator.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { client } from "./config.ts";
import { auth0 } from "./index.ts";
import { openAuth0, type SimulatedAuth0 } from "./simulator.ts";

type WorldOptions = Omit<Parameters<typeof openAuth0>[0], "origin"> & { connection?: Record<string, unknown> };

/** A simulated tenant and the connector opened on it. */
export async function world({ connection = {}, ...options }: WorldOptions = {}) {
  const vendor = await openAuth0({ origin: "https://auth0.test", ...options });
  return { vendor, tenant: vendor.tenant, adapter: openedOn(vendor, connection) };
}

/** The connector opened on a tenant once more, as another process would have it. */
export function openedOn(vendor: SimulatedAuth0, connection: Record<string, unknown> = {}) {
  const settings = {
    ...vendor.settings,
    connection: auth0.connection.parse({ ...vendor.connectionInput, ...connection }),
  };
  return managing(auth0.open(settings, { fetch: vendor.fetch, clock: systemClock, log: silentLog }));
}

type Changes = Partial<Omit<ClientSpec, "settings">> & { settings?: Record<string, unknown> };

export function specOf({ settings = {}, ...changes }: Changes = {}): ClientSpec {
  return {
    name: "App",
    marker: `latchkey-${crypto.randomUUID()}`,
    grantTypes: ["client_credentials"],
    redirectUris: [],
    ...changes,
    settings: client.parse(settings),
  };
}

export async function failureOf(call: Promise<unknown> | undefined): Promise<ConnectorError> {
  try {
    await call;
  } catch (error) {
    if (isConnectorError(error)) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

/** Requests by method and path below the Management API, oldest first: “POST /clients”. */
export function calls({ requests }: { requests: SeenRequest[] }): string[] {
  return requests.map(({ method, url }) => `${method} ${new URL(url).pathname.replace("/api/v2", "")}`);
}

/** The bodies that were sent with a method to a path below the Management API. */
export function bodies({ requests }: { requests: SeenRequest[] }, method: string, path: RegExp): unknown[] {
  return requests
    .filter((request) => request.method === method && path.test(new URL(request.url).pathname))
    .map(({ body }) => JSON.parse(body) as unknown);
}
