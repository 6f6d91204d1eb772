/** The conformance suite with a vendor's own OpenAPI document looking on: nothing may be said that it does not allow. */
import { afterAll, expect, it } from "vitest";
import { describeConnector, simulated } from "#lib/connector-kit/conformance.ts";
import type { ConformanceOptions } from "#lib/connector-kit/conformance/bench.ts";
import type { Connector } from "#lib/connector-kit/contract.ts";
import type { Simulator } from "#lib/connector-kit/simulator.ts";
import { describeUnless } from "./needs.ts";
import { readVendorSpec } from "./vendor-spec.ts";

export type ContractOptions = {
  /** Name of the vendor's document. */
  spec: string;
  /** Which paths the document speaks of; discovery and key sets are the standards'. */
  paths: RegExp;
  /** Operations that must have been seen, as “GET /path/{parameter}”: proof that something was compared. */
  sees: readonly string[];
  /** Client form values beside the defaults. */
  client?: Record<string, unknown>;
  /** As in the conformance suite. */
  nameAtServer?: ConformanceOptions["nameAtServer"];
  growth?: ConformanceOptions["growth"];
  /** Sentences of the document that the vendor's own server contradicts, each with where that is known from. */
  contradicted?: readonly { problem: RegExp; source: string }[];
};

/** Runs the suite against a simulator; every request of the connector and every answer of the simulator is checked. */
export function describeContract(connector: Connector, simulator: Simulator, options: ContractOptions): void {
  const spec = readVendorSpec(options.spec);
  const lacking = spec
    ? null
    : `The vendor's description ${options.spec}.openapi.json does not lie beside this checkout.`;
  describeUnless(lacking, `${connector.id}: with the vendor's description of its API`, () => {
    describeConnector(connector, {
      ...(options.client && { client: options.client }),
      ...(options.nameAtServer && { nameAtServer: options.nameAtServer }),
      ...(options.growth && { growth: options.growth }),
      async start() {
        const vendor = await simulator.open({ origin: "https://vendor.test" });
        const watched = spec?.watch(vendor.fetch, options.paths) ?? vendor.fetch;
        // A fault is no answer of the vendor: while one is planned, nobody looks on.
        let faults = 0;
        return {
          ...simulated(vendor),
          fetch: (url, init) => (faults > 0 ? vendor.fetch(url, init) : watched(url, init)),
          fake: {
            ...vendor,
            fail(fault, scope) {
              faults += 1;
              return vendor.fail(fault, scope);
            },
            recover() {
              faults = 0;
              vendor.recover();
            },
          },
        };
      },
    });

    const allowed = ({ problem }: { problem: string }) =>
      options.contradicted?.some(({ problem: known }) => known.test(problem)) ?? false;
    it("nothing was said that the description does not know", () => {
      expect(spec?.problems.filter((problem) => !allowed({ problem }))).toEqual([]);
    });
    it("and the description was really looked at", () => {
      expect([...(spec?.seen ?? [])]).toEqual(expect.arrayContaining([...options.sees]));
    });
    afterAll(() => {
      console.log(`${connector.id}: ${spec?.seen.size ?? 0} operations compared`);
    });
  });
}
