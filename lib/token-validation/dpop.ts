import { hash } from "node:crypto";
import { calculateJwkThumbprint, type JWK } from "jose";
import { LRUCache } from "lru-cache";
import { supportedAlgorithms } from "#lib/protocol/verification-key.ts";
import type { DpopProof } from "./caller-proof.ts";
import { readJwt } from "./compact-token.ts";
import { readProofKey, type TrustedKey } from "./key-set.ts";
import { ReplayGuard } from "./replay-guard.ts";
import { member } from "./strict-json.ts";
import { hasExpired, isEarly, readTimes } from "./times.ts";
import { refuse, refuseForNow, type Refused } from "./verdict.ts";

/** Algorithms in which a proof may be signed, for the challenge (RFC 9449 §7.1); all are asymmetric. */
export const proofAlgorithms: readonly string[] = [...supportedAlgorithms];

export type DpopLimits = {
  /** How far the time of a proof may lie from now, either way: clocks of clients differ. */
  proofSeconds: number;
  /** Proofs remembered for each span in which one could be used again. */
  proofs: number;
  /** Callers' keys kept ready at a time. */
  keys: number;
};

export const defaultDpopLimits: DpopLimits = { proofSeconds: 60, proofs: 500_000, keys: 10_000 };

/** What a proof must fit: the token that it came with, and the call. */
export type ProvenCall = {
  /** Thumbprint of the key that the token is bound to. */
  keyThumbprint: string;
  /** SHA-256 of the token, base64url. */
  tokenDigest: string;
  method: string;
};

type KnownKey = {
  /** Digest of the key as it was sent. */
  name: string;
  thumbprint: string;
  key: TrustedKey;
};

const maximumProofCharacters = 8_192;
const maximumIdentifierCharacters = 512;

/**
 * Checks DPoP proofs (RFC 9449 §4.3): their form, their signature by the key that the token is bound to, the
 * call and the token that they were made for, their age, and that each is used once. Nonces are not asked for.
 */
export class DpopVerifier {
  readonly #limits: DpopLimits;
  readonly #keys: LRUCache<string, KnownKey>;
  readonly #used: ReplayGuard;

  /** @param timer milliseconds that have passed since some moment, whatever the clock is set to */
  constructor(limits: DpopLimits, timer?: () => number) {
    this.#limits = limits;
    this.#keys = new LRUCache({ max: limits.keys });
    this.#used = new ReplayGuard({ lifetimeMs: 2 * limits.proofSeconds * 1000, capacity: limits.proofs, timer });
  }

  /** Refuses a proof that does not prove that the caller holds the token's key; null for one that does. */
  async refuse({ proof, url }: DpopProof, call: ProvenCall, now: Date): Promise<Refused | null> {
    if (url === undefined) return refuse("dpop_address_unknown");
    if (proof === undefined || proof === "") return refuse("dpop_proof_missing");
    const read = proof.length > maximumProofCharacters ? null : readJwt(proof);
    if (read?.type !== "dpop+jwt" || !supportedAlgorithms.has(read.algorithm)) return refuse("dpop_proof_invalid");
    const known = await this.#keyOf(member(read.header, "jwk"));
    if (!known?.key.algorithms.has(read.algorithm)) return refuse("dpop_proof_invalid");
    if (known.thumbprint !== call.keyThumbprint) return refuse("dpop_proof_foreign");
    if (!known.key.verifies(read.algorithm, read.signed, read.signature)) return refuse("dpop_proof_invalid");
    // Only now: keys of strangers must not push out those of callers.
    this.#keys.set(known.name, known);
    return this.#refuseClaims(read.claims, { ...call, url, now });
  }

  #refuseClaims(
    claims: Record<string, unknown>,
    { keyThumbprint, tokenDigest, method, url, now }: ProvenCall & { url: string; now: Date },
  ): Refused | null {
    const identifier = member(claims, "jti");
    if (typeof identifier !== "string" || identifier === "" || identifier.length > maximumIdentifierCharacters) {
      return refuse("dpop_proof_invalid");
    }
    const nowMs = now.getTime();
    const { proofSeconds } = this.#limits;
    const times = readTimes(claims);
    if (!times || times.issuedAt === null) return refuse("dpop_proof_invalid");
    if (hasExpired(times, nowMs / 1000, proofSeconds) || isEarly(times, nowMs / 1000, proofSeconds)) {
      return refuse("dpop_proof_invalid");
    }
    if (Math.abs(nowMs / 1000 - times.issuedAt) > proofSeconds) return refuse("dpop_proof_untimely");
    if (member(claims, "ath") !== tokenDigest) return refuse("dpop_proof_mismatch");
    if (member(claims, "htm") !== method) return refuse("dpop_proof_mismatch");
    const address = member(claims, "htu");
    const called = normalAddress(url);
    if (typeof address !== "string" || called === null || normalAddress(address) !== called) {
      return refuse("dpop_proof_mismatch");
    }
    const use = this.#used.use(`${keyThumbprint} ${identifier}`, nowMs);
    if (use === "full") return refuseForNow(this.#used.roomInMs(nowMs) / 1000);
    return use === "used" ? refuse("dpop_proof_replayed") : null;
  }

  /** Null where it is no public key of a kind that signs proofs. */
  async #keyOf(jwk: unknown): Promise<KnownKey | null> {
    if (typeof jwk !== "object" || jwk === null) return null;
    const name = hash("sha256", JSON.stringify(jwk), "base64url");
    const known = this.#keys.get(name);
    if (known) return known;
    const key = readProofKey(jwk);
    if (!key) return null;
    const thumbprint = await thumbprintOf(jwk);
    return thumbprint === null ? null : { name, thumbprint, key };
  }
}

/** RFC 7638; null for a key that lacks a member. */
async function thumbprintOf(jwk: JWK): Promise<string | null> {
  try {
    return await calculateJwkThumbprint(jwk, "sha256");
  } catch {
    // A member of the wrong kind: the key proves nothing.
    return null;
  }
}

const unreserved = /^[A-Za-z0-9\-._~]$/;

/**
 * An address for comparing, without query and fragment: normalised by syntax and scheme (RFC 3986 §6.2.2, §6.2.3),
 * as RFC 9449 §4.3 recommends.
 *
 * @returns null where it is no web address, or says more than where
 */
export function normalAddress(text: string): string | null {
  const end = text.search(/[?#]/);
  const bare = end < 0 ? text : text.slice(0, end);
  if (!/^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/i.test(bare)) return null;
  const url = URL.parse(bare);
  if (url?.username !== "" || url.password !== "") return null;
  const path = url.pathname.replace(/%[0-9A-Fa-f]{2}/g, (encoded) => {
    const character = String.fromCharCode(parseInt(encoded.slice(1), 16));
    return unreserved.test(character) ? character : encoded.toUpperCase();
  });
  return url.origin + path;
}
