/** The kit, with what a simulated vendor is built from: handed to the server side of a connector's tests. */
import { kit } from "../kit.ts";
import { clientOf, json, oauthError, simulate, simulatorMark, type SimulatedVendor } from "../simulator.ts";
import type { ConformanceVendor } from "./bench.ts";

export const vendorKit = { ...kit, simulate, simulatorMark, json, oauthError, clientOf } as const;
export type VendorKit = typeof vendorKit;

/** What a module with a connector's server side exports as its default: a simulated vendor, or the way to a real one. */
export type VendorModule = (
  kit: VendorKit,
) => Promise<SimulatedVendor | ConformanceVendor> | SimulatedVendor | ConformanceVendor;
