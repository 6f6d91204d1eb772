import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { Secret } from "#lib/foundation/secret.ts";
import northwind from "#docs/connectors/example/northwind.vendor.ts";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { describeConnector, simulated } from "../conformance.ts";
import { vendorKit } from "../conformance/vendor-kit.ts";
import { managing, type ClientSpec, type Connector } from "../contract.ts";
import { describeFields } from "../descriptors.ts";
import { isConnectorError } from "../errors.ts";
import { readDescribedConnector } from "./read.ts";

const source = "northwind.yaml";
const text = readFileSync(`docs/connectors/example/${source}`, "utf8");
const example = readDescribedConnector(text, source);

describe("the described connector of the documentation", () => {
  describeConnector(example, {
    start: async () => simulated(await northwind(vendorKit)),
    client: { kind: "machine" },
  });
});

/** The message for the example with one change, and the line in which the change stands. */
function refusalOf(from: string | RegExp, to: string): { message: string; line: number } {
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  const line = changed.split("\n").findIndex((words, at) => words !== text.split("\n")[at]) + 1;
  try {
    readDescribedConnector(changed, source);
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error), line };
  }
  throw new Error("The mistake was not found.");
}

const lineOf = (words: string) => text.split("\n").findIndex((line) => line.startsWith(words)) + 1;

describe("a mistake", () => {
  it.each([
    [
      "a member that is misspelled",
      "    kind: url\n",
      "    kind: url\n    lable: Api\n",
      /lable: This is not known here/,
      1,
    ],
    ["a value that does not exist", "algorithms: [RS256]", "algorithms: [HS256]", /trust\.algorithms\.0/, 0],
    [
      "a placeholder that names nothing",
      "{ref.consumerKey}/secret",
      "{ref.clientKey}/secret",
      /\{ref\.clientKey\} names nothing here/,
      0,
    ],
    ["a pointer that is none", "consumerSecret: /clientSecret", "consumerSecret: clientSecret", /JSON pointer/, 0],
    ["a bad id", "id: northwind", "id: North Wind", /small letters/, 0],
    [
      "a placeholder of another call",
      'names: "{scopes}"',
      'names: "{scope.name}"',
      /administration\.scopes\.grant\.request\.body\.names: \{scope\.name\} names nothing here/,
      0,
    ],
    [
      "a chosen identity that is never sent",
      '"{client.consumerKey}"',
      '"{client.marker}"',
      /preset\.consumerKey: Send it/,
      "preset",
    ],
    ["a pattern that is none", '"[A-Za-z0-9-]{16,100}"', '"[A-Za-z"', /pattern: This is no regular expression/, 0],
    [
      "a chosen key where nothing is sent for one",
      "  consumerKey: { pattern",
      "  consumerName: { pattern",
      /preset\.consumerName: This is not known here/,
      0,
    ],
    ["several secrets without an id", "secret: &secret { id: /number,", "secret: &secret {", /list\.secret\.id/, 0],
    ["scopes that cannot be granted", "    grant:\n", "    allow:\n", /scopes\.allow: This is not known here/, 0],
    [
      "a choice among many that is not offered",
      "fallback: [eu]",
      "fallback: [moon]",
      /“regions” refuses its own fallback/,
      undefined,
    ],
    ["an ability that is both there and missing", "missing:\n", "missing:\n  issueToken: No.\n", /not missing/, 1],
    [
      "a kind of token that cannot be revoked where none can",
      "revokeToken]\n\nmissing:\n",
      "introspectToken]\n\ncannotRevoke:\n  access_token: It lives on.\nmissing:\n  revokeToken: No.\n",
      /cannotRevoke: Nothing is revoked here/,
      undefined,
    ],
    [
      "that no kind of token can be revoked, of a server that revokes",
      "missing:\n",
      "cannotRevoke: { access_token: No., refresh_token: No. }\nmissing:\n",
      /cannotRevoke: A server that ends no kind of token/,
      0,
    ],
    ["an ability that nobody has heard of", "missing:\n", "missing:\n  fly: No.\n", /no ability of this name/, 1],
  ])("is named with its line: %s", (_name, from, to, words, below) => {
    const { message, line } = refusalOf(from, to);
    expect(message).toMatch(words);
    if (below === undefined) return;
    // Either the line of the change itself, or that of the member that it makes wrong.
    const expected = typeof below === "number" ? line : lineOf(`  consumerKey: { pattern`);
    expect(message).toMatch(new RegExp(`^${source}:${String(expected)}:\\d+:`, "m"));
  });

  it("in the writing itself is named too", () => {
    expect(refusalOf("id: northwind", "id: [northwind").message).toMatch(/^northwind\.yaml:\d+:\d+: /);
  });

  it("in what is missing stands at the object that lacks it", () => {
    expect(refusalOf(/^name: .*\n/m, "").message).toMatch(/name/);
    expect(refusalOf("  exchangeToken: Northwind Identity does not exchange tokens.\n", "").message).toMatch(
      /Say why “exchangeToken” is missing/,
    );
  });

  it("is named with all others, not one by one", () => {
    const { message } = refusalOf(/id: northwind([^]*)monogram: Nw/, "id: X$1monogram: long");
    expect(message.split("\n").length).toBeGreaterThan(1);
  });
});

