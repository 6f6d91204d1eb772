/**
 * The second half of a start: database, secrets, migrations, and then the portal until somebody stops it.
 * Production containers run this file directly; `npm start` loads it when everything is installed and built.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { migrate, requireBoundRole } from "#lib/data/migrate.ts";
import { parseEnv } from "#lib/foundation/env.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { makeOwnFolder, ownFolder, root, wordsOf } from "../bootstrap/checkout.mjs";
import { explain, refusal, step } from "../bootstrap/words.mjs";
import { holdsCluster, startEmbedded, type EmbeddedDatabase } from "../database/embedded.ts";
import { runExternalKeyManager, type ExternalKeyManager } from "../demo/key-manager-process.ts";
import { showDemo } from "../demo/show.ts";
import { completeSecrets } from "./secrets.ts";
import { watchStops } from "./stops.ts";

/** Serves until a signal, or the end of the process that started us, says stop. */
export async function serveUntilStopped({ demo }: { demo: boolean }): Promise<void> {
  // The database driver warns of how Prisma loads relations; that is theirs to settle, and no news to an operator.
  process.noDeprecation = true;
  const stops = watchStops();
  let keyManager: ExternalKeyManager | undefined;
  let embedded: EmbeddedDatabase | undefined;
  try {
    if (demo) keyManager = await startDemoKeyManager();
    embedded = await prepareDatabase();
    if (stops.asked()) return;
    await serveOn(stops.whenAsked, { keyManager, embedded });
  } finally {
    await keyManager?.stop();
    await embedded?.stop();
  }
}

async function serveOn(
  whenStopped: Promise<string>,
  { keyManager, embedded }: { keyManager: ExternalKeyManager | undefined; embedded: EmbeddedDatabase | undefined },
): Promise<void> {
  // Loaded late: they read the environment, which is complete only now.
  const { runtime } = await import("#lib/runtime.ts");
  const { ensureFirstOperator } = await import("#lib/features/identity/first-operator.ts");
  const { serve } = await import("../../server.ts");
  const serving = await step("Starting the portal", serve);
  try {
    const link = await ensureFirstOperator(runtime().deps);
    console.log(`\n  Latchkey serves at ${serving.origin}\n`);
    if (embedded) console.log(`  Data: ${dataFolder()} (PostgreSQL on port ${embedded.port})`);
    if (link) {
      console.log(`\n  Nobody can sign in yet. Open this link to become the first operator; it works once,`);
      console.log(`  until ${link.expiresAt.toLocaleString()}:\n\n  ${link.url}\n`);
    }
    if (keyManager) await showDemo(runtime().deps, { keyManager, folder: demoFolder() });
    console.log("  Stop with Ctrl-C.\n");
    const reason = await whenStopped;
    console.log(`\n  Stopping (${reason}); running requests may end …`);
  } finally {
    await serving.stop();
  }
}

/** The demo's own authorization server, which the portal may reach although it has a private address. */
async function startDemoKeyManager(): Promise<ExternalKeyManager> {
  makeOwnFolder();
  const keyManager = await runExternalKeyManager(demoFolder());
  const allowed = [process.env["LATCHKEY_OUTBOUND_ALLOW"], keyManager.address];
  process.env["LATCHKEY_OUTBOUND_ALLOW"] = allowed.filter(Boolean).join(",");
  return keyManager;
}

/** The database that DATABASE_URL names, or our own; at the newest schema, with a role that is bound. */
async function prepareDatabase(): Promise<EmbeddedDatabase | undefined> {
  const secretsFile = join(ownFolder, "secrets.env");
  const given = process.env["DATABASE_URL"];
  if (given) {
    completeSecrets(secretsFile, {
      mayMake: false,
      reason:
        "A database of your own needs secrets of your own, kept where you keep such things. Each is 32 random bytes:\n" +
        `  NEXTAUTH_SECRET=$(openssl rand -base64 32)\n` +
        `  LATCHKEY_VAULT_KEYS=k1=$(openssl rand 32 | basenc --base64url -w0)`,
    });
    parseSettings();
    await bringUpToDate(new Secret(given));
    return undefined;
  }
  makeOwnFolder();
  const folder = dataFolder();
  completeSecrets(secretsFile, {
    mayMake: !holdsCluster(folder),
    reason:
      `${folder} holds a database, but ${secretsFile}, whose keys open its secrets, is gone.\n` +
      `Restore that file, or name another folder for new data with LATCHKEY_DATA.`,
  });
  const first = !holdsCluster(folder);
  const embedded = await step(first ? "Creating the database" : "Starting the database", () =>
    startEmbedded({ folder }),
  );
  try {
    process.env["DATABASE_URL"] = embedded.url.reveal();
    // People at a terminal want the address, not a line for each request.
    process.env["LOG_LEVEL"] ??= "warn";
    parseSettings();
    await bringUpToDate(embedded.url);
    return embedded;
  } catch (error) {
    await embedded.stop();
    throw error;
  }
}

function parseSettings(): void {
  try {
    const settings = parseEnv(process.env);
    // next-auth reads its own address from here and nowhere else.
    process.env["NEXTAUTH_URL"] = settings.LATCHKEY_ORIGIN;
  } catch (error) {
    throw refusal(error instanceof Error ? error.message : String(error), error);
  }
}

async function bringUpToDate(url: Secret): Promise<void> {
  try {
    await requireBoundRole(url);
  } catch (error) {
    throw refusal(
      `The database cannot be used: ${error instanceof Error ? error.message || wordsOf(error) : String(error)}`,
      error,
    );
  }
  await step("Bringing the database up to date", () => migrate(url, join(root, "prisma/migrations")));
}

function demoFolder(): string {
  return join(dataFolder(), "demo");
}

function dataFolder(): string {
  return resolve(process.env["LATCHKEY_DATA"] ?? join(ownFolder, "data"));
}

if (import.meta.main) {
  if (existsSync(join(root, ".env"))) process.loadEnvFile(join(root, ".env"));
  if (!("NODE_ENV" in process.env)) Object.assign(process.env, { NODE_ENV: "production" });
  try {
    await serveUntilStopped({ demo: process.argv.includes("--demo") });
    process.exit(0);
  } catch (error) {
    process.exit(explain(error));
  }
}
