/** Callers with a key of their own, and the DPoP proofs that they make (RFC 9449 §4.2). */
import { hash, randomUUID } from "node:crypto";
import { calculateJwkThumbprint, SignJWT, type JWK, type JWTHeaderParameters } from "jose";
import { signingPair, type SigningPair } from "./validation.ts";

export type ProofKey = { pair: SigningPair; jwk: JWK; thumbprint: string };

/** A fresh key, with the thumbprint that tokens name it by (RFC 7638). */
export async function proofKey(algorithm = "ES256"): Promise<ProofKey> {
  const pair = await signingPair(algorithm);
  const { kid: _kid, alg: _alg, use: _use, ...jwk } = pair.publicJwk;
  return { pair, jwk, thumbprint: await calculateJwkThumbprint(jwk) };
}

export type ProofParts = {
  token: string;
  method?: string;
  url: string;
  nowSeconds: number;
  /** A member set to undefined is left out. */
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
};

/** Signs a proof for one call. */
export function signProof({ pair, jwk }: ProofKey, parts: ProofParts): Promise<string> {
  const { token, method = "GET", url, nowSeconds, header = {}, claims = {} } = parts;
  const ath = hash("sha256", token, "base64url");
  const payload = { jti: randomUUID(), htm: method, htu: url, iat: nowSeconds, ath, ...claims };
  const protectedHeader = { typ: "dpop+jwt", alg: pair.algorithm, jwk, ...header };
  return new SignJWT(withoutUndefined(payload))
    .setProtectedHeader(withoutUndefined(protectedHeader) as JWTHeaderParameters)
    .sign(pair.privateKey);
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
