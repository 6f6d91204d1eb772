/**
 * What every connector must do, whatever stands behind it. A connector's conformance.test.ts calls this
 * over its fake; its conformance.live.test.ts calls the same over a real server.
 */
import { readFile } from "node:fs/promises";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "#lib/foundation/clock.ts";
import type { Log, LogFields } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import {
  capabilities,
  type ClientRef,
  type ClientSpec,
  type Connector,
  managing,
  type ManagingAdapter,
} from "./contract.ts";
import { describeFields, initialValues, type FieldDescriptor } from "./descriptors.ts";
import { editSchema, mergeSecrets, splitSecrets } from "./edit-schema.ts";
import { isConnectorError, type ConnectorErrorKind } from "./errors.ts";
import { faultNames, type Fault, type FaultName, type SeenRequest, type SimulatedVendor } from "./simulator.ts";

/** A vendor that runs: simulated, or for real. */
export type ConformanceVendor = Pick<
  SimulatedVendor,
  "fetch" | "settings" | "connectionInput" | "refusedConnectionInput" | "canaries" | "createClient" | "scope"
> & {
  /** The switches of a simulator; absent for a real server. */
  fake?: Pick<SimulatedVendor, "fail" | "recover" | "requests" | "pass" | "lags">;
  stop?(): Promise<void>;
};

/** A simulator as the suite takes it. */
export function simulated(vendor: SimulatedVendor): ConformanceVendor {
  return { ...vendor, fake: vendor };
}

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
  /** Why the server cannot be had; the suite is skipped under this name. */
  unavailable?: string | null;
};

/** Runs the suite. */
export function describeConnector(connector: Connector, options: ConformanceOptions): void {
  describe(`${connector.id}: declaration`, () => checkDeclaration(connector));
  const reason = options.unavailable;
  if (reason && process.env["LATCHKEY_NO_SKIP"] === "1") {
    it(`${connector.id}: has a server to speak to`, () => expect.fail(reason));
  } else if (reason) {
    describe.skip(`${connector.id}: skipped, because: ${reason}`, () => it("runs", () => {}));
  } else {
    describe(`${connector.id}: behaviour`, () => checkBehaviour(connector, options));
  }
}

function leaves(descriptors: readonly FieldDescriptor[]): FieldDescriptor[] {
  return descriptors.flatMap((descriptor) =>
    descriptor.kind === "method"
      ? [descriptor, ...descriptor.options.flatMap(({ fields }) => leaves(fields))]
      : [descriptor],
  );
}

