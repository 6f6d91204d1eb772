/**
 * What every connector must do, whatever stands behind it. A connector's conformance.test.ts calls this
 * over its simulator; its conformance.live.test.ts calls the same over a real server.
 */
import { describe, expect, it } from "vitest";
import { describeUnless } from "#tooling/testing/needs.ts";
import { setUpBench, type ConformanceOptions, type ConformanceVendor } from "./conformance/bench.ts";
import { checkDeclaration } from "./conformance/declaration.ts";
import { checkFaults } from "./conformance/faults.ts";
import { checkLifeCycle } from "./conformance/life-cycle.ts";
import { checkOwners } from "./conformance/owners.ts";
import { checkPreset } from "./conformance/preset.ts";
import { checkScopes } from "./conformance/scopes.ts";
import { checkSecrets } from "./conformance/secrets.ts";
import { checkTokens } from "./conformance/tokens.ts";
import { capabilities, type Connector } from "./contract.ts";
import { describeFields } from "./descriptors.ts";
import { editSchema, mergeSecrets, splitSecrets } from "./edit-schema.ts";
import type { SimulatedVendor } from "./simulator.ts";

/** A simulator as the suite takes it. */
export function simulated(vendor: SimulatedVendor): ConformanceVendor {
  return { ...vendor, fake: vendor };
}

/** Runs the suite. */
export function describeConnector(connector: Connector, options: ConformanceOptions): void {
  describe(`${connector.id}: declaration`, () => checkDeclaration(connector));
  const lacking = options.unavailable ?? null;
  describeUnless(lacking, `${connector.id}: behaviour`, () => checkBehaviour(connector, options));
}

function checkBehaviour(connector: Connector, options: ConformanceOptions): void {
  const bench = setUpBench(connector, options);
  const manages = connector.capabilities.includes("registerClient");

  it("keeps the connection's secrets out of everything that is stored in clear or shown", () => {
    const { connectionInput, canaries } = bench.vendor;
    const parsed = connector.connection.parse(connectionInput);
    const { plain, secrets } = splitSecrets(connector.connection, parsed);
    const shown = JSON.stringify([plain, parsed, describeFields(connector.connection)]);
    for (const canary of canaries) expect(shown).not.toContain(canary);
    expect(connector.connection.parse(mergeSecrets(connector.connection, plain, secrets))).toEqual(parsed);
    const untouched = editSchema(connector.connection).parse(plain);
    expect(connector.connection.parse(mergeSecrets(connector.connection, untouched, secrets))).toEqual(parsed);
  });

  it("provides exactly the capabilities that it declares", () => {
    const provided = capabilities.filter((name) => bench.adapter[name] !== undefined);
    expect(provided.sort()).toEqual([...connector.capabilities].sort());
  });

  if (manages) checkLifeCycle(bench);
  checkPreset(bench);
  checkSecrets(bench);
  checkTokens(bench);
  checkScopes(bench);
  checkOwners(bench);
  if (manages) checkFaults(bench);

  it("has let no secret into a log", () => {
    for (const canary of bench.vendor.canaries) for (const line of bench.lines) expect(line).not.toContain(canary);
  });
}
