/** Run by `npm run conformance`, which names connector and vendor in the environment. */
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import { describeConnector, simulated } from "#lib/connector-kit/conformance.ts";
import { vendorKit, type VendorModule } from "#lib/connector-kit/conformance/vendor-kit.ts";
import { loadConnector } from "#lib/runtime/own-connectors.ts";

const { CONFORMANCE_CONNECTOR: entry = "", CONFORMANCE_VENDOR: vendorFile = "" } = process.env;
const connector = await loadConnector(entry);
const { default: start } = (await import(pathToFileURL(resolve(vendorFile)).href)) as { default: VendorModule };

describeConnector(connector, {
  async start() {
    const vendor = await start(vendorKit);
    return "wellKnownUrl" in vendor ? simulated(vendor) : vendor;
  },
});
