import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Secret } from "#lib/foundation/secret.ts";
import { processExists } from "../bootstrap/process-lock.mjs";
import { startEmbedded, type EmbeddedDatabase } from "./embedded.ts";
import { temporaryFolder } from "./temporary.ts";

let place: string;
let folder: string;
let last: EmbeddedDatabase | undefined;

beforeEach(() => {
  place = temporaryFolder();
  folder = join(place, "data");
});
afterEach(async () => {
  await last?.stop();
  last = undefined;
  const cluster = join(folder, "postgres");
  if (lstatSync(cluster, { throwIfNoEntry: false })?.isSymbolicLink()) {
    rmSync(dirname(realpathSync(cluster)), { recursive: true });
  }
  rmSync(place, { recursive: true, force: true });
});

async function start(): Promise<EmbeddedDatabase> {
  last = await startEmbedded({ folder });
  return last;
}

async function query(url: Secret, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url.reveal() });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The server and everything it started. */
function family(processId: number): number[] {
  const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(processId)], { encoding: "utf8" });
  return [...children.trim().split(/\s+/).filter(Boolean).map(Number), processId];
}

/** Kills them all at once; the server may have ended a child of its own in the meantime, because it saw another one die. */
function killAll(processIds: number[]): void {
  for (const processId of processIds) {
    try {
      process.kill(processId, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

describe("the embedded database", () => {
  it("gives the application a role that row-level security binds and that owns its database", async () => {
    const { url } = await start();
    const [role] = await query(url, "SELECT * FROM pg_roles WHERE rolname = current_user");
    expect(role).toMatchObject({ rolsuper: false, rolbypassrls: false, rolcreatedb: false, rolcreaterole: false });
    await query(url, "CREATE SCHEMA of_its_own");
    const [settings] = await query(
      url,
      "SELECT current_setting('server_encoding') AS encoding, current_setting('listen_addresses') AS listens, version()",
    );
    expect(settings).toMatchObject({ encoding: "UTF8", listens: "127.0.0.1" });
    expect(settings?.["version"]).toMatch(/^PostgreSQL 18/);
  });

  it("keeps passwords in a file that only its owner reads, and refuses a wrong one", async () => {
    const { url } = await start();
    expect(lstatSync(join(folder, "credentials.json")).mode & 0o777).toBe(0o600);
    const wrong = new URL(url.reveal());
    wrong.password = "wrong";
    const client = new pg.Client({ connectionString: wrong.href });
    await expect(client.connect()).rejects.toMatchObject({ code: "28P01" });
  });

  it("keeps what was written through a stop and a start", async () => {
    const first = await start();
    await query(first.url, "CREATE TABLE kept AS SELECT 7 AS value");
    await first.stop();
    // It has ended; that we collect it as its parent may take a moment more.
    await expect.poll(() => processExists(first.processId)).toBe(false);
    const second = await start();
    expect(second.adopted).toBe(false);
    expect(await query(second.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
  });

  it("is adopted by the next start when only our own process was killed", async () => {
    const script = `
      import { startEmbedded } from ${JSON.stringify(new URL("./embedded.ts", import.meta.url).href)};
      const { processId } = await startEmbedded({ folder: ${JSON.stringify(folder)} });
      console.log(processId);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      cwd: join(import.meta.dirname, "../.."),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    child.kill("SIGKILL");
    await once(child, "exit");
    const database = await start();
    expect(database).toMatchObject({ adopted: true, processId: Number(line.toString()) });
  });

  it("loses no acknowledged row when everything is killed in the middle of writing", async () => {
    const first = await start();
    await query(first.url, "CREATE TABLE counted (value int PRIMARY KEY)");
    const client = new pg.Client({ connectionString: first.url.reveal() });
    client.on("error", () => {});
    await client.connect();
    let acknowledged = 0;
    const writing = (async () => {
      for (let value = 1; ; value++) {
        await client.query("INSERT INTO counted VALUES ($1)", [value]);
        acknowledged = value;
      }
    })().catch((error: unknown) => error);
    await expect.poll(() => acknowledged, { timeout: 10_000 }).toBeGreaterThan(20);
    killAll(family(first.processId));
    await writing;

    const second = await start();
    const [row] = await query(second.url, "SELECT count(*)::int AS count, max(value) AS highest FROM counted");
    expect(row?.["count"]).toBe(row?.["highest"]);
    expect(row?.["count"]).toBeGreaterThanOrEqual(acknowledged);
  });

  it("starts although postmaster.pid names a process that is something else by now", async () => {
    const first = await start();
    const pidFile = join(folder, "postgres/postmaster.pid");
    const text = readFileSync(pidFile, "utf8");
    const owner = lstatSync(pidFile);
    await first.stop();
    writeFileSync(pidFile, text.replace(/^\d+/, String(process.pid)));
    chownSync(pidFile, owner.uid, owner.gid);
    expect((await start()).adopted).toBe(false);
  });

  it("is started once when several starts come at the same moment", async () => {
    const databases = await Promise.all([start(), start(), start()]);
    expect(new Set(databases.map(({ processId }) => processId)).size).toBe(1);
    expect(databases.filter(({ adopted }) => !adopted)).toHaveLength(1);
  });

  it("makes a cluster anew where making one was cut short", async () => {
    const first = await start();
    await first.stop();
    rmSync(join(folder, "postgres"), { recursive: true });
    writeFileSync(join(folder, "postgres.new"), "half");
    expect((await start()).processId).toBeGreaterThan(0);
    expect(existsSync(join(folder, "postgres.new"))).toBe(false);
  });

  it("says so where its passwords are gone", async () => {
    await (await start()).stop();
    rmSync(join(folder, "credentials.json"));
    await expect(start()).rejects.toThrow(/credentials\.json is gone/);
  });

  it.runIf(process.getuid?.() === 0)("runs as an unprivileged user for root, also below a private folder", async () => {
    chmodSync(place, 0o700);
    const database = await start();
    expect(lstatSync(`/proc/${String(database.processId)}`).uid).not.toBe(0);
    await query(database.url, "SELECT 1");
    const elsewhere = lstatSync(join(folder, "postgres")).isSymbolicLink();
    expect(elsewhere).toBe(true);
  });

  it.skipIf(process.getuid?.() === 0)("says so where the folder cannot be written to", async () => {
    chmodSync(place, 0o500);
    await expect(start()).rejects.toThrow(/permission denied/);
    chmodSync(place, 0o700);
  });
});
