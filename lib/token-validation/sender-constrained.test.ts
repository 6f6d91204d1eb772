import { X509Certificate } from "node:crypto";
import { exportJWK } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { proofKey, signProof, type ProofKey, type ProofParts } from "#tooling/testing/dpop.ts";
import {
  consumerKey,
  signingPair,
  signToken,
  trustAnchor,
  validationWorld,
  type SigningPair,
} from "#tooling/testing/validation.ts";
import type { CallerProof } from "./caller-proof.ts";
import { readThumbprint } from "./client-certificate.ts";
import { DpopVerifier, defaultDpopLimits, normalAddress } from "./dpop.ts";
import { ReplayGuard } from "./replay-guard.ts";
import { defaultLimits } from "./validator.ts";

let pair: SigningPair;
let holder: ProofKey;
let thief: ProofKey;

beforeAll(async () => {
  [pair, holder, thief] = await Promise.all([signingPair(), proofKey(), proofKey()]);
});

const url = "https://api.example/orders/1.0.0/items";
const unavailable = { code: 900900, status: 503 };

/** A world, a token bound by `cnf`, and a call with what the caller shows. */
async function boundWorld(cnf: unknown, limits = defaultLimits) {
  const made = validationWorld([pair.publicJwk], limits);
  const token = await signToken(pair, { claims: { cnf } }, made.nowSeconds());
  return {
    made,
    token,
    call: (proof?: CallerProof, request = {}) => made.validate(token, { proof, ...request }),
    prove: (parts: Partial<ProofParts> = {}, by = holder) =>
      signProof(by, { token, url, nowSeconds: made.nowSeconds(), ...parts }),
  };
}