describe("a template", () => {
  it("never lets a value climb out of its path", async () => {
    const vendor = await northwind(vendorKit);
    const adapter = example.open(vendor.settings, { fetch: vendor.fetch, clock: systemClock, log: silentLog });
    expect(await adapter.readClient?.({ consumerKey: "../../id/keys" })).toBeNull();
    expect(vendor.requests.at(-1)?.url).toContain("..%2F..%2Fid%2Fkeys");
  });
});

describe("fields", () => {
  it("are of every kind that a module's form has but nested ones", () => {
    const fields = describeFields(example.client);
    expect(fields.find(({ name }) => name === "regions")).toMatchObject({ kind: "multiChoice", fallback: ["eu"] });
    expect(fields.find(({ name }) => name === "certificate")).toMatchObject({ kind: "certificate", optional: true });
    expect(fields.find(({ name }) => name === "notes")).toMatchObject({ kind: "text", multiline: true });
    expect(example.client.safeParse({ regions: ["eu", "moon"] }).success).toBe(false);
    expect(example.client.safeParse({ certificate: "no PEM" }).success).toBe(false);
    const changed = text.replace("    kind: secret\n", "    kind: secret\n    multiline: true\n");
    const [, apiKey] = describeFields(readDescribedConnector(changed, source).connection);
    expect(apiKey).toMatchObject({ kind: "secret", multiline: true });
  });

  it("reach the server and come back", async () => {
    const { adapter } = await world();
    const { certificate } = selfSigned("app.example");
    const settings = example.client.parse({ regions: ["eu", "us"], certificate, notes: "One\nTwo" });
    const { state } = await adapter.registerClient(specOf({ settings }));
    expect(state.settings).toMatchObject({ regions: ["eu", "us"], certificate: certificate.trim(), notes: "One\nTwo" });
  });
});

/** Northwind, and an adapter for it by the example or a changed one. */
async function world(connector: Connector = example) {
  const vendor = await northwind(vendorKit);
  const open = (fetch: OutboundFetch) =>
    managing(connector.open(vendor.settings, { fetch, clock: systemClock, log: silentLog }));
  return { vendor, open, adapter: open(vendor.fetch) };
}

function specOf(changes: Partial<ClientSpec> = {}): ClientSpec {
  const marker = `latchkey-${crypto.randomUUID()}`;
  const settings = example.client.parse({}) as Record<string, unknown>;
  return { name: "App", marker, grantTypes: ["client_credentials"], redirectUris: [], settings, ...changes };
}

