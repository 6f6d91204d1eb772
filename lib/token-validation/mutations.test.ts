import { createHmac } from "node:crypto";
import fc from "fast-check";
import { exportSPKI, importJWK, type CryptoKey } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { proofKey, signProof } from "#tooling/testing/dpop.ts";
import { expectRefused, isRefusedForGood, mutation } from "#tooling/testing/mutations.ts";
import {
  goodClaims,
  signingPair,
  signToken,
  trustAnchor,
  validationWorld,
  type SigningPair,
} from "#tooling/testing/validation.ts";
import { maximumTokenCharacters } from "./compact-token.ts";

const algorithms = ["ES256", "RS256", "PS256", "EdDSA"] as const;
const pairs = new Map<string, SigningPair>();

beforeAll(async () => {
  for (const algorithm of algorithms) pairs.set(algorithm, await signingPair(algorithm));
});

function pairOf(algorithm: string): SigningPair {
  const pair = pairs.get(algorithm);
  if (!pair) throw new Error(`There is no pair for ${algorithm}.`);
  return pair;
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;

describe("a token that was changed without the key", () => {
  it.each(algorithms)(
    "never passes, out of five thousand (%s)",
    async (algorithm) => {
      const pair = pairOf(algorithm);
      const made = validationWorld([pair.publicJwk]);
      const token = await signToken(pair, {}, made.nowSeconds());
      const looked = await expectRefused(token, {
        by: mutation,
        times: 5_500,
        refuses: async (mutated) => isRefusedForGood(await made.validate(mutated)),
      });
      expect(looked).toBeGreaterThanOrEqual(5_000);
      // The good one still passes: the property is not vacuous.
      expect(await made.validate(token)).toMatchObject({ allowed: true });
    },
    60_000,
  );

  it("does not pass on the strength of the same token having been cached", async () => {
    const pair = pairOf("ES256");
    const made = validationWorld([pair.publicJwk]);
    const token = await signToken(pair, {}, made.nowSeconds());
    const other = await signToken(pair, { claims: { sub: "user-2" } }, made.nowSeconds());
    await Promise.all([made.validate(token), made.validate(other)]);
    const [header = "", payload = "", signature = ""] = token.split(".");
    const foreign = other.split(".")[2] ?? "";
    for (const variant of [
      `${header}.${payload}.${foreign}`,
      `${header}.${other.split(".")[1] ?? ""}.${signature}`,
      `${token}=`,
      `${token} `,
      ` ${token}`,
      `${header}.${payload}=.${signature}`,
      `${token}.`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${token}.${signature}.${signature}`,
    ]) {
      expect(await made.validate(variant)).toMatchObject({ allowed: false });
    }
  });
});

describe("a DPoP proof that was changed without the key", () => {
  const url = "https://api.example/orders/1.0.0/items";

  it.each(algorithms)(
    "never passes, out of five thousand (%s)",
    async (algorithm) => {
      const made = validationWorld([pairOf("ES256").publicJwk]);
      const holder = await proofKey(algorithm);
      const nowSeconds = made.nowSeconds();
      const token = await signToken(pairOf("ES256"), { claims: { cnf: { jkt: holder.thumbprint } } }, nowSeconds);
      const proof = await signProof(holder, { token, url, nowSeconds });
      const looked = await expectRefused(proof, {
        by: mutation,
        times: 5_500,
        refuses: async (mutated) => {
          const verdict = await made.validate(token, { proof: { dpop: { proof: mutated, url } } });
          return !verdict.allowed && verdict.status === 401;
        },
      });
      expect(looked).toBeGreaterThanOrEqual(5_000);
      // The good one still passes: none of its copies was taken for it.
      expect(await made.validate(token, { proof: { dpop: { proof, url } } })).toMatchObject({ allowed: true });
    },
    60_000,
  );
});

describe("a token that was made to confuse", () => {
  const nothing = { allowed: false, status: 401 };

  it.each(["none", "None", "NONE", "nOnE", "", undefined, ["none"], null])("alg %j, unsigned", async (alg) => {
    const made = validationWorld([pairOf("ES256").publicJwk]);
    const parts = `${encode({ alg, kid: "key-1", typ: "at+jwt" })}.${encode(goodClaims(made.nowSeconds()))}`;
    for (const token of [parts, `${parts}.`, `${parts}.AA`]) expect(await made.validate(token)).toMatchObject(nothing);
  });

  it.each(["HS256", "HS384", "HS512"])("%s with the public key as the shared secret", async (alg) => {
    const pair = pairOf("RS256");
    const made = validationWorld([pair.publicJwk, { ...pair.publicJwk, alg: undefined as never, kid: "no-alg" }]);
    made.change({ trustAnchors: [{ ...trustAnchor, algorithms: [...trustAnchor.algorithms, alg] }] });
    const pem = await exportSPKI((await importJWK(pair.publicJwk, "RS256", { extractable: true })) as CryptoKey);
    const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
    for (const secret of [pem, ` ${pem}`, `\n${pem}`, pem.trim(), der, JSON.stringify(pair.publicJwk)]) {
      for (const kid of ["key-1", "no-alg"]) {
        const input = `${encode({ alg, kid, typ: "at+jwt" })}.${encode(goodClaims(made.nowSeconds()))}`;
        const signature = createHmac(`sha${alg.slice(2)}`, secret)
          .update(input)
          .digest("base64url");
        expect(await made.validate(`${input}.${signature}`)).toMatchObject({ reason: "algorithm_refused" });
      }
    }
  });

  it("PS256 where the key is for RS256, and an algorithm that the trust anchor does not name", async () => {
    const pair = pairOf("RS256");
    const made = validationWorld([pair.publicJwk]);
    const probabilistic = { ...pair, algorithm: "PS256", privateKey: pairOf("PS256").privateKey };
    expect(await made.validate(await signToken(probabilistic, {}, made.nowSeconds()))).toMatchObject(nothing);
    made.change({ trustAnchors: [{ ...trustAnchor, algorithms: ["ES256"] }] });
    expect(await made.validate(await signToken(pair, {}, made.nowSeconds()))).toMatchObject({
      reason: "algorithm_refused",
    });
  });

  it("duplicate members, escaped or not; a byte order mark; text that is not UTF-8", async () => {
    const made = validationWorld([pairOf("ES256").publicJwk]);
    const claims = JSON.stringify(goodClaims(made.nowSeconds())).slice(1);
    const header = encode({ alg: "ES256", kid: "key-1", typ: "at+jwt" });
    const texts = [
      `{"iss":"x",${claims}`,
      `{"\\u0069ss":"x",${claims}`,
      `{"a":{"b":1,"b":2},${claims}`,
      `\ufeff{${claims}`,
    ];
    const bytes = [...texts.map((text) => Buffer.from(text)), Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])];
    for (const payload of bytes) {
      expect(await made.validate(`${header}.${payload.toString("base64url")}.AAAA`)).toMatchObject({
        reason: "token_malformed",
      });
    }
  });

  it("an encrypted token, a nested one, crit, b64 and zip", async () => {
    const pair = pairOf("ES256");
    const made = validationWorld([pair.publicJwk]);
    const jwe = `${encode({ alg: "RSA-OAEP", enc: "A256GCM", zip: "DEF" })}.AA.AA.AA.AA`;
    expect(await made.validate(jwe)).toMatchObject({ reason: "token_malformed" });
    const inner = await signToken(pair, {}, made.nowSeconds());
    const nested = `${encode({ alg: "ES256", kid: "key-1", cty: "JWT" })}.${Buffer.from(inner).toString("base64url")}.AA`;
    expect(await made.validate(nested)).toMatchObject({ reason: "token_malformed" });
    const [header = "", payload = "", signature = ""] = inner.split(".");
    for (const extra of [{ crit: ["b64"], b64: false }, { b64: false }, { zip: "DEF" }, { crit: [] }]) {
      const token = `${encode({ ...decode(header), ...extra })}.${payload}.${signature}`;
      expect(await made.validate(token)).toMatchObject({ reason: "token_malformed" });
    }
  });

  it("is refused within five milliseconds, whatever its size", async () => {
    const made = validationWorld([pairOf("ES256").publicJwk]);
    const hostile = [
      "x".repeat(1_000_000),
      `${encode({ alg: "ES256" })}.${"A".repeat(1_000_000)}.AA`,
      ".".repeat(maximumTokenCharacters),
      `${Buffer.from("[".repeat(9_000)).toString("base64url")}.AA.AA`,
      `${Buffer.from(`{"a":${"[".repeat(5_000)}${"]".repeat(5_000)}}`).toString("base64url")}.AA.AA`,
    ];
    for (const token of hostile) {
      // The best of a few: a busy machine is not what is measured.
      const times: number[] = [];
      for (let run = 0; run < 7; run++) {
        const startedAt = performance.now();
        const verdict = await made.validate(token);
        times.push(performance.now() - startedAt);
        expect(verdict).toMatchObject(nothing);
      }
      expect(Math.min(...times)).toBeLessThan(5);
    }
  });

  it("any text at all: an answer, never an exception", async () => {
    const made = validationWorld([pairOf("ES256").publicJwk]);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: "binary" }), fc.base64String(), fc.json()), async (text) => {
        expect(await made.validate(text)).toMatchObject({ allowed: false });
      }),
      { numRuns: 1_000 },
    );
  }, 60_000);
});
