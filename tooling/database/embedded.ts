/**
 * The embedded database: a PostgreSQL server of our own, from npm, that outlives this process and even a
 * kill -9, and is found again by the next start.
 *
 * Folder layout: `credentials.json` (0600, ours), `postgres/` (the cluster, PostgreSQL's), `postgres.log`.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { z } from "zod";
import { Secret } from "#lib/foundation/secret.ts";
import { wordsOf } from "../bootstrap/checkout.mjs";
import { processExists, waitForLock } from "../bootstrap/process-lock.mjs";
import { refusal } from "../bootstrap/words.mjs";
import { freePort } from "./free-port.ts";
import {
  canEnter,
  canWrite,
  postgresBinaries,
  sharedFolder,
  type PostgresBinaries,
  type ProcessUser,
} from "./postgres-binaries.ts";

export type EmbeddedOptions = {
  /** Where the database lives; made where missing. */
  folder: string;
  /** Lets the application's role create databases, which tests need and the product does not. */
  mayCreateDatabases?: boolean;
  /** Other programs than those that npm brought. */
  binaries?: PostgresBinaries;
};

export type EmbeddedDatabase = {
  /** Connection of the application's own role, which row-level security binds. */
  url: Secret;
  processId: number;
  port: number;
  /** True where a server that already ran was taken over. */
  adopted: boolean;
  /** Lets running statements end, then stops the server. */
  stop(): Promise<void>;
};

const superuser = "latchkey_setup";
const applicationRole = "latchkey";
const startTimeoutMs = 60_000;
const logLimitBytes = 10 * 1024 * 1024;

/**
 * Starts the embedded database or adopts the one that runs already on this folder.
 *
 * @throws {Error} with PostgreSQL's own words where it does not start
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const { folder } = options;
  const user = unprivilegedUser();
  makeFolder(folder, user);
  const lock = await waitForLock(join(folder, "starting.lock"), startTimeoutMs);
  try {
    const cluster = clusterFolder(folder, user);
    const credentials = readOrMakeCredentials(folder, cluster);
    const server: Server = { folder, cluster, credentials, user, binaries: options.binaries ?? postgresBinaries(user) };
    if (!existsSync(join(cluster, "PG_VERSION"))) initialise(server);
    const { postmaster, adopted } = await runPostmaster(server);
    await provision(server, postmaster, options.mayCreateDatabases ?? false);
    return {
      url: connectionUrl(applicationRole, credentials.applicationPassword, postmaster.port, "latchkey"),
      processId: postmaster.processId,
      port: postmaster.port,
      adopted,
      stop: () => stopPostmaster(cluster),
    };
  } finally {
    lock.release();
  }
}

/** True where the folder holds a database cluster already. */
export function holdsCluster(folder: string): boolean {
  return existsSync(join(folder, "postgres/PG_VERSION"));
}

type Credentials = { superuserPassword: string; applicationPassword: string };
type Server = {
  folder: string;
  cluster: string;
  credentials: Credentials;
  user: ProcessUser | undefined;
  binaries: PostgresBinaries;
};
type Postmaster = { processId: number; port: number; ready: boolean };

// ---------------------------------------------------------------------------------------------------
// Users and folders
// ---------------------------------------------------------------------------------------------------

/**
 * PostgreSQL refuses to run as root, so root lends it another user: the owner of the checkout where that is
 * an ordinary user, otherwise "nobody".
 */
function unprivilegedUser(): ProcessUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(new URL("../../package.json", import.meta.url)).uid;
  const found = (owner !== 0 && lookUpUser(String(owner))) || lookUpUser("nobody") || lookUpUser("daemon");
  if (!found) {
    throw refusal(
      "PostgreSQL does not run as root, and no unprivileged user (nobody) exists here. Start Latchkey as an ordinary user.",
    );
  }
  return found;
}

