/** Tokens that nobody has seen before, in one process on one core: what the validator adds to checking a signature. */
import { createPublicKey, verify } from "node:crypto";
import type { JWK } from "jose";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { whenThere } from "#lib/foundation/soon.ts";
import { parametersOf } from "#lib/token-validation/key-set.ts";
import { compileSnapshot } from "#lib/token-validation/snapshot.ts";
import { createValidator, type Validator } from "#lib/token-validation/validator.ts";
import type { Verdict } from "#lib/token-validation/verdict.ts";
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
import { figure, ratioOf, type Figure } from "./figures.ts";

const kinds = [
  { algorithm: "ES256", ratioAtLeast: 0.65 },
  { algorithm: "RS256", ratioAtLeast: 0.6 },
] as const;
/** Tokens in one turn: short turns, so that whatever else the machine does slows both alike. */
const inOneTurn = 200;

/** @returns rates of fresh tokens beside those of `crypto.verify` over the same signatures */
export async function benchFresh(smoke: boolean): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { algorithm, ratioAtLeast } of kinds) {
    const pair = await signingPair(algorithm);
    const rates = { raw: [] as number[], fresh: [] as number[] };
    const verifyRaw = rawVerifier(pair);
    const validator = validatorOf(pair);
    const turns = smoke ? 3 : 120;
    // It takes a while until all of it is compiled well.
    const warmUp = Math.floor(turns / 3);
    for (let turn = 0; turn < turns; turn++) {
      const sign = (_: unknown, index: number) =>
        signToken(pair, { claims: { jti: `${turn} ${index}` } }, Math.floor(Date.now() / 1000));
      const tokens = await Promise.all(Array.from({ length: inOneTurn }, sign));
      const raw = await rateOf(tokens.map(signedParts), verifyRaw);
      const fresh = await rateOf(tokens, (token) => whenThere(validator.validate({ ...call, token }), isAllowed));
      if (turn < warmUp) continue;
      rates.raw.push(raw);
      rates.fresh.push(fresh);
    }
    const ratio = { value: ratioOf(rates.fresh, rates.raw), to: "crypto.verify" };
    figures.push(
      figure("validator", `crypto.verify, ${algorithm}`, { values: rates.raw, unit: "tokens/s" }),
      figure("validator", `fresh ${algorithm} tokens`, { values: rates.fresh, unit: "tokens/s", ratio, ratioAtLeast }),
    );
  }
  return figures;
}

const isAllowed = ({ allowed }: Verdict) => allowed;
const call = { tenantId, method: "GET", target: { requestPath: "/orders/1.0.0/items" } };

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
