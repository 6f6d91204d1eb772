/** What servers that are Java programs have in common: a Java, Maven Central, and a process that ends with ours. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export type Java = { home: string; major: number };

/** The newest Java on this machine, or undefined where none is as new as `oldest`. */
export function findJava(oldest: number): Java | undefined {
  const places = [
    process.env["JAVA_HOME"],
    ...siblings("/usr/lib/jvm"),
    ...siblings("/Library/Java/JavaVirtualMachines"),
  ];
  const found = places
    .filter((place) => place !== undefined)
    .flatMap((place) => [place, join(place, "Contents/Home")])
    .filter((place) => existsSync(join(place, "bin/java")))
    .map((place) => ({ home: place, major: majorOf(join(place, "bin/java")) }));
  const onPath = majorOf("java");
  if (onPath > 0) found.push({ home: "", major: onPath });
  return found.sort((one, other) => other.major - one.major).find(({ major }) => major >= oldest);
}

function siblings(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

function majorOf(java: string): number {
  const { stderr } = spawnSync(java, ["-version"], { encoding: "utf8", timeout: 10_000 });
  return Number(/version "(?:1\.)?(\d+)/.exec(stderr)?.[1] ?? 0);
}

/** Whether Maven can be called, which fetches servers from Maven Central. */
export function hasMaven(): boolean {
  return spawnSync("mvn", ["--version"], { timeout: 30_000 }).status === 0;
}

/** The environment in which a Java program finds this Java. */
export function javaEnvironment(java: Java): NodeJS.ProcessEnv {
  return { ...process.env, ...(java.home && { JAVA_HOME: java.home }) };
}

/**
 * Makes a folder once and for all. It appears at once under its name, so that a run which was interrupted leaves
 * nothing half-made.
 *
 * @param make fills the workshop it is given, and says which folder in it is the finished one
 */
export function makeOnce(folder: string, make: (workshop: string) => string): void {
  if (existsSync(folder)) return;
  const workshop = join(dirname(folder), `making-${process.pid}`);
  rmSync(workshop, { recursive: true, force: true });
  mkdirSync(workshop, { recursive: true });
  const made = make(workshop);
  try {
    renameSync(made, folder);
  } catch (error) {
    // Another process may have been quicker; what it made is as good.
    if (!existsSync(folder)) throw error;
  }
  rmSync(workshop, { recursive: true, force: true });
}

const unpackGoal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack";

/**
 * Fetches an archive from Maven Central and unpacks it.
 *
 * @param artifact group:name:version:type
 * @throws {Error} with the last lines of Maven's output
 */
export function unpackArtifact(artifact: string, folder: string, env: NodeJS.ProcessEnv): void {
  mkdirSync(folder, { recursive: true });
  // Maven leaves marker files where it is called.
  runTool("mvn", ["-B", "-q", unpackGoal, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`], {
    env,
    cwd: folder,
  });
}

/**
 * Runs a command to its end.
 *
 * @throws {Error} with the last lines of its output where it fails
 */
export function runTool(command: string, args: string[], options: { env: NodeJS.ProcessEnv; cwd: string }): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    timeout: 600_000,
    ...options,
  });
  if (status === 0) return;
  const said = `${stdout}\n${stderr}`.trim().split("\n").slice(-15).join("\n");
  throw new Error(`${command} ${args.slice(0, 3).join(" ")} failed (${error?.message ?? status}):\n${said}`);
}

export type ServerProcess = {
  /**
   * Waits until an address answers.
   *
   * @param isReady which answers count; those with a status of 2xx unless told otherwise
   * @throws {Error} with the last lines of the server's output where it ends, or is not ready within seven minutes
   */
  ready(url: string, isReady?: (response: Response) => boolean): Promise<void>;
  stop(): Promise<void>;
};

/** Starts a server that does not outlive this process. */
export function startServerProcess(
  name: string,
  command: string,
  args: string[],
  options: { env: NodeJS.ProcessEnv; cwd: string },
): ServerProcess {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(-20_000)));
  }
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const killWithParent = () => child.kill("SIGKILL");
  process.once("exit", killWithParent);

  return {
    async ready(url, isReady = ({ ok }) => ok) {
      const until = Date.now() + 420_000;
      while (Date.now() < until && child.exitCode === null) {
        if (await answers(url, isReady)) return;
        await pause(250);
      }
      throw new Error(`${name} did not become ready:\n${output.trim().split("\n").slice(-15).join("\n")}`);
    },
    async stop() {
      process.off("exit", killWithParent);
      await stopProcess(child, ended);
    },
  };
}

async function stopProcess(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await Promise.race([ended, pause(5_000, undefined, { ref: false })]);
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await ended;
}

async function answers(url: string, isReady: (response: Response) => boolean): Promise<boolean> {
  try {
    return isReady(await fetch(url, { redirect: "manual" }));
  } catch {
    return false;
  }
}
