import { generateKeyPairSync } from "node:crypto";
import { jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { systemClock } from "#lib/foundation/clock.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { authenticatedForm } from "./client-authentication.ts";

const place = { audience: "https://as.test/token", clock: systemClock };

describe("authenticatedForm", () => {
  it("form-encodes identifier and secret before joining them (RFC 6749 appendix B)", async () => {
    const credentials = { method: "client_secret_basic", clientId: "a:b c", clientSecret: new Secret("é%&+") } as const;
    const { headers, body } = await authenticatedForm({ grant_type: "x" }, credentials, place);
    const decoded = Buffer.from(headers["authorization"]?.slice("Basic ".length) ?? "", "base64").toString();
    expect(decoded).toBe("a%3Ab+c:%C3%A9%25%26%2B");
    expect(body).toBe("grant_type=x");
  });

  it("puts both into the body where that is asked for, and no header", async () => {
    const credentials = { method: "client_secret_post", clientId: "a&b", clientSecret: new Secret("=") } as const;
    const { headers, body } = await authenticatedForm({}, credentials, place);
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({ client_id: "a&b", client_secret: "=" });
    expect(headers["authorization"]).toBeUndefined();
  });

  it("signs a short-lived assertion for exactly this audience (RFC 7523 §3)", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = new Secret(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    const credentials = {
      method: "private_key_jwt",
      clientId: "a",
      privateKey: pem,
      keyId: "k",
      algorithm: "ES256",
    } as const;
    const { body } = await authenticatedForm({}, credentials, place);
    const { payload, protectedHeader } = await jwtVerify(
      new URLSearchParams(body).get("client_assertion") ?? "",
      publicKey,
      { issuer: "a", subject: "a", audience: place.audience, maxTokenAge: "1m", requiredClaims: ["jti", "exp"] },
    );
    expect(protectedHeader.kid).toBe("k");
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
  });

  it("says that a key is unusable without quoting it", async () => {
    const credentials = {
      method: "private_key_jwt",
      clientId: "a",
      privateKey: new Secret("canary-key"),
      algorithm: "ES256",
    } as const;
    const error: unknown = await authenticatedForm({}, credentials, place).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "misconfigured" });
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain("canary");
  });
});