function lookUpUser(nameOrId: string): ProcessUser | undefined {
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [name = "", , uid = "", gid = ""] = line.split(":");
    if (name === nameOrId || uid === nameOrId) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

function makeFolder(folder: string, user: ProcessUser | undefined): void {
  try {
    mkdirSync(folder, { recursive: true, mode: user ? 0o711 : 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw refusal(
      `The data folder ${folder} cannot be used: ${wordsOf(cause)}.\n` +
        `If a start as root made it, start as root again or give it to yourself; ` +
        `or name another folder: LATCHKEY_DATA=/path npm start`,
      cause,
    );
  }
  // The folder holds our files too, so PostgreSQL's user may pass through it and no more.
  if (user && statSync(folder).uid === 0) chmodSync(folder, 0o711);
}

/** The cluster's folder. Where PostgreSQL's user cannot get to it, it is a link to a place that it can reach. */
function clusterFolder(folder: string, user: ProcessUser | undefined): string {
  const cluster = join(folder, "postgres");
  if (!user) {
    refuseForeignCluster(cluster);
    return cluster;
  }
  if (isLink(cluster) || !canEnter(user, folder)) {
    const id = createHash("sha256").update(folder).digest("hex").slice(0, 16);
    const elsewhere = join(sharedFolder, id);
    mkdirSync(elsewhere, { recursive: true, mode: 0o711 });
    if (!isLink(cluster)) symlinkSync(join(elsewhere, "postgres"), cluster);
    return join(elsewhere, "postgres");
  }
  return cluster;
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function refuseForeignCluster(cluster: string): void {
  const owner = lstatSync(cluster, { throwIfNoEntry: false })?.uid;
  if (owner === undefined || owner === process.getuid?.()) return;
  throw refusal(
    `The database in ${cluster} belongs to another user (uid ${owner}); it was made by a start as root. ` +
      `Start as root again, or name another folder: LATCHKEY_DATA=/path npm start`,
  );
}

const credentialsSchema = z.object({ superuserPassword: z.string().min(1), applicationPassword: z.string().min(1) });

function readOrMakeCredentials(folder: string, cluster: string): Credentials {
  const file = join(folder, "credentials.json");
  if (existsSync(file)) return credentialsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  if (existsSync(join(cluster, "PG_VERSION"))) {
    throw refusal(`${file} is gone, and with it the passwords of the database beside it. Restore it from a backup.`);
  }
  const password = () => randomBytes(24).toString("base64url");
  const credentials = { superuserPassword: password(), applicationPassword: password() };
  writeFileSync(`${file}.new`, JSON.stringify(credentials), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return credentials;
}

// ---------------------------------------------------------------------------------------------------
// The cluster and its server
// ---------------------------------------------------------------------------------------------------

/** Makes the cluster beside its final place and moves it there whole: a half-made one is never mistaken for one. */
function initialise({ cluster, credentials, user, binaries }: Server): void {
  const draft = `${cluster}.new`;
  const passwordFile = `${cluster}.password`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(passwordFile, `${credentials.superuserPassword}\n`, { mode: 0o600 });
  if (user) {
    chownSync(draft, user.uid, user.gid);
    chownSync(passwordFile, user.uid, user.gid);
    if (!canWrite(user, draft)) throw refusal(`The user ${user.name} cannot write to ${draft}.`);
  }
  try {
    const result = spawnSync(
      binaries.initdb,
      [
        `--pgdata=${draft}`,
        `--username=${superuser}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        ...binaries.localeOptions,
        "--no-instructions",
      ],
      { ...identity(user), cwd: "/", encoding: "utf8", env: serverEnvironment() },
    );
    if (result.error) throw refusal(`${binaries.initdb} cannot be run here: ${result.error.message}`, result.error);
    if (result.status !== 0) throw refusal(`initdb failed:\n${result.stdout}${result.stderr}`);
    renameSync(draft, cluster);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function identity(user: ProcessUser | undefined): { uid?: number; gid?: number } {
  return user ? { uid: user.uid, gid: user.gid } : {};
}

/** Nothing of our own environment, which may hold secrets, reaches the server. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { NODE_ENV: "production", PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" };
}

/** Adopts the running server or starts one; tries again while another start or a dying server is in the way. */
async function runPostmaster(server: Server): Promise<{ postmaster: Postmaster; adopted: boolean }> {
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    const running = await findRunning(server, deadline);
    if (running) return { postmaster: running, adopted: true };
    const attempt = await spawnPostmaster(server, deadline);
    if (attempt.postmaster) return { postmaster: attempt.postmaster, adopted: false };
    // Passing troubles: the port was taken in the meantime, another start was quicker, or the processes of a
    // killed server still let go of its memory.
    const passing = /address already in use|lock file|pre-existing shared memory|could not bind/i.test(attempt.output);
    if (!passing || Date.now() > deadline) {
      throw refusal(`The embedded PostgreSQL did not start. It says:\n${attempt.output.trim() || "nothing"}`);
    }
    await sleep(200);
  }
}

/** The server that postmaster.pid names, once it answers as ours; undefined where there is none. */
async function findRunning(server: Server, deadline: number): Promise<Postmaster | undefined> {
  for (;;) {
    const named = readPidFile(server.cluster);
    if (!named) return undefined;
    if (!isPostgres(named.processId)) {
      // The id belongs to some other program by now: PostgreSQL itself would take it for its own and refuse.
      rmSync(join(server.cluster, "postmaster.pid"), { force: true });
      return undefined;
    }
    if (named.ready && (await answers(server, named.port))) return named;
    if (Date.now() > deadline) {
      throw refusal(`The PostgreSQL process ${named.processId} of ${server.cluster} runs but does not answer.`);
    }
    await sleep(100);
  }
}

async function spawnPostmaster(server: Server, deadline: number): Promise<{ postmaster?: Postmaster; output: string }> {
  const log = join(server.folder, "postgres.log");
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > logLimitBytes) truncateSync(log);
  const descriptor = openSync(log, "a", 0o600);
  const written = statSync(log).size;
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(await freePort()),
    unix_socket_directories: "",
    max_connections: "60",
    log_min_messages: "warning",
    log_timezone: "UTC",
    timezone: "UTC",
  };
  const child = spawn(
    server.binaries.postgres,
    ["-D", server.cluster, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    {
      ...identity(server.user),
      cwd: "/",
      detached: true,
      stdio: ["ignore", descriptor, descriptor],
      env: serverEnvironment(),
    },
  );
  closeSync(descriptor);
  await once(child, "spawn");
  child.unref();
  const output = () => readFileSync(log).subarray(written).toString("utf8");
  while (child.exitCode === null && child.signalCode === null) {
    const postmaster = readPidFile(server.cluster);
    if (postmaster?.ready && postmaster.processId === child.pid) return { postmaster, output: output() };
    if (Date.now() > deadline) {
      child.kill("SIGQUIT");
      break;
    }
    await sleep(25);
  }
  return { output: output() };
}

/** Line 1 is the process id, line 4 the port, line 8 the state (PostgreSQL, utils/pidfile.h). */
function readPidFile(cluster: string): Postmaster | undefined {
  const file = join(cluster, "postmaster.pid");
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, "utf8").split("\n");
  const processId = Number(lines[0]);
  if (!Number.isInteger(processId) || processId <= 0) return undefined;
  return { processId, port: Number(lines[3]), ready: lines[7]?.trim() === "ready" };
}

function isPostgres(processId: number): boolean {
  if (!processExists(processId)) return false;
  if (process.platform !== "linux") {
    const { stdout } = spawnSync("ps", ["-o", "comm=", "-p", String(processId)], { encoding: "utf8" });
    return /(^|\/)postgres\s*$/.test(stdout);
  }
  try {
    // A process that ended and was not yet collected by its parent (state Z) still has an entry.
    return /^\d+ \(postgres\) [^ZX]/.test(readFileSync(`/proc/${processId}/stat`, "utf8"));
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

async function answers(server: Server, port: number): Promise<boolean> {
  try {
    return await asSuperuser(server, port, async (client) => {
      const { rows } = await client.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder");
      return rows[0]?.folder === server.cluster;
    });
  } catch (error) {
    // Not there yet, shutting down, or not ours: the caller looks again until its time is up.
    if (error instanceof Error) return false;
    throw error;
  }
}

/** The application's role and database. Repeatable: a start that was cut short is completed by the next. */
async function provision(server: Server, { port }: Postmaster, mayCreateDatabases: boolean): Promise<void> {
  await asSuperuser(server, port, async (client) => {
    const { rows } = await client.query<{ role: boolean; database: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS role,
              EXISTS (SELECT FROM pg_database WHERE datname = $1) AS database`,
      [applicationRole],
    );
    // The password is of our own making and base64url, so it needs no quoting.
    const verb = rows[0]?.role ? "ALTER" : "CREATE";
    const attributes = `NOSUPERUSER NOBYPASSRLS NOCREATEROLE ${mayCreateDatabases ? "CREATEDB" : "NOCREATEDB"}`;
    await client.query(
      `${verb} ROLE ${applicationRole} LOGIN ${attributes} PASSWORD '${server.credentials.applicationPassword}'`,
    );
    if (!rows[0]?.database) await client.query(`CREATE DATABASE latchkey OWNER ${applicationRole}`);
  });
}

async function asSuperuser<T>(server: Server, port: number, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const url = connectionUrl(superuser, server.credentials.superuserPassword, port, "postgres");
  const client = new pg.Client({ connectionString: url.reveal(), connectionTimeoutMillis: 5_000 });
  // A server that goes away ends the connection; the query that waits on it reports that.
  client.on("error", () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

function connectionUrl(role: string, password: string, port: number, database: string): Secret {
  return new Secret(`postgresql://${role}:${password}@127.0.0.1:${port}/${database}`);
}

async function stopPostmaster(cluster: string): Promise<void> {
  const postmaster = readPidFile(cluster);
  if (!postmaster || !isPostgres(postmaster.processId)) return;
  const gone = async (withinMs: number) => {
    const deadline = Date.now() + withinMs;
    while (Date.now() < deadline) {
      if (!isPostgres(postmaster.processId)) return true;
      await sleep(25);
    }
    return false;
  };
  // SIGINT rolls back what is open and writes a checkpoint; SIGQUIT leaves that to the next start's recovery.
  process.kill(postmaster.processId, "SIGINT");
  if (await gone(20_000)) return;
  process.kill(postmaster.processId, "SIGQUIT");
  if (await gone(10_000)) return;
  throw refusal(`The PostgreSQL process ${postmaster.processId} in ${dirname(cluster)} does not stop.`);
}
