import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "#e2e/servers/ports.ts";
import { root } from "../bootstrap/checkout.mjs";
import { temporaryFolder } from "../database/temporary.ts";
import { figure, type Figure } from "./figures.ts";

/** With installation and build; what takes longer hangs. */
const longestStartMs = 10 * 60_000;

/**
 * Seconds from `npm start` to the first page, and the memory of portal and database together.
 *
 * @param options.fresh measures a fresh clone too, its installation and build included
 */
export async function benchStarts({ smoke, fresh }: { smoke: boolean; fresh: boolean }): Promise<Figure[]> {
  const place = temporaryFolder();
  try {
    const clone = join(place, "clone");
    const cloned = spawnSync("git", ["clone", "--quiet", root, clone], { encoding: "utf8" });
    if (cloned.status !== 0) throw new Error(`git could not clone the checkout: ${cloned.stderr}`);
    const figures: Figure[] = [];
    if (fresh) {
      const { seconds } = await start(clone);
      figures.push(figure("start", "fresh clone to first page", { values: [seconds], unit: "s", atMost: 180 }));
    } else {
      // What a first start leaves behind, taken from this checkout.
      const copied = spawnSync("cp", ["-al", "node_modules", ".next", `${clone}/`], { cwd: root, encoding: "utf8" });
      if (copied.status !== 0) throw new Error(`The build could not be copied: ${copied.stderr}`);
      await start(clone);
    }
    const again = [];
    for (let round = 0; round < (smoke ? 1 : 5); round++) again.push(await start(clone));
    figures.push(
      figure("start", "second start to first page", {
        values: again.map(({ seconds }) => seconds),
        unit: "s",
        atMost: 6,
      }),
      figure("start", "memory of portal and database", {
        values: again.map(({ megabytes }) => megabytes),
        unit: "MB",
        atMost: 500,
      }),
    );
    return figures;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

async function start(clone: string): Promise<{ seconds: number; megabytes: number }> {
  const port = await freePort();
  const startedAt = performance.now();
  const chunks: string[] = [];
  const child = spawn("npm", ["start", "--", "--port", String(port)], {
    cwd: clone,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], NODE_ENV: "production" },
  });
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk.toString("utf8")));
  const gone = once(child, "exit");
  try {
    for (;;) {
      if (performance.now() - startedAt > longestStartMs)
        throw new Error(`npm start took too long:\n${chunks.join("")}`);
      if (child.exitCode !== null) throw new Error(`npm start ended:\n${chunks.join("")}`);
      const page = await fetch(`http://127.0.0.1:${port}/sign-in`, { signal: AbortSignal.timeout(30_000) }).catch(
        () => undefined,
      );
      await page?.text();
      if (page?.ok) break;
      await sleep(25);
    }
    const seconds = (performance.now() - startedAt) / 1000;
    return { seconds, megabytes: memoryBelow(child.pid ?? 0) };
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
    await gone;
    // npm ends before its children do; the next start waits for the lock.
    await sleep(500);
  }
}

/** Proportional set size of a process and all its descendants: memory that they share counts once. */
function memoryBelow(processId: number): number {
  const listing = spawnSync("ps", ["-eo", "pid=,ppid=,comm="], { encoding: "utf8" }).stdout;
  const processes = listing
    .trim()
    .split("\n")
    .map((text) => text.trim().split(/\s+/));
  const below = new Set([processId]);
  for (let grew = true; grew;) {
    grew = false;
    for (const [id, parent] of processes) {
      if (below.has(Number(parent)) && !below.has(Number(id))) {
        below.add(Number(id));
        grew = true;
      }
    }
  }
  // npm itself is not ours to count.
  const ours = processes.filter(([id, , name]) => below.has(Number(id)) && !name?.startsWith("npm"));
  return ours.reduce((sum, [id]) => sum + proportionalKilobytes(Number(id)), 0) / 1024;
}

function proportionalKilobytes(processId: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${processId}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch (error) {
    // Ended between the listing and now.
    if (error instanceof Error) return 0;
    throw error;
  }
}
