import { join } from "node:path";
import type { Dependencies } from "#lib/features/context.ts";
import { isAppError } from "#lib/foundation/errors.ts";
import { step } from "../bootstrap/words.mjs";
import type { ExternalKeyManager } from "./key-manager-process.ts";
import { memoryIn } from "./memory.ts";
import { sampleCall } from "./worlds.ts";

/**
 * Prepares the demo and prints where to begin. The portal serves already: a demo that cannot be completed is
 * told, and takes nothing away.
 */
export async function showDemo(
  deps: Dependencies,
  { keyManager, folder }: { keyManager: ExternalKeyManager; folder: string },
): Promise<void> {
  // Loaded late: what it imports reads the environment.
  const { seedDemo } = await import("./seed.ts");
  try {
    await step("Starting the demo's key manager", keyManager.ready);
    const memory = memoryIn(join(folder, "memory.json"));
    const { people, issuers, question } = await step("Preparing the demo", () =>
      seedDemo(deps, { server: keyManager, memory }),
    );
    console.log("\n  Key managers of the demo:\n");
    const width = Math.max(...issuers.map(({ tenant, keyManager: name }) => tenant.length + name.length + 3));
    for (const { tenant, keyManager: name, issuer } of issuers) {
      console.log(`  ${`${tenant} · ${name}`.padEnd(width)}  ${issuer}`);
    }
    if (people.length > 0) console.log("\n  People of the demo; each link works once, within 24 hours:");
    for (const { tenant, name, roles, url } of people) console.log(`\n  ${name}, ${roles} of ${tenant}\n  ${url}`);
    if (question !== null) {
      console.log(`\n  Ask as a gateway would: may this token call ${sampleCall.method} ${sampleCall.requestPath}?`);
      console.log(`  Then try DELETE, which its scope does not allow. The token lives for an hour.\n\n  ${question}`);
    } else {
      console.log("\n  The keys of the sample call are not ready, so there is no question to show this time.");
    }
    console.log("");
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const words = isAppError(error) ? error.message : (error.stack ?? error.message);
    console.error(`\n  The demo is not complete; the next start goes on with it.\n  ${words}\n`);
  }
}
