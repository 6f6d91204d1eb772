import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, it } from "vitest";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { algorithmsOf, readVerificationPem } from "./verification-key.ts";

const spki = ({ publicKey }: { publicKey: KeyObject }) => publicKey.export({ type: "spki", format: "pem" }).toString();
const rsa = (modulusLength: number) => generateKeyPairSync("rsa", { modulusLength });
const ec = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve });
/** Made of any modulus: finding the primes of so long a one takes minutes. */
function longRsa(): string {
  const n = Buffer.alloc(1025, 0xff).toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "RSA", n, e: "AQAB" }, format: "jwk" });
  return spki({ publicKey });
}

describe("a key in PEM form", () => {
  it.each([
    ["RSA", spki(rsa(2048)), "PS256"],
    ["RSA in its own form", rsa(2048).publicKey.export({ type: "pkcs1", format: "pem" }).toString(), "RS256"],
    ["P-256", spki(ec("P-256")), "ES256"],
    ["P-384", spki(ec("P-384")), "ES384"],
    ["P-521", spki(ec("P-521")), "ES512"],
    ["Ed25519", spki(generateKeyPairSync("ed25519")), "EdDSA"],
    ["an EC certificate", selfSigned("id.example").certificate, "ES256"],
    ["an RSA certificate", selfSigned("id.example", { isRsa: true }).certificate, "RS256"],
  ])("is accepted as %s", (_, pem, algorithm) => {
    const jwk = readVerificationPem(pem);
    expect(algorithmsOf(jwk)).toContain(algorithm);
    expect(jwk.d).toBeUndefined();
  });

  it.each([
    ["secp256k1", () => spki(ec("secp256k1"))],
    ["RSASSA-PSS alone", () => spki(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }))],
    ["RSA of 1024 bits", () => spki(rsa(1024))],
    ["RSA of more than 8192 bits", longRsa],
    ["Ed448", () => spki(generateKeyPairSync("ed448"))],
    ["X25519", () => spki(generateKeyPairSync("x25519"))],
  ])("is refused as %s, with what is accepted", (_, pem) => {
    expect(() => readVerificationPem(pem())).toThrow("Use RSA with 2048 to 8192 bits, EC on P-256");
  });

  it("is refused as a private key, as damaged text, and as none", () => {
    const { privateKey } = ec("P-256");
    const secret = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(() => readVerificationPem(secret)).toThrow("private key");
    expect(() => readVerificationPem(`${selfSigned("id.example").certificate}${secret}`)).toThrow("private key");
    expect(() => readVerificationPem(spki(ec("P-256")).replace("M", "!"))).toThrow("damaged");
    expect(() => readVerificationPem("hello")).toThrow("Paste a certificate");
  });
});