describe("a token that is bound to a key (DPoP)", () => {
  const keyWorld = (limits = defaultLimits) => boundWorld({ jkt: holder.thumbprint }, limits);

  it("passes with a proof for this call, and for each further call with another", async () => {
    const { made, call, prove } = await keyWorld();
    expect(await call({ dpop: { proof: await prove(), url } })).toMatchObject({ allowed: true });
    made.cutOff();
    expect(await call({ dpop: { proof: await prove(), url } })).toMatchObject({ allowed: true });
  });

  it.each(["ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA"])("passes with a proof signed in %s", async (alg) => {
    const own = await proofKey(alg);
    const { call, prove } = await boundWorld({ jkt: own.thumbprint });
    expect(await call({ dpop: { proof: await prove({}, own), url } })).toMatchObject({ allowed: true });
  });

  it("is refused as Bearer, with a certificate or without, warm or not", async () => {
    const { call, prove } = await keyWorld();
    expect(await call()).toMatchObject({ code: 900901, status: 401, reason: "dpop_required" });
    await call({ dpop: { proof: await prove(), url } });
    expect(await call()).toMatchObject({ reason: "dpop_required" });
    expect(await call({ certificate: "x" })).toMatchObject({ reason: "dpop_required" });
  });

  it("is refused without a proof, and where the gateway does not know its own address", async () => {
    const { call, prove } = await keyWorld();
    for (const proof of [undefined, ""]) {
      expect(await call({ dpop: { proof, url } })).toMatchObject({ reason: "dpop_proof_missing", status: 401 });
    }
    expect(await call({ dpop: { proof: await prove(), url: undefined } })).toMatchObject({
      code: 900900,
      status: 403,
      reason: "dpop_address_unknown",
    });
  });

  it("is refused with the same proof again, for as long as that one could be used", async () => {
    const { made, token, prove } = await keyWorld();
    const ask = (proof: string) => made.validate(token, { proof: { dpop: { proof, url } } });
    // A proof from a clock that is ahead can be used the longest.
    const proof = await prove({ claims: { iat: made.nowSeconds() + 60 } });
    expect(await ask(proof)).toMatchObject({ allowed: true });
    for (let second = 0; second <= 120; second += 30) {
      expect(await ask(proof)).toMatchObject({ code: 900901, reason: "dpop_proof_replayed" });
      made.time += 30_000;
    }
    expect(await ask(proof)).toMatchObject({ reason: "dpop_proof_untimely" });
    expect(await ask(await prove({ claims: { jti: "same" } }))).toMatchObject({ allowed: true });
    expect(await ask(await prove({ claims: { jti: "same" } }))).toMatchObject({ reason: "dpop_proof_replayed" });
  });

  it("is refused at once where a second call with one proof comes at the same time", async () => {
    const { call, prove } = await keyWorld();
    const proof = await prove();
    const verdicts = await Promise.all(Array.from({ length: 5 }, () => call({ dpop: { proof, url } })));
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(1);
  });

  it("is refused for the moment where no more proofs can be remembered, and passes later", async () => {
    const { made, call, prove } = await keyWorld({ ...defaultLimits, dpop: { ...defaultDpopLimits, proofs: 2 } });
    for (let count = 0; count < 2; count++) {
      expect(await call({ dpop: { proof: await prove(), url } })).toMatchObject({ allowed: true });
    }
    expect(await call({ dpop: { proof: await prove(), url } })).toMatchObject({
      ...unavailable,
      retryAfterSeconds: 120,
    });
    made.time += 120_000;
    expect(await call({ dpop: { proof: await prove(), url } })).toMatchObject({ allowed: true });
  });

  it.each([59, 60, -59, -60])("passes with a proof that is %i seconds old", async (age) => {
    const { made, call, prove } = await keyWorld();
    const proof = await prove({ claims: { iat: made.nowSeconds() - age } });
    expect(await call({ dpop: { proof, url } })).toMatchObject({ allowed: true });
  });

  const faults: [string, Partial<ProofParts>, string][] = [
    ["too old", { claims: { iat: Date.parse("2026-01-01T00:00:00Z") / 1000 - 61 } }, "dpop_proof_untimely"],
    ["of the future", { claims: { iat: Date.parse("2026-01-01T00:00:00Z") / 1000 + 61 } }, "dpop_proof_untimely"],
    ["that has expired by its own word", { claims: { exp: 1 } }, "dpop_proof_invalid"],
    ["without a time", { claims: { iat: undefined } }, "dpop_proof_invalid"],
    ["with a time that is no number", { claims: { iat: "1767225600" } }, "dpop_proof_invalid"],
    ["without an identifier", { claims: { jti: undefined } }, "dpop_proof_invalid"],
    ["with an empty identifier", { claims: { jti: "" } }, "dpop_proof_invalid"],
    ["with an endless identifier", { claims: { jti: "x".repeat(513) } }, "dpop_proof_invalid"],
    ["for another method", { method: "POST" }, "dpop_proof_mismatch"],
    ["for the method in other letters", { method: "get" }, "dpop_proof_mismatch"],
    ["without a method", { claims: { htm: undefined } }, "dpop_proof_mismatch"],
    ["for another host", { url: url.replace("api.", "evil.") }, "dpop_proof_mismatch"],
    ["for another scheme", { url: url.replace("https", "http") }, "dpop_proof_mismatch"],
    ["for another port", { url: url.replace("example", "example:8443") }, "dpop_proof_mismatch"],
    ["for another path", { url: `${url}/7` }, "dpop_proof_mismatch"],
    ["for the path in other letters", { url: url.replace("items", "Items") }, "dpop_proof_mismatch"],
    ["for no address", { claims: { htu: undefined } }, "dpop_proof_mismatch"],
    ["for an address with a name in it", { url: url.replace("//", "//api.example@") }, "dpop_proof_mismatch"],
    ["for another token", { token: "another" }, "dpop_proof_mismatch"],
    ["for any token", { claims: { ath: undefined } }, "dpop_proof_mismatch"],
    ["of another type", { header: { typ: "JWT" } }, "dpop_proof_invalid"],
    ["of no type", { header: { typ: undefined } }, "dpop_proof_invalid"],
    ["without a key", { header: { jwk: undefined } }, "dpop_proof_invalid"],
    ["with a key that is no object", { header: { jwk: "x" } }, "dpop_proof_invalid"],
    ["with a symmetric key", { header: { jwk: { kty: "oct", k: "AAAA" } } }, "dpop_proof_invalid"],
    ["with half a key", { header: { jwk: { kty: "EC", crv: "P-256", x: "AA" } } }, "dpop_proof_invalid"],
  ];

  it.each(faults)("is refused with a proof %s", async (_what, parts, reason) => {
    const { call, prove } = await keyWorld();
    expect(await call({ dpop: { proof: await prove(parts), url } })).toMatchObject({
      code: 900901,
      status: 401,
      reason,
    });
    expect(await call({ dpop: { proof: await prove(), url } })).toMatchObject({ allowed: true });
  });

  it("is refused with another's proof, with another's key in the header, and with a private key in it", async () => {
    const { call, prove } = await keyWorld();
    const ask = async (proof: string) => call({ dpop: { proof, url } });
    expect(await ask(await prove({}, thief))).toMatchObject({ reason: "dpop_proof_foreign" });
    const claimed = await prove({ header: { jwk: holder.jwk } }, thief);
    expect(await ask(claimed)).toMatchObject({ reason: "dpop_proof_invalid" });
    const whole = await exportJWK(holder.pair.privateKey);
    for (const name of ["d", "p", "k", "oth"]) {
      const leaking = await prove({ header: { jwk: { ...holder.jwk, [name]: whole.d } } });
      expect(await ask(leaking)).toMatchObject({ reason: "dpop_proof_invalid" });
    }
  });

  it("is refused with a text that is no proof", async () => {
    const { call, token, prove } = await keyWorld();
    const good = await prove();
    const [header = "", payload = "", signature = ""] = good.split(".");
    const unsigned = Buffer.from(JSON.stringify({ typ: "dpop+jwt", alg: "none", jwk: holder.jwk }));
    for (const proof of [
      token,
      `${good}, ${good}`,
      `${good} `,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${header}.${payload}.${signature}=`,
      `${unsigned.toString("base64url")}.${payload}.AA`,
      "x".repeat(100_000),
      "é",
    ]) {
      expect(await call({ dpop: { proof, url } })).toMatchObject({ reason: "dpop_proof_invalid" });
    }
    expect(await call({ dpop: { proof: good, url } })).toMatchObject({ allowed: true });
  });

  it("is held against the method and the address of the call, and against nothing in its query", async () => {
    const { made, token } = await keyWorld();
    const target = { requestPath: "/orders/1.0.0/items?limit=1" };
    const proof = await signProof(holder, { token, url, nowSeconds: made.nowSeconds() });
    const asked = { target, proof: { dpop: { proof, url: `${url}?limit=1#top` } } };
    expect(await made.validate(token, asked)).toMatchObject({ allowed: true });
  });

  it("keeps its other refusals: a proof opens nothing that the token does not", async () => {
    const { made, token, prove } = await keyWorld();
    const target = { requestPath: "/orders/1.0.0/items/7" };
    const address = `${url}/7`;
    const proof = await prove({ method: "DELETE", url: address });
    const asked = { method: "DELETE", target, proof: { dpop: { proof, url: address } } };
    expect(await made.validate(token, asked)).toMatchObject({ reason: "scope_missing" });
    made.time += 3_600_000;
    expect(await made.validate(token, asked)).toMatchObject({ reason: "token_expired" });
  });

  it("works for tokens that are introspected, which name the key in the answer (RFC 9449 §6.2)", async () => {
    const { made, token, prove } = await keyWorld();
    made.change({ trustAnchors: [{ ...trustAnchor, validation: "INTROSPECT" }] });
    const answer = (claims: Record<string, unknown>) => ({
      active: true as const,
      consumerKey,
      scopes: ["orders:read"],
      audiences: [],
      claims,
    });
    const proof = async () => ({ proof: { dpop: { proof: await prove(), url } } });
    made.introspect = () => answer({ cnf: { jkt: holder.thumbprint }, token_type: "DPoP" });
    expect(await made.validate(token, await proof())).toMatchObject({ allowed: true });
    expect(await made.validate(token)).toMatchObject({ reason: "dpop_required" });
    made.time += 61_000;
    made.introspect = () => answer({ token_type: "dpop" });
    expect(await made.validate(token, await proof())).toMatchObject({ reason: "sender_constrained" });
  });
});

describe("a token that is bound to nothing", () => {
  it("is refused as DPoP, and passes as Bearer whatever certificate its caller has", async () => {
    const made = validationWorld([pair.publicJwk]);
    const token = await signToken(pair, {}, made.nowSeconds());
    const proof = await signProof(holder, { token, url, nowSeconds: made.nowSeconds() });
    expect(await made.validate(token, { proof: { dpop: { proof, url } } })).toMatchObject({
      code: 900901,
      reason: "dpop_unbound",
    });
    expect(await made.validate(token, { proof: { certificate: "-" } })).toMatchObject({ allowed: true });
  });
});

describe("a token that is bound to a client certificate", () => {
  const own = selfSigned("client.example").certificate;
  const other = selfSigned("client.example").certificate;
  const thumbprint = readThumbprint(own) ?? "";
  const certificateWorld = () => boundWorld({ "x5t#S256": thumbprint });

  it("passes with that certificate, warm or not, and is refused with another, with none, or with a text", async () => {
    const { made, call } = await certificateWorld();
    expect(await call({ certificate: own })).toMatchObject({ allowed: true });
    made.cutOff();
    expect(await call({ certificate: thumbprint })).toMatchObject({ allowed: true });
    for (const certificate of [undefined, ""]) {
      expect(await call({ certificate })).toMatchObject({ code: 900901, status: 401, reason: "certificate_missing" });
    }
    expect(await call()).toMatchObject({ reason: "certificate_missing" });
    for (const certificate of [other, own.slice(0, -60), "x", thumbprint.slice(1), "%", "%zz", "Hash=x", 'Cert="']) {
      expect(await call({ certificate })).toMatchObject({ code: 900901, status: 401, reason: "certificate_mismatch" });
    }
  });

  it("must show both where it is bound to a key too", async () => {
    const { call, prove } = await boundWorld({ "x5t#S256": thumbprint, jkt: holder.thumbprint });
    const dpop = async () => ({ proof: await prove(), url });
    expect(await call({ certificate: own, dpop: await dpop() })).toMatchObject({ allowed: true });
    expect(await call({ certificate: own })).toMatchObject({ reason: "dpop_required" });
    expect(await call({ certificate: other, dpop: await dpop() })).toMatchObject({ reason: "certificate_mismatch" });
    expect(await call({ dpop: await dpop() })).toMatchObject({ reason: "certificate_missing" });
  });

  it("is named as gateways hand certificates on", () => {
    const { raw, fingerprint256 } = new X509Certificate(own);
    const hex = fingerprint256.replaceAll(":", "");
    const escaped = encodeURIComponent(own);
    for (const text of [
      own,
      escaped,
      own.replaceAll("\n", " "),
      raw.toString("base64"),
      `:${raw.toString("base64")}:`,
      `${raw.toString("base64")},${new X509Certificate(other).raw.toString("base64")}`,
      encodeURIComponent(raw.toString("base64")),
      fingerprint256,
      hex.toLowerCase(),
      `By=spiffe://a;Hash=${hex.toLowerCase()};Subject="CN=a;Hash=b,c"`,
      `Hash=${"0".repeat(64)},By=b;Hash=${hex.toLowerCase()}`,
      `Subject="CN=\\"x\\"";Cert="${escaped}"`,
    ]) {
      expect(readThumbprint(text)).toBe(thumbprint);
    }
    for (const text of [
      "",
      "MIIB",
      "x".repeat(20_000),
      `By="Hash=${hex}"`,
      `Hash=${hex},By=x`,
      `${raw.toString("base64")}, MIIB`,
    ]) {
      expect(readThumbprint(text)).toBeNull();
    }
  });

  it("is named as in RFC 8705, appendix A", () => {
    const certificate = `-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----`;
    expect(readThumbprint(certificate)).toBe("A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0");
  });
});

describe("a binding that nobody here can check", () => {
  it.each<unknown>([
    {},
    { jkt: "x" },
    { "x5t#S256": 1 },
    { "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2", jwk: {} },
    { jku: "https://keys.example" },
    { kid: "dfd1aa97-6d8d-4575-a0fe-34b96de2bfad" },
    { __proto__: null, toString: "x" },
    [],
    null,
    "x",
  ])("refuses the token: cnf %j", async (cnf) => {
    const { call } = await boundWorld(cnf);
    expect(await call({ certificate: "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" })).toMatchObject({
      code: 900901,
      reason: "sender_constrained",
    });
  });
});

describe("the proof in RFC 9449, section 7.1", () => {
  const proof =
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo" +
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJ" +
    "qdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXN" +
    "vdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yR" +
    "qzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
  const call = {
    keyThumbprint: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
    tokenDigest: "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo",
    method: "GET",
  };
  const now = new Date(1_562_262_618_000);

  it("is accepted for the request that it was made for, once", async () => {
    const verifier = new DpopVerifier(defaultDpopLimits);
    const shown = { proof, url: "https://resource.example.org/protectedresource" };
    expect(await verifier.refuse(shown, { ...call, method: "POST" }, now)).toMatchObject({ allowed: false });
    expect(await verifier.refuse(shown, call, now)).toBeNull();
    expect(await verifier.refuse(shown, call, now)).toMatchObject({ reason: "dpop_proof_replayed" });
  });
});

describe("addresses", () => {
  it.each([
    ["https://a.example/x?y=1#z", "https://a.example/x"],
    ["HTTPS://A.EXAMPLE:443/x", "https://a.example/x"],
    ["http://a.example:80", "http://a.example/"],
    ["https://a.example/%7e%2fx%c3%a9", "https://a.example/~%2Fx%C3%A9"],
    ["https://a.example/a/./b/../c", "https://a.example/a/c"],
  ])("%s is %s", (text, normal) => expect(normalAddress(text)).toBe(normal));

  it.each([
    "",
    "/x",
    "a.example/x",
    "ftp://a.example/",
    "https://u:p@a.example/",
    "https://a.example/\\x",
    "https:// a/",
  ])("%s is none", (text) => expect(normalAddress(text)).toBeNull());
});

describe("what is remembered of proofs", () => {
  it("stays for a whole lifetime at least, and no longer than two", () => {
    let now = 0;
    const guard = new ReplayGuard({ lifetimeMs: 100, capacity: 1_000, timer: () => now });
    for (; now < 1_000; now += 7) {
      expect(guard.use(`proof ${now}`, now)).toBe("fresh");
      for (let seen = Math.max(0, now - 98); seen <= now; seen++) {
        if (seen % 7 === 0) expect(guard.use(`proof ${seen}`, now)).toBe("used");
      }
    }
    now = 2_000;
    expect(guard.use("proof 0", now)).toBe("fresh");
  });

  it.each([
    ["jumps forward and back again", 10_000],
    ["is set back", -10_000],
  ])("stays while the clock %s", (_way, jump) => {
    let elapsed = 0;
    const guard = new ReplayGuard({ lifetimeMs: 100, capacity: 1_000, timer: () => elapsed });
    expect(guard.use("proof", 0)).toBe("fresh");
    elapsed += 50;
    expect(guard.use("another", jump)).toBe("fresh");
    expect(guard.use("proof", 50)).toBe("used");
  });
});
