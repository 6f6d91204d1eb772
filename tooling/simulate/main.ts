/** `npm run simulate -- <vendor>`: a vendor to try a connector with, without the vendor. */
import { parseArgs } from "node:util";
import { faultNames } from "#lib/connector-kit/simulator.ts";
import { findSimulator, simulatedVendors } from "./find.ts";
import { faultsPath, serveSimulator } from "./serve.ts";

const help = `
npm run simulate -- <vendor> [--port 4100] [--fault slow]

Vendors: ${simulatedVendors().join(", ")}
Faults:  ${faultNames.join(", ")}
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: "string", short: "p", default: "4100" },
    fault: { type: "string", short: "f" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const [vendor] = positionals;
if (values.help || !vendor) {
  console.log(help);
} else {
  await simulateVendor(vendor).catch((error: unknown) => {
    console.error(`\n${error instanceof Error ? error.message : String(error)}\n${help}`);
    process.exitCode = 1;
  });
}

async function simulateVendor(name: string): Promise<void> {
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`“${values.port}” is no port.`);
  const fault = faultNames.find((known) => known === values.fault);
  if (values.fault !== undefined && !fault) throw new Error(`There is no fault “${values.fault}”.`);
  const running = await serveSimulator(await findSimulator(name), { port });
  if (fault) running.vendor.fail(fault);
  const { clientId, clientSecret } = await running.vendor.createClient();
  console.log(`
A simulator of ${name}. It is not the vendor's software: it follows the vendor's published API, and forgets everything
when it ends.

  In the environment of the portal      LATCHKEY_OUTBOUND_ALLOW=${running.address}
  Well-known URL                        ${running.vendor.wellKnownUrl}
  Issuer                                ${running.vendor.settings.issuer}

Connection:
${listed(running.vendor.connectionInput)}

A client made by hand, to be mapped:
  consumer key     ${clientId}
  consumer secret  ${clientSecret}

Faults${fault ? ` (now: ${fault})` : ""}:
  curl -X POST http://${running.address}${faultsPath} -d '{"fault":"slow","times":3}'
  curl -X DELETE http://${running.address}${faultsPath}
`);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void running.stop());
}

function listed(values: object, indent = "  "): string {
  return Object.entries(values)
    .map(([name, value]) =>
      typeof value === "object" && value !== null
        ? `${indent}${name}:\n${listed(value as object, `${indent}  `)}`
        : `${indent}${name}: ${String(value)}`,
    )
    .join("\n");
}
