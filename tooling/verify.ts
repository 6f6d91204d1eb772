/** `npm run verify`: everything that needs no database, no build and no browser. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const withoutDatabase = "generate,types,format,lint,boundaries,dead code,unit,schema drift,container files";
const main = fileURLToPath(new URL("./test/main.ts", import.meta.url));
const { status } = spawnSync(process.execPath, [main, "--only", withoutDatabase], { stdio: "inherit" });
process.exitCode = status ?? 1;
