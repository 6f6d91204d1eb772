/** Tokens that are bound to their holder, through a real gateway: what it vouches for, and no caller can say in its place. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Echo } from "#e2e/servers/echo-backend.ts";
import { readThumbprint } from "#lib/token-validation/client-certificate.ts";
import { selfSigned } from "./certificates.ts";
import { proofKey, signProof, type ProofKey, type ProofParts } from "./dpop.ts";
import { itemPath, type Answer, type Call } from "./gateway-calls.ts";
import type { TokenParts } from "./validation.ts";

type HolderWorld = {
  token(parts: TokenParts): Promise<string>;
  /** Calls the gateway, over TLS or without. */
  call(over: "http" | "https", call: Call): Promise<Answer & { reachedBackend: boolean }>;
  /** The address under which callers know the gateway. */
  origin(over: "http" | "https"): string;
};

/** Describes what passes with a bound token, and what does not. */
export function describeHolders({ token, call, origin }: HolderWorld): void {
  const nowSeconds = () => Math.floor(Date.now() / 1000);
  const refused = ({ status, headers, body, reachedBackend }: Awaited<ReturnType<typeof call>>) => {
    const { code, reason } = body as Record<string, string>;
    return { status, code, reason, challenge: headers["www-authenticate"], reachedBackend };
  };

  describe("a token that is bound to a key", () => {
    let holder: ProofKey;
    let stranger: ProofKey;
    let bound: string;
    beforeAll(async () => {
      [holder, stranger] = await Promise.all([proofKey(), proofKey()]);
      bound = await token({ claims: { cnf: { jkt: holder.thumbprint } } });
    });

    const prove = (parts: Partial<ProofParts> = {}, by = holder) =>
      signProof(by, { token: bound, url: origin("http") + itemPath, nowSeconds: nowSeconds(), ...parts });
    const show = (proof: string, more: Call = {}) =>
      call("http", { ...more, headers: { Authorization: `DPoP ${bound}`, DPoP: proof, ...more.headers } });

    it("passes with a proof for this call, once", async () => {
      const proof = await prove();
      const first = await show(proof, { path: `${itemPath}?a=1` });
      expect(first.status).toBe(200);
      const { headers } = first.body as Echo;
      expect(headers).toMatchObject({ "x-latchkey-subject": "user-1" });
      expect(headers).not.toHaveProperty("dpop");
      expect(headers).not.toHaveProperty("authorization");
      expect(refused(await show(proof))).toEqual({
        status: 401,
        code: "900901",
        reason: "dpop_proof_replayed",
        challenge: expect.stringMatching(/^DPoP .*error="invalid_dpop_proof".*algs="[^"]*ES256/),
        reachedBackend: false,
      });
    });

    const elsewhere = "https://elsewhere.example";
    const refusals: [string, string, () => Promise<Answer & { reachedBackend: boolean }>][] = [
      ["another key's proof", "dpop_proof_foreign", async () => show(await prove({}, stranger))],
      ["a proof for another method", "dpop_proof_mismatch", async () => show(await prove({ method: "DELETE" }))],
      [
        "a proof for another path",
        "dpop_proof_mismatch",
        async () => show(await prove({ url: `${origin("http")}/orders/1.0.0/items/8` })),
      ],
      [
        "a proof for another gateway, whose address the caller gives in this one's place",
        "dpop_proof_mismatch",
        async () =>
          show(await prove({ url: elsewhere + itemPath }), {
            path: `${itemPath}?origin=${elsewhere}`,
            headers: { "X-Latchkey-Origin": elsewhere, "X-Forwarded-Host": "elsewhere.example" },
          }),
      ],
      ["no proof", "dpop_proof_missing", () => call("http", { headers: { Authorization: `DPoP ${bound}` } })],
      [
        "a proof, as Bearer",
        "dpop_required",
        async () => call("http", { headers: { Authorization: `Bearer ${bound}`, DPoP: await prove() } }),
      ],
    ];
    it.each(refusals)("is refused with %s: %s", async (_name, reason, make) => {
      expect(refused(await make())).toEqual({
        status: 401,
        code: "900901",
        reason,
        challenge: expect.stringMatching(/^DPoP .*algs="[^"]*ES256/),
        reachedBackend: false,
      });
    });
  });

  describe("a token that is bound to a client certificate", () => {
    const own = selfSigned("client.example");
    const other = selfSigned("client.example");
    let bound: string;
    beforeAll(async () => {
      bound = await token({ claims: { cnf: { "x5t#S256": readThumbprint(own.certificate) } } });
    });

    const show = (over: "http" | "https", more: Call = {}) =>
      call(over, { ...more, headers: { Authorization: `Bearer ${bound}`, ...more.headers } });

    it("passes where the handshake of TLS showed that certificate", async () => {
      const { status, body } = await show("https", { certificate: own });
      expect(status).toBe(200);
      const { headers } = body as Echo;
      expect(headers).toMatchObject({ "x-latchkey-subject": "user-1" });
      expect(headers).not.toHaveProperty("x-latchkey-certificate");
    });

    it("passes with a proof too where it is bound to both", async () => {
      const holder = await proofKey();
      const cnf = { jkt: holder.thumbprint, "x5t#S256": readThumbprint(own.certificate) };
      const both = await token({ claims: { cnf } });
      const url = origin("https") + itemPath;
      const prove = () => signProof(holder, { token: both, url, nowSeconds: nowSeconds() });
      const headers = async () => ({ Authorization: `DPoP ${both}`, DPoP: await prove() });
      expect((await call("https", { headers: await headers(), certificate: own })).status).toBe(200);
      expect(refused(await call("https", { headers: await headers() }))).toMatchObject({
        status: 401,
        reason: "certificate_missing",
      });
    });

    it("is refused with another or none, whatever the caller writes into headers and the address", async () => {
      const text = encodeURIComponent(own.certificate);
      const forged = {
        "X-Latchkey-Client-Certificate": "X-Certificate",
        "X-Latchkey-Certificate": text,
        "X-Certificate": text,
        "X-Client-Certificate": text,
        "X-Forwarded-Client-Cert": `Cert="${text}"`,
        "X-Forwarded-Tls-Client-Cert": text,
      };
      const query = `${itemPath}?client-certificate=X-Certificate`;
      const reasons: [string, "http" | "https", Call][] = [
        ["certificate_missing", "http", {}],
        ["certificate_missing", "https", {}],
        ["certificate_mismatch", "https", { certificate: other }],
      ];
      for (const [reason, over, how] of reasons) {
        for (const more of [{}, { headers: forged }, { headers: forged, path: query }]) {
          expect(refused(await show(over, { ...how, ...more }))).toEqual({
            status: 401,
            code: "900901",
            reason,
            challenge: expect.stringMatching(/^Bearer .*error="invalid_token"/),
            reachedBackend: false,
          });
        }
      }
    });
  });

  it("a plain token passes over TLS, with a certificate or without", async () => {
    const headers = { Authorization: `Bearer ${await token({})}` };
    expect((await call("https", { headers })).status).toBe(200);
    expect((await call("https", { headers, certificate: selfSigned("client.example") })).status).toBe(200);
  });
}
