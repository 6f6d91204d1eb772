/** What the tests of this connector share. */
import { managing, type ClientSpec } from "#lib/connector-kit/contract.ts";
import { isConnectorError, type ConnectorError } from "#lib/connector-kit/errors.ts";
import type { SeenRequest } from "#lib/connector-kit/simulator.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import type { Log } from "#lib/foundation/log.ts";
import { client } from "./config.ts";
import { entra } from "./index.ts";
import { openEntra, type EntraOptions, type SimulatedEntra } from "./simulator.ts";

type WorldOptions = Omit<EntraOptions, "origin"> & { connection?: Record<string, unknown>; issuer?: string };

/** A simulated tenant, the connector opened on it, and the warnings that it logs. */
export function world({ connection = {}, issuer, ...options }: WorldOptions = {}) {
  const vendor = openEntra({ origin: "https://entra.test", ...options });
  const warnings: string[] = [];
  const adapter = openedOn(vendor, { connection, issuer, warnings });
  return { vendor, directory: vendor.directory, adapter, warnings };
}

type Opening = { connection?: Record<string, unknown>; issuer?: string | undefined; warnings?: string[] };

/** The connector opened on a tenant once more, as another process would have it. */
export function openedOn(vendor: SimulatedEntra, { connection = {}, issuer, warnings = [] }: Opening = {}) {
  const settings = {
    ...vendor.settings,
    ...(issuer !== undefined && { issuer }),
    connection: entra.connection.parse({ ...vendor.connectionInput, replicationWaitSeconds: 2, ...connection }),
  };
  const nothing = () => undefined;
  const log: Log = {
    ...{ debug: nothing, info: nothing, error: nothing, child: () => log },
    warn: (_fields, message) => warnings.push(message),
  };
  return managing(entra.open(settings, { fetch: vendor.fetch, clock: systemClock, log }));
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

/** Requests to Graph by method and path, oldest first; ids read “{id}”: “POST /applications/{id}/addPassword”. */
export function calls({ requests }: { requests: SeenRequest[] }): string[] {
  return requests
    .filter(({ url }) => url.includes("/graph/v1.0/"))
    .map(({ method, url }) => `${method} ${pathOf(url)}`);
}

function pathOf(url: string): string {
  const path = new URL(url).pathname.replace("/graph/v1.0", "");
  return path
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "{id}")
    .replace(/(Assigned\w+|Grants)\/[^/]+$/, "$1/{id}");
}

/** Bodies that were sent to Graph, by the form of `calls`. */
export function bodies(vendor: { requests: SeenRequest[] }, call: string): Record<string, unknown>[] {
  return vendor.requests
    .filter(({ method, url }) => url.includes("/graph/v1.0/") && `${method} ${pathOf(url)}` === call)
    .map(({ body }) => JSON.parse(body) as Record<string, unknown>);
}

/** How often a token was asked for, by scope. */
export function tokenRequests({ requests }: { requests: SeenRequest[] }, scope: string): URLSearchParams[] {
  const forms = requests.filter(({ url }) => url.endsWith("/token")).map(({ body }) => new URLSearchParams(body));
  return forms.filter((form) => form.get("scope") === scope);
}
