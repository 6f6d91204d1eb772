/** Hashing passwords: argon2id, off the main thread, a few at a time. */
import { hash, parseOptions, verify } from "@node-rs/argon2";
import { AppError } from "#lib/foundation/errors.ts";
import { maximumPasswordBytes } from "./contract.ts";

/** OWASP's second recommended setting: 19 MiB, two passes. The algorithm's default is argon2id. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };

/** At once; more would take every core and every worker thread from the rest of the portal. */
const maximumAtOnce = 4;
/** Waiting ones beyond this are turned away, so that a flood ends in refusals and not in a long queue. */
const maximumWaiting = 64;

type Gate = { running: number; waiting: (() => void)[]; dummy?: Promise<string> };

// One gate per process, although two copies of this module may be loaded into it.
const place = Symbol.for("latchkey.password-gate");
type Holder = { [place]?: Gate | undefined };

function gate(): Gate {
  const holder = globalThis as Holder;
  return (holder[place] ??= { running: 0, waiting: [] });
}

/** @throws {AppError} `unavailable` where too many are waiting already */
async function withGate<T>(work: () => Promise<T>): Promise<T> {
  const { waiting } = gate();
  if (gate().running >= maximumAtOnce) {
    if (waiting.length >= maximumWaiting) throw new AppError("unavailable", { retryAfterSeconds: 5 });
    await new Promise<void>((go) => waiting.push(go));
  } else {
    gate().running += 1;
  }
  try {
    return await work();
  } finally {
    // The place is handed on, or given back.
    const next = waiting.shift();
    if (next) next();
    else gate().running -= 1;
  }
}

/** The one form of a password (NIST SP 800-63B-4 §3.1.1.2): keyboards differ in how they compose characters. */
function normalise(password: string): Buffer {
  const bytes = Buffer.from(password.normalize("NFKC"), "utf8");
  // Normalising may lengthen; nobody types such a text by hand.
  if (bytes.length > maximumPasswordBytes * 4) throw new AppError("input.invalid");
  return bytes;
}

/** @returns the PHC form to store */
export function hashPassword(password: string): Promise<string> {
  const bytes = normalise(password);
  return withGate(() => hash(bytes, cost));
}

/**
 * Compares a password with a stored hash. Without one it does the same work on a hash that nothing matches,
 * so that the time taken does not tell whether the person exists.
 */
export async function matchesPassword(stored: string | null, password: string): Promise<boolean> {
  const bytes = normalise(password);
  const against = stored ?? (await dummyHash());
  const matches = await withGate(() => verify(against, bytes));
  return stored !== null && matches;
}

/** True where a stored hash was made at another cost than today's. */
export function isOutdatedHash(stored: string): boolean {
  const { memoryCost, timeCost, parallelism } = parseOptions(stored);
  return memoryCost !== cost.memoryCost || timeCost !== cost.timeCost || parallelism !== cost.parallelism;
}

function dummyHash(): Promise<string> {
  const dummy = gate().dummy ?? hash("nobody has this password", cost);
  gate().dummy = dummy;
  return dummy;
}
