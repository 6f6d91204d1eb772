// @ts-check
/**
 * A lock that a process holds until it releases it or dies, kill -9 included: the file names the holder,
 * and a holder that no longer lives holds nothing.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";

/**
 * @typedef {{ processId: number, born: string, [detail: string]: unknown }} Holder
 * @typedef {{ taken: true, note(details: Record<string, unknown>): void, release(): void }} Taken
 * @typedef {{ taken: false, holder: Holder }} Held
 */

/**
 * Takes the lock, or says who holds it.
 *
 * @param {string} file path of the lock file, in a folder that exists
 * @returns {Taken | Held} `note` adds facts for others to read
 */
export function takeLock(file) {
  const own = { processId: process.pid, born: birthOf(process.pid) };
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify(own), { mode: 0o600 });
  try {
    for (;;) {
      if (created(draft, file)) return taken(file, own);
      const text = readOrNothing(file);
      const holder = parseHolder(text);
      if (holder && isAlive(holder)) return { taken: false, holder };
      discard(file, text);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Waits for the lock.
 *
 * @param {string} file
 * @param {number} timeoutMs
 * @returns {Promise<Taken>}
 */
export async function waitForLock(file, timeoutMs) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const lock = takeLock(file);
    if (lock.taken) return lock;
    if (Date.now() > deadline) throw new Error(`The process ${lock.holder.processId} holds ${file} for too long.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * @param {string} file
 * @param {Holder} own
 * @returns {Taken}
 */
function taken(file, own) {
  return {
    taken: true,
    note(details) {
      const draft = `${file}.${randomUUID()}`;
      writeFileSync(draft, JSON.stringify({ ...own, ...details }), { mode: 0o600 });
      renameSync(draft, file);
    },
    release() {
      if (parseHolder(readOrNothing(file))?.processId === own.processId) rmSync(file, { force: true });
    },
  };
}

/**
 * Linking is the one step that either creates the file with its content or fails.
 *
 * @param {string} draft
 * @param {string} file
 */
function created(draft, file) {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removes the lock of a dead holder. Where another process replaced it a moment ago, that one is put back.
 *
 * @param {string} file
 * @param {string | undefined} expected
 */
function discard(file, expected) {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if (readOrNothing(aside) !== expected) created(aside, file);
  rmSync(aside, { force: true });
}

/** @param {string} file */
function readOrNothing(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * @param {string | undefined} text
 * @returns {Holder | undefined}
 */
function parseHolder(text) {
  if (!text) return undefined;
  try {
    const holder = JSON.parse(text);
    return Number.isInteger(holder?.processId) ? holder : undefined;
  } catch {
    // A half-written file after a crash names nobody.
    return undefined;
  }
}

/** @param {Holder} holder */
function isAlive(holder) {
  return processExists(holder.processId) && birthOf(holder.processId) === holder.born;
}

/**
 * True where a process with this id exists, whoever owns it.
 *
 * @param {number} processId
 */
export function processExists(processId) {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/**
 * When the process was born, in the kernel's own ticks, so that a reused process id is told apart.
 * Empty where the system does not say.
 *
 * @param {number} processId
 */
function birthOf(processId) {
  const text = process.platform === "linux" ? readOrNothing(`/proc/${processId}/stat`) : undefined;
  // The second field is the command in brackets and may hold spaces: count from its end.
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

/** @param {unknown} error */
function codeOf(error) {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
