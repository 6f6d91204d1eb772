/** Makes the tokens, answers and proofs of the decision table: what a case says, filled in. */
import { createHmac, generateKeyPairSync, hash, randomUUID, sign, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, type JWK } from "jose";
import { readThumbprint } from "#lib/token-validation/client-certificate.ts";
import { selfSigned, type TestCertificate } from "./certificates.ts";
import { isIntrospected, type ProofChange, type Shape, type TokenChange } from "./decision-table.ts";

/** When every case happens, in seconds since the epoch. */
export const tableTime = Date.parse("2026-01-01T00:00:00Z") / 1000;

type KeyPair = { publicKey: KeyObject; privateKey: KeyObject; jwk: JWK };
type Who = "own" | "stranger";

function keyPair(algorithm: string): KeyPair {
  const { publicKey, privateKey } = generate(algorithm);
  return { publicKey, privateKey, jwk: { ...publicKey.export({ format: "jwk" }), alg: algorithm } };
}

function generate(algorithm: string) {
  if (algorithm === "EdDSA") return generateKeyPairSync("ed25519");
  if (algorithm === "RS256") return generateKeyPairSync("rsa", { modulusLength: 2048 });
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function signWith({ privateKey }: KeyPair, input: string): Buffer {
  const digest = privateKey.asymmetricKeyType === "ed25519" ? null : "sha256";
  return sign(digest, Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
}

const encode = (text: string) => Buffer.from(text).toString("base64url");

/** A token, and what its server would answer about it. */
export type TableToken = { text: string; answer: unknown };

export type TokenMaker = {
  /** Keys as the server of a shape publishes them. */
  keySetOf(shape: Shape): { keys: readonly JWK[] };
  pemOf(shape: Shape): string;
  certificates: Readonly<Record<"holder" | "stranger", TestCertificate>>;
  /** The token of a case; the same one for the same words. */
  make(shape: Shape, change: TokenChange): TableToken;
  /** A fresh proof for a call. */
  prove(call: { token: string; method: string; url: string }, change: ProofChange): string | undefined;
  /** A text of the table with what stands in braces filled in. */
  fill(shape: Shape, text: string, more?: Readonly<Record<string, string>>): string;
};

/** Makes the keys of all shapes, and signs with them. */
export async function tokenMaker(shapes: readonly Shape[]): Promise<TokenMaker> {
  const pairs = new Map<string, Record<Who, KeyPair>>();
  for (const algorithm of new Set(["ES256", ...shapes.map(algorithmOf)])) {
    pairs.set(algorithm, { own: keyPair(algorithm), stranger: keyPair(algorithm) });
  }
  const pairsOf = (shape: Shape) => required(pairs.get(algorithmOf(shape)));
  const certificates = { holder: selfSigned("127.0.0.1"), stranger: selfSigned("127.0.0.1") };
  const holders = { own: keyPair("ES256"), stranger: keyPair("ES256") };
  const names = {
    thumbprint: required(readThumbprint(certificates.holder.certificate)),
    jkt: await calculateJwkThumbprint(holders.own.jwk),
    jwe: [encode(JSON.stringify({ alg: "RSA-OAEP", enc: "A256GCM" })), "AA", "AA", "AA", "AA"].join("."),
  };
  const made = new Map<string, TableToken>();

  const fill: TokenMaker["fill"] = (shape, text, more = {}) => {
    const client = shape.client;
    const audience = shape.audience.replace("{client}", client);
    const known: Record<string, string> = { ...names, client, audience, issuer: shape.issuer, ...more };
    return text
      .replace(/\{([^{}*]+)\*(\d+)\}/g, (_all, unit: string, times: string) => unit.repeat(Number(times)))
      .replace(/\{(\w+)\}/g, (all, name: string) => known[name] ?? all);
  };

  /** Fills in a value of JSON: times become numbers. */
  function fillAll(shape: Shape, value: unknown): unknown {
    if (value === "{stranger}") return pairsOf(shape).stranger.jwk;
    if (typeof value === "string") {
      const [isTime, by = "0"] = /^now([+-][\d.]+)?$/.exec(value) ?? [];
      return isTime === undefined ? fill(shape, value) : tableTime + Number(by);
    }
    if (Array.isArray(value)) return value.map((item) => fillAll(shape, item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fillAll(shape, inner)]));
  }

  function claimsOf(shape: Shape, change: TokenChange): Record<string, unknown> {
    const { client, scopes, claims, without = [], claimsAsText = [] } = change;
    const all: Record<string, unknown> = { ...shape.claims };
    if (client !== undefined) for (const name of shape.clientClaims) all[name] = client;
    if (scopes !== undefined) all[shape.scopesClaim] = scopes;
    if (Object.hasOwn(change, "scopesAsIs")) all[shape.scopesClaim] = change.scopesAsIs;
    const removed = [
      ...without,
      ...(client === null ? shape.clientClaims : []),
      ...(scopes === null ? [shape.scopesClaim] : []),
    ];
    const filled = fillAll(shape, { ...all, ...claims }) as Record<string, unknown>;
    for (const name of removed) delete filled[name];
    for (const name of claimsAsText) filled[name] = String(filled[name]);
    return filled;
  }

  function headerOf(shape: Shape, { header, withoutHeader = [] }: TokenChange): Record<string, unknown> {
    const filled = fillAll(shape, { ...shape.header, ...header }) as Record<string, unknown>;
    for (const name of withoutHeader) delete filled[name];
    return filled;
  }

  function sealed(shape: Shape, input: string, change: TokenChange): Buffer {
    const { own, stranger } = pairsOf(shape);
    const good = () => signWith(own, input);
    switch (change.signature) {
      case undefined:
        return good();
      case "stranger":
        return signWith(stranger, input);
      case "changed": {
        const signature = good();
        signature.writeUInt8(signature.readUInt8(7) ^ 1, 7);
        return signature;
      }
      case "cut":
        return good().subarray(0, -1);
      case "longer":
        return Buffer.concat([good(), Buffer.from([1])]);
      case "zeros":
        return Buffer.alloc(good().length);
      case "of other claims":
        return signWith(own, `${input}A`);
      case "shared secret": {
        const pem = own.publicKey.export({ type: "spki", format: "pem" });
        const bits = /\d+$/.exec(String(change.header?.["alg"]))?.[0] ?? "256";
        return createHmac(`sha${bits}`, pem).update(input).digest();
      }
    }
  }

  /** What stands between the braces of a JSON object. */
  const membersOf = (object: object) => JSON.stringify(object).slice(1, -1);

  function signed(shape: Shape, change: TokenChange): string {
    const headerMembers = membersOf(headerOf(shape, change));
    const members = membersOf(claimsOf(shape, change));
    const header = encode(fill(shape, change.headerText ?? "{{headerMembers}}", { headerMembers }));
    const claims = encode(fill(shape, change.claimsText ?? "{{members}}", { members }));
    const signature = sealed(shape, `${header}.${claims}`, change).toString("base64url");
    const token = `${header}.${claims}.${signature}`;
    return change.text === undefined ? token : fill(shape, change.text, { header, claims, signature, token });
  }

  /** An own token for each answer: what was learned about one is not what another case says. */
  function asked(shape: Shape, change: TokenChange): TableToken {
    const answer = Object.hasOwn(change, "answer") ? change.answer : claimsOf(shape, change);
    if (change.text !== undefined) return { text: fill(shape, change.text), answer };
    const number = String(made.size);
    if (shape.token !== "signed") return { text: `${shape.token ?? ""}${number}`, answer };
    const parts = [shape.header, { iss: shape.issuer, jti: number }].map((part) => encode(JSON.stringify(part)));
    // Whoever signed it: the server is asked, and knows.
    return {
      text: `${parts.join(".")}.${signWith(pairsOf(shape).stranger, parts.join(".")).toString("base64url")}`,
      answer,
    };
  }

  return {
    certificates,
    fill,
    keySetOf(shape) {
      const { own, stranger } = pairsOf(shape);
      const published = { ...own.jwk, kid: "key-1", use: "sig" };
      return { keys: [{ ...stranger.jwk, kid: "encryption", use: "enc" }, published] };
    },
    pemOf: (shape) => String(pairsOf(shape).own.publicKey.export({ type: "spki", format: "pem" })),
    make(shape, { tenant: _tenant, call: _call, ...change }) {
      const words = `${shape.id} ${JSON.stringify(change)}`;
      let token = made.get(words);
      if (!token) {
        token = isIntrospected(shape) ? asked(shape, change) : { text: signed(shape, change), answer: null };
        made.set(words, token);
      }
      return token;
    },
    prove({ token, method, url }, change) {
      if (change.none) return undefined;
      const shape = required(shapes[0]);
      if (change.text !== undefined) return fill(shape, change.text, { token });
      const holder = change.by === "stranger" ? holders.stranger : holders.own;
      const { alg: _alg, ...jwk } = holder.jwk;
      const header = { typ: "dpop+jwt", alg: "ES256", jwk, ...change.header };
      const ath = hash("sha256", token, "base64url");
      const claims: Record<string, unknown> = { jti: randomUUID(), htm: method, htu: url, iat: tableTime, ath };
      Object.assign(claims, fillAll(shape, change.claims ?? {}));
      for (const name of change.claimsAsText ?? []) claims[name] = String(claims[name]);
      const parts = [without(header, change.withoutHeader), without(claims, change.without)];
      const input = parts.map((part) => encode(JSON.stringify(part))).join(".");
      const signer = change.signature === "stranger" ? holders.stranger : holder;
      return `${input}.${signWith(signer, input).toString("base64url")}`;
    },
  };
}

function algorithmOf({ header }: Shape): string {
  return typeof header?.["alg"] === "string" ? header["alg"] : "ES256";
}

function without(members: Record<string, unknown>, names: readonly string[] = []): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));
}

function required<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error("The decision table names something that is not there.");
  return value;
}
