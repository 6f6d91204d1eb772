import { describe } from "vitest";
import { describeConnector, simulated } from "#lib/connector-kit/conformance.ts";
import { entra } from "./index.ts";
import { simulator } from "./simulator.ts";

describe("the shared suite", () => {
  describeConnector(entra, { start: async () => simulated(await simulator.open({ origin: "https://entra.test" })) });
});
