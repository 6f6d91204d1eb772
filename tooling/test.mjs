// @ts-check
/**
 * `npm test`: runs on the machine's own Node with nothing installed, brings the dependencies, and hands over
 * to Node 24. `npm test -- --help` says what can be chosen.
 */
import { spawn } from "node:child_process";
import { installDependencies, makeOwnFolder, modernNode, root } from "./bootstrap/checkout.mjs";
import { explain } from "./bootstrap/words.mjs";
import { nothingRan } from "./test/names.mjs";

try {
  const startedAt = performance.now();
  makeOwnFolder();
  await installDependencies({ development: true });
  const child = spawn(modernNode(), ["tooling/test/main.ts", ...process.argv.slice(2)], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, LATCHKEY_INSTALL_MS: String(Math.round(performance.now() - startedAt)) },
  });
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT"])) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
} catch (error) {
  process.exitCode = explain(error);
  console.log(nothingRan(error));
}
