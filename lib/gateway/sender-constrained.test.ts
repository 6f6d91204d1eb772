/** Tokens that are bound to their holder, through the faces as a gateway reaches them. */
import type { IncomingMessage, ServerResponse } from "node:http";
import inject, { type InjectOptions } from "light-my-request";
import { beforeAll, describe, expect, it } from "vitest";
import type { TenantId } from "#lib/foundation/ids.ts";
import { readThumbprint } from "#lib/token-validation/client-certificate.ts";
import type { ValidationRequest } from "#lib/token-validation/validator.ts";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { proofKey, signProof, type ProofKey } from "#tooling/testing/dpop.ts";
import { signingPair, signToken, tenantId, validationWorld, type SigningPair } from "#tooling/testing/validation.ts";
import type { Asking } from "./call.ts";
import { answerForwardAuth } from "./forward-auth-face.ts";
import { answerQuestion } from "./json-face.ts";
import { answerSubrequest } from "./nginx-face.ts";

const origin = "https://api.example";
const requestPath = "/orders/1.0.0/items";
const certificate = selfSigned("client.example").certificate;
const other = selfSigned("client.example").certificate;

let pair: SigningPair;
let holder: ProofKey;
let made: ReturnType<typeof validationWorld>;
let bound: { key: string; certificate: string };

beforeAll(async () => {
  [pair, holder] = await Promise.all([signingPair(), proofKey()]);
  made = validationWorld([pair.publicJwk]);
  const token = (cnf: object) => signToken(pair, { claims: { cnf } }, made.nowSeconds());
  bound = {
    key: await token({ jkt: holder.thumbprint }),
    certificate: await token({ "x5t#S256": readThumbprint(certificate) }),
  };
});

type Face = (req: IncomingMessage, res: ServerResponse, asking: Asking) => void | Promise<void>;

/** Sends a request to a face as a gateway that has proved itself. */
function send(face: Face, options: InjectOptions) {
  const validate = ({ token, ...request }: ValidationRequest) => made.validate(token, request);
  const asking = { tenantId: tenantId as TenantId, validate };
  return inject((req, res) => void face(req, res, asking), options);
}

const prove = () => signProof(holder, { token: bound.key, url: origin + requestPath, nowSeconds: made.nowSeconds() });

describe("the nginx face", () => {
  const vouched = `?origin=${encodeURIComponent(origin)}&client-certificate=X-Client-Certificate`;
  async function ask(query: string, own: Record<string, string>) {
    const headers = { "X-Original-Method": "GET", "X-Original-URI": `${requestPath}?a=1`, ...own };
    const { statusCode, headers: answered } = await send(answerSubrequest, {
      url: `/gateway/nginx/auth${query}`,
      headers,
    });
    const { "x-latchkey-error-reason": reason, "x-latchkey-challenge": challenge } = answered;
    return { status: statusCode, reason, challenge };
  }

  it("lets a DPoP token pass with its proof, where the gateway says what its address is", async () => {
    const own = async () => ({ Authorization: `DPoP ${bound.key}`, DPoP: await prove() });
    expect((await ask(vouched, await own())).status).toBe(200);
    const again = await own();
    expect((await ask(vouched, again)).status).toBe(200);
    const replayed = await ask(vouched, again);
    expect(replayed.status).toBe(401);
    expect(replayed.reason).toBe("dpop_proof_replayed");
    expect(replayed.challenge).toMatch(/^DPoP .*error="invalid_dpop_proof".*algs="/);
    for (const query of ["", "?origin=", "?origin=api.example", `?origin=${origin}/x`]) {
      const unknown = await ask(query, { ...(await own()), "X-Forwarded-Host": "api.example" });
      expect(unknown.reason).toBe("dpop_address_unknown");
    }
  });

  it("refuses a DPoP token as Bearer, without a proof, and with a proof for another gateway", async () => {
    const reasons = async (query: string, own: Record<string, string>) => (await ask(query, own)).reason;
    expect(await reasons(vouched, { Authorization: `Bearer ${bound.key}`, DPoP: await prove() })).toBe("dpop_required");
    expect(await reasons(vouched, { Authorization: `DPoP ${bound.key}` })).toBe("dpop_proof_missing");
    const elsewhere = "?origin=https://other.example";
    expect(await reasons(elsewhere, { Authorization: `DPoP ${bound.key}`, DPoP: await prove() })).toBe(
      "dpop_proof_mismatch",
    );
  });

  it("takes a certificate from the header that the gateway names, and from no other", async () => {
    const own = { Authorization: `Bearer ${bound.certificate}` };
    const shown = (text: string) => ({ "X-Client-Certificate": encodeURIComponent(text) });
    expect((await ask(vouched, { ...own, ...shown(certificate) })).status).toBe(200);
    expect((await ask(vouched, { ...own, ...shown(other) })).status).toBe(401);
    expect((await ask(vouched, own)).status).toBe(401);
    // The gateway did not say that this header is its own: a caller may have sent it.
    expect((await ask("", { ...own, ...shown(certificate) })).status).toBe(401);
    expect((await ask("?client-certificate=Other", { ...own, ...shown(certificate) })).status).toBe(401);
    expect((await ask("?client-certificate=__proto__", { ...own, ...shown(certificate) })).status).toBe(401);
  });
});

describe("the face of Traefik and Caddy", () => {
  const given = "client-certificate=X-Certificate";
  const ask = async (asked: string, called: string) => {
    const shown = { "X-Certificate": encodeURIComponent(certificate) };
    const call = { "X-Forwarded-Method": "GET", "X-Forwarded-Uri": `${requestPath}${called}` };
    const headers = { Authorization: `Bearer ${bound.certificate}`, ...shown, ...call };
    return (await send(answerForwardAuth, { url: `/gateway/forward-auth${asked}`, headers })).statusCode;
  };

  it("takes a certificate from the header that the gateway names, and from none that its caller does", async () => {
    expect(await ask(`?${given}`, "")).toBe(200);
    expect(await ask(`?${given}`, "?a=1")).toBe(200);
    expect(await ask("", `?${given}`)).toBe(401);
    // A Caddy without a query of its own repeats the caller's.
    expect(await ask(`?${given}`, `?${given}`)).toBe(401);
  });
});

describe("the JSON face", () => {
  const ask = async (question: object) => {
    const body = { method: "GET", requestPath, ...question };
    return (await send(answerQuestion, { method: "POST", url: "/gateway/v1/validate", payload: body })).json<
      Record<string, unknown>
    >();
  };

  it("takes a proof with the address that was called, and a certificate", async () => {
    const url = `${origin}${requestPath}?a=1`;
    expect(await ask({ token: bound.key, dpop: { proof: await prove(), url } })).toMatchObject({ allowed: true });
    expect(await ask({ token: bound.key, dpop: { proof: await prove() } })).toMatchObject({
      reason: "dpop_address_unknown",
    });
    expect(await ask({ token: bound.key, dpop: { url } })).toMatchObject({
      reason: "dpop_proof_missing",
      wwwAuthenticate: expect.stringMatching(/^DPoP /),
    });
    expect(await ask({ token: bound.key })).toMatchObject({ reason: "dpop_required" });
    expect(await ask({ token: bound.certificate, clientCertificate: certificate })).toMatchObject({ allowed: true });
    expect(await ask({ token: bound.certificate })).toMatchObject({ reason: "certificate_missing" });
  });
});
