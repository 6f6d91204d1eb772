/** What a developer is shown runs as shown at each vendor's simulator: over HTTP, without the portal. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { managing, type Connector } from "#lib/connector-kit/contract.ts";
import { describeFields, initialValues } from "#lib/connector-kit/descriptors.ts";
import { splitSecrets } from "#lib/connector-kit/edit-schema.ts";
import { standardTokenParameters } from "#lib/connector-kit/token-parameters.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { findSimulator, simulatedVendors } from "#tooling/simulate/find.ts";
import { serveSimulator, type RunningSimulator } from "#tooling/simulate/serve.ts";
import { describeUnless, lackingProgram } from "#tooling/testing/needs.ts";
import { secretPlaceOf, tokenSnippets } from "./snippets.ts";

const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vendor-snippets-"));
});
afterAll(() => rm(folder, { recursive: true }));

const programs: Record<string, { file: string; command: string }> = {
  curl: { file: "token.sh", command: "sh" },
  node: { file: "token.mjs", command: process.execPath },
  python: { file: "token.py", command: "python3" },
};

const needs = { curl: "curl", node: process.execPath, python: "python3" };
const lacking = Object.entries(needs).map(([id, program]) => ({ id, reason: lackingProgram(program) }));

/** Runs what a person would copy, as it is. @returns what was printed */
async function execute(id: string, code: string, secret: string): Promise<string> {
  const program = programs[id];
  if (!program) throw new Error(`No program runs ${id}.`);
  const path = join(folder, program.file);
  await writeFile(path, code);
  return (await run(program.command, [path], { env: { ...process.env, CONSUMER_SECRET: secret } })).stdout;
}

async function connectorOf(vendorName: string): Promise<Connector> {
  const { connectorId } = await findSimulator(vendorName);
  const declared = (await import(`#connectors/${vendorName}/index.ts`)) as Record<string, Connector>;
  const connector = Object.values(declared).find(({ id }) => id === connectorId);
  if (!connector) throw new Error(`${vendorName} is not declared.`);
  return connector;
}

it("every program that is shown is tried", () => {
  const shown = tokenSnippets({
    ...{ tokenEndpoint: "https://vendor.test/token", consumerKey: "key", consumerSecret: null, scopes: [] },
    ...{ parameters: standardTokenParameters, secretIn: "header" },
  });
  expect(shown.map(({ id }) => id)).toEqual(Object.keys(needs));
});

describe.each(simulatedVendors())("at %s", (vendorName) => {
  let running: RunningSimulator;
  beforeAll(async () => {
    running = await serveSimulator(await findSimulator(vendorName));
  });
  afterAll(() => running.stop());

  /** A client as the portal makes it, with a scope granted where the server has scopes. */
  async function newClient() {
    const connector = await connectorOf(vendorName);
    const { vendor } = running;
    const adapter = managing(
      connector.open(vendor.settings, { fetch: vendor.fetch, clock: systemClock, log: silentLog }),
    );
    const client = await adapter.registerClient({
      name: "Shop (Production)",
      marker: `latchkey-${crypto.randomUUID()}`,
      grantTypes: ["client_credentials"],
      redirectUris: [],
      settings: connector.client.parse(initialValues(describeFields(connector.client))),
    });
    const scope = "orders.read";
    await adapter.scopes?.save({ name: scope, description: "Reads orders" });
    await adapter.scopes?.grant(client.ref, [scope]);
    const { plain: connection } = splitSecrets(connector.connection, vendor.connectionInput);
    const parameters =
      connector.tokenParameters?.({ connection, client: client.state.settings }) ?? standardTokenParameters;
    return {
      client,
      scopes: adapter.scopes ? [scope] : [],
      parameters,
      tokenEndpoint: vendor.settings.endpoints.token,
    };
  }

  for (const { id, reason } of lacking)
    describeUnless(reason, `the ${id} program`, () => {
      it("is issued a token", async () => {
        const { client, scopes, parameters, tokenEndpoint = "" } = await newClient();
        const { consumerKey, consumerSecret } = client.ref;
        const snippets = tokenSnippets({
          ...{ tokenEndpoint, consumerKey, consumerSecret: null, scopes, parameters },
          secretIn: secretPlaceOf(client.state.settings) ?? "header",
        });
        const code = snippets.find((one) => one.id === id)?.code ?? "";
        // Each language prints an object in its own way.
        const printed = await execute(id, code, consumerSecret?.reveal() ?? "");
        expect(printed, code).toMatch(/access_token["']?:\s*["'][\w.~+/-]{8,}/);
      }, 60_000);
    });
});