function checkDeclaration(connector: Connector): void {
  it("describes every field of both forms with a label for people", () => {
    for (const schema of [connector.connection, connector.client]) {
      for (const { label, name } of leaves(describeFields(schema))) expect(label.trim(), name).not.toBe("");
    }
  });

  it("has a client form whose defaults are a complete answer", () => {
    expect(connector.client.safeParse({}).success).toBe(true);
    expect(connector.client.safeParse(initialValues(describeFields(connector.client))).success).toBe(true);
  });

  it("declares each capability by its name, once", () => {
    expect(new Set(connector.capabilities).size).toBe(connector.capabilities.length);
    for (const name of connector.capabilities) expect(capabilities).toContain(name);
  });

  it("declares trust that excludes tokens without a signature and those signed with shared secrets", () => {
    expect(connector.trust.algorithms.length).toBeGreaterThan(0);
    for (const algorithm of connector.trust.algorithms) expect(algorithm).toMatch(/^(RS|PS|ES)\d{3}$|^EdDSA$/);
    expect(connector.trust.consumerKeyClaims.length).toBeGreaterThan(0);
    expect(connector.trust.scopesClaims.length).toBeGreaterThan(0);
  });

  it("has a guide with steps in it", async () => {
    const guide = await readFile(connector.guide, "utf8");
    expect(guide).toMatch(/^# /);
    expect(guide.length).toBeGreaterThan(500);
  });
}

/** Everything a request carried, with the Authorization header of RFC 7617 decoded. */
function sentWith(request: SeenRequest | undefined): string {
  const authorization = request?.headers["authorization"] ?? "";
  const decoded = Buffer.from(authorization.replace(/^Basic /, ""), "base64").toString("utf8");
  return [request?.body, authorization, decoded].join("\n");
}

/** A log that keeps everything, to be searched for secrets. */
function rememberingLog(lines: string[]): Log {
  const write = (fields: LogFields, message: string) => {
    lines.push(`${message} ${JSON.stringify(fields)} ${inspect(fields, { depth: 6 })}`);
  };
  return { debug: write, info: write, warn: write, error: write, child: () => rememberingLog(lines) };
}

function checkBehaviour(connector: Connector, options: ConformanceOptions): void {
  let vendor: ConformanceVendor;
  let adapter: ManagingAdapter;
  const lines: string[] = [];

  beforeAll(async () => {
    vendor = await options.start();
    adapter = open(vendor.settings);
  }, 900_000);
  afterEach(() => vendor.fake?.recover());
  afterAll(async () => {
    await vendor?.stop?.();
  });

  function open(settings: SimulatedVendor["settings"]): ManagingAdapter {
    return managing(connector.open(settings, { fetch: vendor.fetch, clock: systemClock, log: rememberingLog(lines) }));
  }

  function opened(connectionInput: Record<string, unknown>): ManagingAdapter {
    return open({ ...vendor.settings, connection: connector.connection.parse(connectionInput) });
  }

  function specOf(changes: Partial<ClientSpec> = {}): ClientSpec {
    return {
      name: "Conformance é ☂ <b>",
      marker: `latchkey-${crypto.randomUUID()}`,
      grantTypes: ["client_credentials"],
      redirectUris: [],
      settings: connector.client.parse(options.client ?? {}),
      ...changes,
    };
  }

  async function kindOf(call: Promise<unknown> | undefined): Promise<ConnectorErrorKind | "answered"> {
    try {
      await call;
      return "answered";
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      return error.kind;
    }
  }

  it("keeps the connection's secrets out of everything that is stored in clear or shown", () => {
    const parsed = connector.connection.parse(vendor.connectionInput);
    const { plain, secrets } = splitSecrets(connector.connection, parsed);
    const shown = JSON.stringify([plain, parsed, describeFields(connector.connection)]);
    for (const canary of vendor.canaries) expect(shown).not.toContain(canary);
    expect(connector.connection.parse(mergeSecrets(connector.connection, plain, secrets))).toEqual(parsed);
    const untouched = editSchema(connector.connection).parse(plain);
    expect(connector.connection.parse(mergeSecrets(connector.connection, untouched, secrets))).toEqual(parsed);
  });

  it("provides exactly the capabilities that it declares", () => {
    const provided = capabilities.filter((name) => adapter[name] !== undefined);
    expect(provided.sort()).toEqual([...connector.capabilities].sort());
  });

  it("takes a client from birth to death", async () => {
    const spec = specOf();
    const made = await adapter.registerClient(spec);
    expect(made.ref.consumerKey).not.toBe("");
    expect(made.ref.consumerSecret?.reveal().length).toBeGreaterThan(15);
    const nameOf = options.nameAtServer ?? (({ name }: Pick<ClientSpec, "name">) => name);
    expect(made.state).toMatchObject({ name: nameOf(spec), grantTypes: spec.grantTypes });

    const read = await adapter.readClient(made.ref);
    expect(read?.state).toEqual(made.state);
    expect(read?.ref.consumerKey).toBe(made.ref.consumerKey);
    expect(read?.ref.consumerSecret?.reveal()).toBe(made.ref.consumerSecret?.reveal());

    const webApplication = {
      grantTypes: ["client_credentials", "authorization_code"],
      redirectUris: ["https://app.example/callback"],
    };
    const grown = { ...spec, name: "Renamed", ...(options.growth ?? webApplication) };
    expect(grown.grantTypes).not.toEqual(spec.grantTypes);
    const updated = await adapter.updateClient(read?.ref ?? made.ref, grown);
    expect(updated.state).toMatchObject({ name: nameOf(grown), redirectUris: grown.redirectUris });
    expect([...updated.state.grantTypes].sort()).toEqual([...grown.grantTypes].sort());
    expect(updated.ref.consumerKey).toBe(made.ref.consumerKey);
    expect(updated.ref.consumerSecret?.reveal()).toBe(made.ref.consumerSecret?.reveal());
    const last = await adapter.readClient(updated.ref);
    expect(last?.state).toEqual(updated.state);

    // Any answer may have brought new credentials: only the newest count.
    const { ref } = last ?? updated;
    await adapter.deleteClient(ref);
    await adapter.deleteClient(ref);
    expect(await adapter.readClient(ref)).toBeNull();
  });

  it("gives its client settings back in a form that its own client form accepts", async () => {
    const made = await adapter.registerClient(specOf());
    expect(connector.client.safeParse(made.state.settings).error?.issues ?? []).toEqual([]);
    await adapter.deleteClient(made.ref);
  });

  it("refuses what the server refuses, in the server's words", async () => {
    const spec = specOf({ grantTypes: ["authorization_code"], redirectUris: ["javascript:alert(1)"] });
    try {
      const made = await adapter.registerClient(spec);
      await adapter.deleteClient(made.ref);
      // A server without an opinion on schemes shows what it registered.
      expect(made.state.redirectUris).toEqual(spec.redirectUris);
    } catch (error) {
      expect(error).toMatchObject({ kind: "rejected", reason: expect.stringMatching(/\S/) });
    }
  });

  it("says that credentials are refused, and shows it in the connection test", async () => {
    const refused = opened(vendor.refusedConnectionInput);
    const kind = await kindOf(refused.registerClient(specOf()));
    expect(kind).toBe("credentials_refused");
    const probes = (await refused.checkAccess?.()) ?? [];
    for (const probe of probes) if (probe.status === "failed") expect(probe.fix).toBeTruthy();
    expect((await adapter.checkAccess?.())?.filter(({ status }) => status === "failed") ?? []).toEqual([]);
  });

  it("finds a client by its marker, if it says it can", async () => {
    if (!adapter.findClients) return;
    const spec = specOf();
    const made = await adapter.registerClient(spec);
    const found = await adapter.findClients(spec.marker);
    expect(found.map(({ ref }) => ref.consumerKey)).toEqual([made.ref.consumerKey]);
    const [first] = found;
    if (first) await adapter.deleteClient(first.ref);
    expect(await adapter.findClients(spec.marker)).toEqual([]);
  });

  it("makes a new secret that replaces the old one, if it says it can", async () => {
    if (!adapter.rotateSecret) return;
    const made = await adapter.registerClient(specOf());
    const rotated = await adapter.rotateSecret(made.ref);
    expect(rotated.ref.consumerKey).toBe(made.ref.consumerKey);
    expect(rotated.ref.consumerSecret?.reveal()).not.toBe(made.ref.consumerSecret?.reveal());
    expect(await kindOf(adapter.issueToken?.(rotated.ref, { scopes: [] }))).toBe("answered");
    await expectDead(made.ref);
    await adapter.deleteClient(rotated.ref);
  });

  /** A replaced secret is dead, at the latest when the declared overlap is over. */
  async function expectDead(ref: ClientRef): Promise<void> {
    const { overlapSeconds } = connector.consumerSecrets;
    if (overlapSeconds > 0) {
      if (!vendor.fake?.pass) return;
      vendor.fake.pass(overlapSeconds + 1);
    }
    expect(await kindOf(adapter.issueToken?.(ref, { scopes: [] }))).toBe("credentials_refused");
  }

  it("keeps several secrets side by side, if it says it can", async () => {
    const { secrets } = adapter;
    if (!secrets) return;
    const made = await adapter.registerClient(specOf());
    const before = await secrets.list(made.ref);
    expect(before.filter(({ isActive }) => isActive)).toHaveLength(1);
    const { client, secret } = await secrets.add(made.ref, {});
    expect(client.ref.consumerSecret?.reveal()).not.toBe(made.ref.consumerSecret?.reveal());
    for (const ref of [made.ref, client.ref]) {
      expect(await kindOf(adapter.issueToken?.(ref, { scopes: [] }))).toBe("answered");
    }
    const both = await secrets.list(client.ref);
    expect(both.map(({ id }) => id)).toContain(secret.id);
    expect(both.filter(({ isActive }) => isActive)).toHaveLength(2);
    expect(JSON.stringify(both)).not.toContain(client.ref.consumerSecret?.reveal());
    const [first] = before;
    if (!first) throw new Error("A client with a secret has none.");
    await secrets.remove(client.ref, first.id);
    await secrets.remove(client.ref, first.id);
    expect(await kindOf(adapter.issueToken?.(client.ref, { scopes: [] }))).toBe("answered");
    await expectDead(made.ref);
    await adapter.deleteClient(client.ref);
  });

  it("issues a token, sees it live and sees it dead, if it says it can", async () => {
    if (!adapter.issueToken) return;
    const made = await adapter.registerClient(specOf());
    const token = await adapter.issueToken(made.ref, { scopes: [] });
    expect(token.accessToken.reveal().length).toBeGreaterThan(15);
    expect(token.expiresInSeconds).toBeGreaterThan(0);
    const found = await adapter.introspectToken?.(token.accessToken);
    if (found) expect(found).toMatchObject({ active: true, consumerKey: made.ref.consumerKey });
    await adapter.revokeToken?.(made.ref, token.accessToken);
    if (adapter.revokeToken && adapter.introspectToken) {
      expect(await adapter.introspectToken(token.accessToken)).toEqual({ active: false });
    }
    if (adapter.introspectToken) {
      expect(await adapter.introspectToken(new Secret("nobody-issued-this"))).toEqual({ active: false });
    }
    // A server may refuse a scope it does not know, or leave it out (RFC 6749 §3.3).
    expect(["rejected", "answered"]).toContain(
      await kindOf(adapter.issueToken(made.ref, { scopes: ["no-such-scope"] })),
    );
    await adapter.deleteClient(made.ref);
  });

  it("accepts the owner of a client made by hand and nobody else, if it says it can", async () => {
    if (!adapter.proveClient) return;
    const { clientId, clientSecret } = await vendor.createClient();
    const ref: ClientRef = { consumerKey: clientId, consumerSecret: new Secret(clientSecret) };
    expect((await adapter.proveClient(ref)).ref.consumerKey).toBe(clientId);
    const wrong = { ...ref, consumerSecret: new Secret(`${clientSecret}x`) };
    expect(await kindOf(adapter.proveClient(wrong))).toBe("credentials_refused");
    const unknown = { ...ref, consumerKey: `${clientId}-unknown` };
    expect(["credentials_refused", "not_found"]).toContain(await kindOf(adapter.proveClient(unknown)));
    expect(["credentials_refused", "unsupported"]).toContain(
      await kindOf(adapter.proveClient({ consumerKey: clientId })),
    );
  });

  it("manages scopes and lets a client ask for exactly those it was granted, if it says it can", async () => {
    const { scopes } = adapter;
    if (!scopes) return;
    const [one, other] = [`orders:read-${crypto.randomUUID()}`, `orders:write-${crypto.randomUUID()}`];
    await scopes.save({ name: one, description: "Read" });
    await scopes.save({ name: one, description: "Read orders" });
    await scopes.save({ name: other, description: "Write" });
    expect(await scopes.list()).toContainEqual({ name: one, description: "Read orders" });
    const made = await adapter.registerClient(specOf());
    // A server may refuse a scope that was not granted, or leave it out (RFC 6749 §3.3).
    const gets = async (name: string): Promise<boolean> => {
      try {
        return (await adapter.issueToken?.(made.ref, { scopes: [name] }))?.scopes.includes(name) ?? false;
      } catch (error) {
        if (isConnectorError(error) && error.kind === "rejected") return false;
        throw error;
      }
    };
    const withoutGrant = connector.scopeGrants === "any_client";
    await scopes.grant(made.ref, [one]);
    expect(await gets(one)).toBe(true);
    expect(await gets(other)).toBe(withoutGrant);
    await scopes.grant(made.ref, []);
    expect(await gets(one)).toBe(withoutGrant);
    for (const name of [one, one, other]) await scopes.remove(name);
    expect((await scopes.list()).map(({ name }) => name)).not.toContain(one);
    await adapter.deleteClient(made.ref);
  });

  describe("faults of a real server", () => {
    const kinds: Partial<Record<FaultName, ConnectorErrorKind>> = {
      "rate-limited": "rate_limited",
      "rate-limited-silently": "rate_limited",
      "error-after-write": "unreachable",
      html: "bad_response",
      truncated: "bad_response",
    };
    it.each(faultNames)("%s", { timeout: 60_000 }, async (fault) => {
      // A wrong issuer is found by discovery, which is not the adapter's; slowness has limits of its own.
      if (!vendor.fake || fault === "slow" || fault === "wrong-issuer") return;
      if (fault === "replication-delay" && !vendor.fake.lags) return;
      const spec = specOf();
      vendor.fake.fail(fault);
      const kind = await kindOf(opened(vendor.connectionInput).registerClient(spec));
      vendor.fake.recover();
      // Not knowing what was made a moment ago is overcome, not reported.
      expect(kind).toBe(kinds[fault] ?? "answered");
      for (const { ref } of (await adapter.findClients?.(spec.marker)) ?? []) await adapter.deleteClient(ref);
    });
  });

  describe("failures on the way", () => {
    const cases: [string, Fault, ConnectorErrorKind][] = [
      ["no answer", "unreachable", "unreachable"],
      ["an answer that comes too late", "timeout", "unreachable"],
      ["an address that may not be called", "address_refused", "misconfigured"],
      ["a redirect", "redirect", "bad_response"],
      ["an answer that is too large", "too_large", "bad_response"],
      ["a page instead of data", "nonsense", "bad_response"],
      ["an empty success", { status: 200, body: "" }, "bad_response"],
      ["null", { status: 200, body: null }, "bad_response"],
      ["a list", { status: 200, body: "[]" }, "bad_response"],
      ["401", { status: 401, body: { error: "invalid_token" } }, "credentials_refused"],
      ["403", { status: 403, body: { error: "insufficient_scope" } }, "credentials_refused"],
      ["409", { status: 409, body: { error: "exists" } }, "conflict"],
      ["422", { status: 422, body: { message: "no" } }, "rejected"],
      ["429", { status: 429, headers: { "retry-after": "7" } }, "rate_limited"],
      ["500", { status: 500, body: { error: "server_error" } }, "unreachable"],
      ["503 with a wait", { status: 503, headers: { "retry-after": "7" } }, "rate_limited"],
    ];
    it.each(cases)("%s becomes the kind that stands for it", async (_name, failure, kind) => {
      if (!vendor.fake) return;
      const made = await adapter.registerClient(specOf());
      vendor.fake.fail(failure);
      expect(await kindOf(opened(vendor.connectionInput).registerClient(specOf()))).toBe(kind);
      const isSuccess = typeof failure === "object" && failure.status === 200;
      // A client whose own token is refused everywhere counts as gone; no other failure proves that.
      const deleted = await kindOf(opened(vendor.connectionInput).deleteClient(made.ref));
      if (!isSuccess && kind !== "credentials_refused" && failure !== "nonsense") expect(deleted).not.toBe("answered");
      vendor.fake.recover();
      await adapter.deleteClient(made.ref);
    });

    it("clamps how long a server asks to wait", async () => {
      if (!vendor.fake) return;
      for (const [text, seconds] of [
        ["7", 7],
        ["315360000", 300],
        ["-5", undefined],
        ["soon", undefined],
      ] as const) {
        vendor.fake.fail({ status: 429, headers: { "retry-after": text } });
        await expect(opened(vendor.connectionInput).registerClient(specOf())).rejects.toMatchObject({
          kind: "rate_limited",
          retryAfterSeconds: seconds,
        });
        vendor.fake.recover();
      }
    });

    it("never repeats a secret that the server throws back, nor text that could do harm", async () => {
      if (!vendor.fake) return;
      vendor.fake.fail({ status: 400, body: {} });
      await kindOf(opened(vendor.connectionInput).registerClient(specOf()));
      vendor.fake.recover();
      const sent = sentWith(vendor.fake.requests.at(-1));
      const canaries = vendor.canaries.filter((canary) => sent.includes(canary));
      expect(canaries).not.toEqual([]);
      const words = `bad ${canaries.join(" ")} \u001b[31mred\r\nforged: line <script>\u202e${"x".repeat(5000)}`;
      const body = { error: "invalid_client_metadata", error_description: words, errorMessage: words };
      vendor.fake.fail({ status: 400, body });
      const error: unknown = await opened(vendor.connectionInput)
        .registerClient(specOf())
        .catch((thrown: unknown) => thrown);
      vendor.fake.recover();
      if (!isConnectorError(error)) throw error;
      expect(error.reason).not.toMatch(/[\p{Cc}\u202e]/u);
      expect(error.reason?.length).toBeLessThanOrEqual(300);
      for (const canary of canaries) expect(error.reason).not.toContain(canary);
    });

    it("tells an outage from an absence", async () => {
      if (!vendor.fake) return;
      const made = await adapter.registerClient(specOf());
      vendor.fake.fail({ status: 500 });
      expect(await kindOf(opened(vendor.connectionInput).readClient(made.ref))).toBe("unreachable");
      vendor.fake.recover();
      await adapter.deleteClient(made.ref);
    });
  });

  it("has let no secret into a log", () => {
    for (const canary of vendor.canaries) for (const line of lines) expect(line).not.toContain(canary);
  });
}
