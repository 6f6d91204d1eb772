import { describe } from "vitest";
import { describeConnector, simulated } from "#lib/connector-kit/conformance.ts";
import { auth0 } from "./index.ts";
import { simulator } from "./simulator.ts";

describe("the shared suite", () => {
  describeConnector(auth0, { start: async () => simulated(await simulator.open({ origin: "https://auth0.test" })) });
});
