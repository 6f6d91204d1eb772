/** wrk, a load generator in C: it leaves both cores to what is measured, where one in Node needs one for itself. */
import { execFile, spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { temporaryFolder } from "../database/temporary.ts";
import type { Outcome } from "./load.ts";
import type { Question } from "./questions.ts";

/** Whether wrk is installed. */
export const hasWrk: boolean = spawnSync("wrk", ["--version"]).error === undefined;

const Said = z.object({
  answers: z.number(),
  refused: z.number(),
  lost: z.number(),
  microseconds: z.number(),
  p99: z.number(),
});

/**
 * Sends requests for some seconds, each of the given ones in turn.
 *
 * @param options.pauseMs how long each connection waits before a request; not at all where left out
 * @returns how many answers came and at what rate, how many of them were no 2xx, how many did not come, and the 99th
 *   percentile in milliseconds
 * @throws {Error} where wrk itself fails
 */
export async function loadByWrk(
  url: string,
  requests: readonly Question[],
  { seconds, connections, pauseMs }: { seconds: number; connections: number; pauseMs?: number | undefined },
): Promise<Outcome> {
  const folder = temporaryFolder();
  try {
    const script = join(folder, "requests.lua");
    writeFileSync(script, scriptOf(new URL(url), requests, pauseMs));
    const wrk = ["--threads", "1", "--connections", String(connections), "--duration", `${seconds}s`];
    const { stdout } = await promisify(execFile)("wrk", [...wrk, "--script", script, url]);
    const { answers, refused, lost, microseconds, p99 } = Said.parse(JSON.parse(stdout.split(mark)[1] ?? ""));
    return { answers, refused, lost, requestsPerSecond: (answers * 1e6) / microseconds, p99Ms: p99 / 1000 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const mark = "latchkey:";

/** What to send, and how to say what came of it. */
function scriptOf(url: URL, requests: readonly Question[], pauseMs: number | undefined): string {
  const list = requests.map((request) => JSON.stringify(textOf(url, request))).join(",\n");
  return `local requests = {
${list}
}
${pauseMs === undefined ? "" : `function delay() return ${pauseMs} end`}
local sent = 0
function request()
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('${mark}{"answers":%d,"refused":%d,"lost":%d,"microseconds":%d,"p99":%d}',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration, latency:percentile(99)))
end
`;
}

/** The request as RFC 9112 writes it; what it consists of is ASCII, whose escapes in JSON are Lua's too. */
function textOf(url: URL, { method, path, headers, body = "" }: Question): string {
  const lines = Object.entries({ host: url.host, ...headers, ...(body !== "" && { "content-length": body.length }) });
  return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}
