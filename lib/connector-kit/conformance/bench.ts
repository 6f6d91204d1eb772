/** What the parts of the suite share: one vendor, one adapter opened on it, and a log that is searched for secrets. */
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll } from "vitest";
import { systemClock } from "#lib/foundation/clock.ts";
import type { Log, LogFields } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import {
  managing,
  type ClientRef,
  type ClientSpec,
  type Connector,
  type KeyManagerAdapter,
  type ManagingAdapter,
  type RegisteredClient,
} from "../contract.ts";
import { isConnectorError, type ConnectorErrorKind } from "../errors.ts";
import type { SimulatedVendor } from "../simulator.ts";

/** A vendor that runs: simulated, or for real. */
export type ConformanceVendor = Pick<
  SimulatedVendor,
  | "fetch"
  | "settings"
  | "connectionInput"
  | "refusedConnectionInput"
  | "canaries"
  | "createClient"
  | "scope"
  | "owners"
  | "pass"
> & {
  /** The switches of a simulator; absent for a real server. */
  fake?: Pick<SimulatedVendor, "fail" | "recover" | "requests" | "lags">;
  stop?(): Promise<void>;
};

export type ConformanceOptions = {
  start(): Promise<ConformanceVendor> | ConformanceVendor;
  /** Client form values beside the defaults. */
  client?: Record<string, unknown>;
  /**
   * What a client for machines may become by an update, where the server binds grant types to a kind of application
   * that it never changes; a web application otherwise.
   */
  growth?: { grantTypes: string[]; redirectUris: string[] };
  /** How the server writes a name, where it does not take each one as it is. */
  nameAtServer?(spec: Pick<ClientSpec, "name" | "marker">): string;
  /** False where the portal proves who it is without sending a secret: by a key of its own. */
  sendsSecret?: false;
  /** Why the server cannot be had; the suite is skipped under this name. */
  unavailable?: string | null;
};

export type Bench = {
  readonly connector: Connector;
  readonly options: ConformanceOptions;
  readonly vendor: ConformanceVendor;
  readonly adapter: KeyManagerAdapter;
  /** The adapter of a connector that manages clients. */
  readonly managing: ManagingAdapter;
  /** Everything that was logged so far. */
  readonly lines: readonly string[];
  /** An adapter of its own, for what somebody typed into the connection form. */
  opened(connectionInput: Record<string, unknown>): KeyManagerAdapter;
  specOf(changes?: Partial<ClientSpec>): ClientSpec;
  kindOf(call: Promise<unknown> | undefined): Promise<ConnectorErrorKind | "answered">;
  /** A client for machines: registered, or made by hand where the connector manages none. */
  newClient(): Promise<RegisteredClient>;
  /** Takes away what `newClient` made. */
  release(client: ClientRef): Promise<void>;
};

/** Sets the bench up for the tests of the surrounding block. */
export function setUpBench(connector: Connector, options: ConformanceOptions): Bench {
  let running: ConformanceVendor | undefined;
  let adapter: KeyManagerAdapter;
  const lines: string[] = [];
  const manages = connector.capabilities.includes("registerClient");

  beforeAll(async () => {
    running = await options.start();
    adapter = open(running.settings);
  }, 900_000);
  afterEach(() => running?.fake?.recover());
  afterAll(async () => {
    await running?.stop?.();
  });

  function vendorOf(): ConformanceVendor {
    if (running) return running;
    throw new Error("The vendor did not start.");
  }

  function open(settings: SimulatedVendor["settings"]): KeyManagerAdapter {
    return connector.open(settings, { fetch: vendorOf().fetch, clock: systemClock, log: rememberingLog(lines) });
  }

  const specOf = (changes: Partial<ClientSpec> = {}): ClientSpec => ({
    name: "Conformance é ☂ <b>",
    marker: `latchkey-${crypto.randomUUID()}`,
    grantTypes: ["client_credentials"],
    redirectUris: [],
    settings: connector.client.parse(options.client ?? {}),
    ...changes,
  });

  return {
    connector,
    options,
    lines,
    get vendor() {
      return vendorOf();
    },
    get adapter() {
      return adapter;
    },
    get managing() {
      return managing(adapter);
    },
    opened: (connectionInput) =>
      open({ ...vendorOf().settings, connection: connector.connection.parse(connectionInput) }),
    specOf,
    async kindOf(call) {
      try {
        await call;
        return "answered";
      } catch (error) {
        if (!isConnectorError(error)) throw error;
        return error.kind;
      }
    },
    async newClient() {
      if (manages) return managing(adapter).registerClient(specOf());
      const { clientId, clientSecret } = await vendorOf().createClient();
      const ref = { consumerKey: clientId, consumerSecret: new Secret(clientSecret) };
      return { ref, state: { name: clientId, grantTypes: [], redirectUris: [], settings: {} } };
    },
    async release(client) {
      if (manages) await managing(adapter).deleteClient(client);
    },
  };
}

/** A log that keeps everything, to be searched for secrets. */
function rememberingLog(lines: string[]): Log {
  const write = (fields: LogFields, message: string) => {
    lines.push(`${message} ${JSON.stringify(fields)} ${inspect(fields, { depth: 6 })}`);
  };
  return { debug: write, info: write, warn: write, error: write, child: () => rememberingLog(lines) };
}