async function failureOf(call: Promise<unknown> | undefined) {
  try {
    await call;
  } catch (error) {
    if (isConnectorError(error)) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

describe("a chosen identity", () => {
  it.each([
    ["key", { clientId: "another" }],
    ["secret", { clientSecret: "another" }],
  ])("is the client's, or there is no client: the server made another %s", async (_name, other) => {
    const { vendor, open } = await world();
    const fetch: OutboundFetch = async (url, init) => {
      const response = await vendor.fetch(url, init);
      if (init?.method !== "POST" || !url.endsWith("/apps")) return response;
      const { app } = (await response.json()) as { app: object };
      return Response.json({ app: { ...app, ...other } }, { status: 201 });
    };
    const spec = specOf({ consumerKey: "my_own_key", consumerSecret: new Secret("a-secret-of-my-own") });
    const error = await failureOf(open(fetch).registerClient(spec));
    expect(error).toMatchObject({ kind: "bad_response", message: expect.stringContaining("chosen") });
    expect(vendor.requests.at(-1)).toMatchObject({ method: "DELETE" });
  });
});

describe("secrets", () => {
  const add = 'body: { until: "{secret.expiresAt}" }';

  it("that cannot be given an end are declared so, and refuse one", async () => {
    const endless = readDescribedConnector(text.replace(add, "body: {}"), source);
    expect([example.consumerSecrets.canExpire, endless.consumerSecrets.canExpire]).toEqual([undefined, false]);
    expect(endless.consumerSecrets.atOnce).toBe(3);
    const { adapter } = await world(endless);
    const { ref } = await adapter.registerClient(specOf());
    const late = new Date(Date.now() + 60_000);
    expect((await failureOf(adapter.secrets?.add(ref, { expiresAt: late }))).kind).toBe("unsupported");
    expect(await adapter.secrets?.list(ref)).toHaveLength(1);
  });

  it("are not lost where the answer does not name them, or the client cannot be read after a change", async () => {
    const { vendor, open } = await world();
    const { ref } = await open(vendor.fetch).registerClient(specOf());
    const fetch: OutboundFetch = async (url, init) => {
      const response = await vendor.fetch(url, init);
      if (init?.method !== "POST" || !url.endsWith("/secrets")) return response;
      const { clientSecret } = (await response.json()) as { clientSecret: string };
      return Response.json({ clientSecret }, { status: 201 });
    };
    const unnamed = await failureOf(open(fetch).secrets?.add(ref, {}));
    expect(unnamed.kind).toBe("bad_response");
    expect(unnamed.credentials?.consumerSecret?.reveal()).toMatch(/^canary-/);

    vendor.fail({ status: 500 }, { method: "GET", path: /\/apps\// });
    const unread = await failureOf(open(vendor.fetch).rotateSecret?.(ref));
    const consumerSecret = unread.credentials?.consumerSecret;
    vendor.recover();
    const client = { ...ref, ...(consumerSecret && { consumerSecret }) };
    expect((await open(vendor.fetch).issueToken?.(client, { scopes: [] }))?.accessToken).toBeDefined();
  });
});

describe("tokens of a kind that the server does not end", () => {
  const reason = "Northwind's access tokens live until they expire.";
  const changed = text.replace("missing:\n", `cannotRevoke:\n  access_token: ${reason}\nmissing:\n`);

  it("are refused with the reason, without asking it; the others are ended", async () => {
    const connector = readDescribedConnector(changed, source);
    expect(connector.cannotRevoke).toEqual({ access_token: reason });
    const { vendor, adapter } = await world(connector);
    const { ref } = await adapter.registerClient(specOf());
    const token = (await adapter.issueToken?.(ref, { scopes: [] }))?.accessToken ?? new Secret("none");
    const asked = vendor.requests.length;
    const error = await failureOf(adapter.revokeToken?.(ref, token, "access_token"));
    expect(error).toMatchObject({ kind: "unsupported", message: expect.stringContaining(reason) as string });
    expect(vendor.requests).toHaveLength(asked);
    await adapter.revokeToken?.(ref, token, "refresh_token");
    expect(vendor.requests.length).toBeGreaterThan(asked);
  });
});

describe("scopes", () => {
  it("that are as they should be are not written again", async () => {
    const { vendor, adapter } = await world();
    const scope = { name: "orders", description: "Orders" };
    for (const _ of [1, 2]) await adapter.scopes?.save(scope);
    expect(vendor.requests.filter(({ method }) => method !== "GET")).toHaveLength(1);
    vendor.fail({ status: 200, body: [{ text: "no name" }] }, { path: /\/scopes$/ });
    expect((await failureOf(adapter.scopes?.list())).kind).toBe("bad_response");
  });

  it("need an administration, not clients: a server whose clients are mapped may have them", () => {
    const clients = /\n {2}clients:\n[^]*?(?=\n {2}scopes:)/;
    const mapped = text
      .replace(clients, "")
      .replace(/\npreset:\n.*\n.*\n/, "\n")
      .replace(/\n {2}atOnce: 3/, "")
      .replace("missing:\n", "missing:\n  registerClient: No.\n  findClients: No.\n  rotateSecret: No.\n");
    const connector = readDescribedConnector(mapped, source);
    expect(connector.capabilities).toContain("scopes");
    expect(connector.missing.secrets).toBeDefined();
  });
});
