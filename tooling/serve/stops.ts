import { readFileSync } from "node:fs";

export type Stops = {
  /** The reason, once there is one. */
  whenAsked: Promise<string>;
  asked(): boolean;
};

/**
 * Watches for reasons to stop: a signal, or the end of the process that started us, or of who reads what we say. A second
 * signal ends the process at once; the embedded database is safe to leave behind and is found by the next start.
 */
export function watchStops(): Stops {
  let reason: string | undefined;
  const { promise, resolve } = Promise.withResolvers<string>();
  const ask = (why: string) => {
    reason ??= why;
    resolve(reason);
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    let since: number | undefined;
    process.on(signal, () => {
      // A terminal sends Ctrl-C to everybody, and our parent passes it on: that is one wish, not two.
      if (since !== undefined && Date.now() - since > 500) process.exit(130);
      since ??= Date.now();
      ask(signal);
    });
  }
  process.on("disconnect", () => ask("the process that started it ended"));
  // Without this, the first word after `npm start | head` would end us with the database left running.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => ask("nobody reads what it says"));
  watchStarter(() => ask("npm ended"));
  return { whenAsked: promise, asked: () => reason !== undefined };
}

/**
 * npm runs scripts through a shell, and a killed npm tells nobody: a portal that nobody can stop from its
 * terminal would hold the port. So the line of parents up to npm is looked at now and then.
 */
function watchStarter(onEnd: () => void): void {
  if (process.platform !== "linux" || process.env["npm_lifecycle_event"] === undefined) return;
  const line = parents();
  const timer = setInterval(() => {
    if (parents().join() === line.join()) return;
    clearInterval(timer);
    onEnd();
  }, 1_000);
  timer.unref();
}

/** Our parent, its parent, and so on up to npm; three steps cover the shell and the first half of a start. */
function parents(): number[] {
  const line: number[] = [];
  let processId = process.pid;
  for (let step = 0; step < 3 && processId > 1; step++) {
    processId = parentOf(processId);
    line.push(processId);
    if (nameOf(processId).startsWith("npm")) break;
  }
  return line;
}

function parentOf(processId: number): number {
  const text = readProc(`/proc/${processId}/stat`);
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
}

function nameOf(processId: number): string {
  return readProc(`/proc/${processId}/comm`);
}

function readProc(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // The process has ended.
    if (error instanceof Error) return "";
    throw error;
  }
}
