// @ts-check
/**
 * `npm start`: from a fresh clone, or from yesterday's state, to a serving portal. Runs on the machine's own
 * Node (20.19 or newer) with nothing installed; hands over to Node 24 when everything stands.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  buildPages,
  generateClient,
  installDependencies,
  makeOwnFolder,
  modernNode,
  ownFolder,
  root,
  wordsOf,
} from "./bootstrap/checkout.mjs";
import { takeLock } from "./bootstrap/process-lock.mjs";
import { explain, refusal } from "./bootstrap/words.mjs";

const help = `
npm start                    set up what is missing, then serve the portal
npm start -- --demo          the same, with demo tenants, people, APIs, keys and a second key manager beside it
npm start -- --port 4000     serve on another port (also: PORT=4000)
npm run dev                  serve with pages that reload as you edit them

Settings come from the environment or from a file .env; .env.example describes them.
`;

try {
  await main();
} catch (error) {
  process.exitCode = explain(error);
}

async function main() {
  const options = readOptions();
  if (options.help) {
    console.log(help);
    return;
  }
  requireNode();
  process.chdir(root);
  if (existsSync(".env")) process.loadEnvFile(".env");
  const port = readPort(options.port ?? process.env["PORT"] ?? "3000");
  process.env["PORT"] = String(port);
  process.env["HOST"] ??= "127.0.0.1";
  process.env["LATCHKEY_ORIGIN"] ??= `http://localhost:${port}`;

  makeOwnFolder();
  const lock = await onlyOne();
  try {
    await requireFreePort(port, process.env["HOST"]);
    lock.note({ address: process.env["LATCHKEY_ORIGIN"] });
    console.log(`\nLatchkey ${JSON.parse(readFileSync("package.json", "utf8")).version}\n`);
    // Set before anything is loaded: libraries look at it once.
    process.env["NEXT_TELEMETRY_DISABLED"] = "1";
    await installDependencies({ development: options.dev });
    const node = modernNode();
    await generateClient();
    if (!options.dev) await buildPages();
    await handOver(node, options);
  } finally {
    lock.release();
  }
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        dev: { type: "boolean", default: false },
        demo: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
        port: { type: "string", short: "p" },
      },
    });
    return { dev: values.dev ?? false, demo: values.demo ?? false, help: values.help ?? false, port: values.port };
  } catch (error) {
    throw refusal(`${error instanceof Error ? error.message : error}\n${help}`);
  }
}

/** @param {string} text */
function readPort(text) {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw refusal(`The port must be a number from 1 to 65535, not "${text}".`);
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw refusal(`Latchkey starts on Node 20.19 or newer; this is Node ${process.versions.node}.`);
}

/** One start at a time works on a checkout. One that is just ending is waited for. */
async function onlyOne() {
  const file = join(ownFolder, "serve.lock");
  const deadline = Date.now() + 5_000;
  for (;;) {
    const lock = takeLock(file);
    if (lock.taken) return lock;
    if (Date.now() > deadline) {
      const { processId, address } = lock.holder;
      throw refusal(
        `Latchkey is started from this folder already (process ${processId}). Open ${address ?? "it"}, or stop that one first.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/**
 * Asked before the long work, not after it.
 *
 * @param {number} port
 * @param {string | undefined} host
 */
async function requireFreePort(port, host) {
  const probe = createServer();
  try {
    await new Promise((resolve, reject) => {
      probe.once("error", reject);
      probe.listen(port, host, () => resolve(undefined));
    });
  } catch (error) {
    throw refusal(
      `Cannot serve on ${host}:${port}: ${wordsOf(error)}.\n` +
        `Choose another port with: npm start -- --port ${port === 65535 ? 3000 : port + 1}`,
      error,
    );
  }
  await new Promise((resolve) => probe.close(resolve));
}

/**
 * The rest is TypeScript. In this very process where it is new enough, else in a child that ends with us.
 *
 * @param {string} node
 * @param {{ dev: boolean, demo: boolean }} options
 */
async function handOver(node, { dev, demo }) {
  Object.assign(process.env, { NODE_ENV: dev ? "development" : "production" });
  if (node === process.execPath) {
    // Not resolvable before the dependencies are there, hence late.
    const { serveUntilStopped } = await import("./serve/main.ts");
    await serveUntilStopped({ demo });
    return;
  }
  const child = spawn(node, ["tooling/serve/main.ts", ...(demo ? ["--demo"] : [])], {
    cwd: root,
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT", "SIGHUP"])) {
    process.on(signal, () => child.kill(signal));
  }
  process.exitCode = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
