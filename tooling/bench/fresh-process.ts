/**
 * Measures tokens that nobody has seen before, in this process, on one core: what the validator adds to checking a signature.
 * It is started with an algorithm and a number of turns, and sends its parent `FreshRates`.
 */
import { createPublicKey, verify } from "node:crypto";
import type { JWK } from "jose";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { whenThere } from "#lib/foundation/soon.ts";
import { parametersOf } from "#lib/token-validation/key-set.ts";
import { compileSnapshot } from "#lib/token-validation/snapshot.ts";
import { createValidator, type Validator } from "#lib/token-validation/validator.ts";
import {
  consumerKey,
  findGrant,
  grantData,
  signingPair,
  signToken,
  snapshotData,
  tenantId,
  trustAnchor,
  type SigningPair,
} from "#tooling/testing/validation.ts";

/** How many a second there were in each turn, in the same order. */
export type FreshRates = { raw: number[]; fresh: number[] };

/** Tokens in one turn: short turns, so that whatever else the machine does slows both alike. */
const inOneTurn = 200;
/** The last one counts: it takes some ten thousand calls until all of it is compiled well. */
const passes = 3;
const call = { tenantId, method: "GET", target: { requestPath: "/orders/1.0.0/items" } };

const [algorithm = "", turns = ""] = process.argv.slice(2);
process.send?.(await measure(algorithm, Number(turns)));
process.disconnect();

async function measure(algorithm: string, turns: number): Promise<FreshRates> {
  const pair = await signingPair(algorithm);
  const verifyRaw = rawVerifier(pair);
  // All tokens beforehand: what signing leaves behind is not to be cleared away while they are measured.
  const tokensOfTurns = await signAll(pair, turns);
  let rates: FreshRates = { raw: [], fresh: [] };
  for (let pass = 0; pass < passes; pass++) {
    // To this one they are fresh again.
    const validator = validatorOf(pair);
    rates = { raw: [], fresh: [] };
    for (const tokens of tokensOfTurns) {
      rates.raw.push(await rateOf(tokens.map(signedParts), verifyRaw));
      rates.fresh.push(
        await rateOf(tokens, (token) => whenThere(validator.validate({ ...call, token }), ({ allowed }) => allowed)),
      );
    }
  }
  return rates;
}

/** Tokens of one client that differ in their id, as the network brings them: each one run of bytes. */
async function signAll(pair: SigningPair, turns: number): Promise<string[][]> {
  const now = Math.floor(Date.now() / 1000);
  const signed: string[][] = [];
  for (let turn = 0; turn < turns; turn++) {
    const sign = (_: unknown, index: number) => signToken(pair, { claims: { jti: `${turn} ${index}` } }, now);
    const tokens = await Promise.all(Array.from({ length: inOneTurn }, sign));
    signed.push(tokens.map((token) => Buffer.from(token).toString("latin1")));
  }
  return signed;
}

/** A validator that knows one tenant, and has nothing to wait for but the first key set. */
function validatorOf(pair: SigningPair): Validator {
  const snapshot = compileSnapshot(snapshotData);
  const grant = findGrant(grantData, trustAnchor.keyManagerId, consumerKey);
  return createValidator({
    clock: systemClock,
    log: silentLog,
    snapshot: () => snapshot,
    grant: () => grant,
    isRevoked: () => false,
    fetchKeySet: async () => ({ keys: [pair.publicJwk] }),
    introspect: async () => ({ active: false }),
  });
}

type SignedParts = { signed: Buffer; signature: Buffer };

function signedParts(token: string): SignedParts {
  const end = token.lastIndexOf(".");
  return { signed: Buffer.from(token.slice(0, end)), signature: Buffer.from(token.slice(end + 1), "base64url") };
}

/** The signature alone, with the key in the quickest form in which Node takes one. */
function rawVerifier({ algorithm, publicJwk }: SigningPair): (parts: SignedParts) => boolean {
  const jwk = publicJwk as JWK & { kty: string };
  const key = Object.assign(createPublicKey({ key: jwk, format: "jwk" }), parametersOf(algorithm));
  return ({ signed, signature }) => verify("sha256", signed, key, signature);
}

/** @returns how many a second pass */
async function rateOf<T>(items: readonly T[], pass: (item: T) => boolean | Promise<boolean>): Promise<number> {
  const startedAt = performance.now();
  for (const item of items) if (!(await pass(item))) throw new Error("What is good was refused.");
  return (items.length * 1000) / (performance.now() - startedAt);
}
