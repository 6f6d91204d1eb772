import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readThumbprint } from "#lib/token-validation/client-certificate.ts";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { proofKey, signProof } from "#tooling/testing/dpop.ts";
import { itemPath, send, type Call } from "#tooling/testing/gateway-calls.ts";
import { gatewayTenant, keySetOutbound, publishApi, serveValidationPlane } from "#tooling/testing/gateway.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";
import { consumerKey, signingPair, signToken, type SigningPair, type TokenParts } from "#tooling/testing/validation.ts";
import { latchkey } from "../../packages/node-middleware/latchkey.ts";

let pair: SigningPair;
let plane: Awaited<ReturnType<typeof serveValidationPlane>>;
let tenant: Awaited<ReturnType<typeof gatewayTenant>>;
let origin: string;
const deps = testDependencies({ outbound: keySetOutbound(() => [pair.publicJwk]) });
const { certificate: cert, privateKey: key } = selfSigned("localhost");
/** A server that speaks TLS itself, as the package's page describes it. */
const server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false });

beforeAll(async () => {
  pair = await signingPair();
  plane = await serveValidationPlane(deps);
  tenant = await gatewayTenant(deps);
  await publishApi(tenant, {
    name: "Shop",
    kind: "GRAPHQL",
    context: "/shop",
    resources: [
      { verb: "QUERY", path: "orders", scopes: ["orders:read"] },
      { verb: "QUERY", path: "payroll", scopes: ["payroll:read"] },
    ],
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  const bodies = new WeakMap<object, unknown>();
  const guard = latchkey({
    url: `http://${plane.address}`,
    credential: tenant.credential,
    origin,
    graphql: (req) => bodies.get(req),
  });
  server.on("request", (req, res) => {
    void text(req).then((body) => {
      if (body !== "") bodies.set(req, JSON.parse(body));
      guard(req, res, () => res.end(JSON.stringify(req.latchkey)));
    });
  });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await plane.stop();
});

const nowSeconds = () => Math.floor(Date.now() / 1000);
const tokenOf = (parts: TokenParts) => signToken(pair, parts, nowSeconds());

async function call(parts: TokenParts | null, { headers, ...how }: Call = {}) {
  const own = parts && { Authorization: `Bearer ${await tokenOf(parts)}` };
  return send(origin, { ...how, headers: { ...own, ...headers } });
}

it("asks a real Latchkey, and understands what it says", async () => {
  expect(await call({})).toMatchObject({
    status: 200,
    body: {
      allowed: true,
      consumerKey,
      application: { id: tenant.ids.application },
      api: { id: tenant.ids.api },
      claims: {},
    },
  });
  const missing = await call(null);
  expect(missing).toMatchObject({ status: 401, body: { code: "900902" } });
  expect(missing.headers["www-authenticate"]).toBe('Bearer realm="latchkey"');
  expect(await call({}, { method: "DELETE" })).toMatchObject({ status: 403, body: { code: "900910" } });
  expect(await call({ claims: { exp: 1 } })).toMatchObject({ status: 401 });
});

it("hands the proof on that came with a token, and the address that it was made for", async () => {
  const holder = await proofKey();
  const token = await tokenOf({ claims: { cnf: { jkt: holder.thumbprint } } });
  const proof = await signProof(holder, { token, url: origin + itemPath, nowSeconds: nowSeconds() });
  const show = () => call(null, { headers: { Authorization: `DPoP ${token}`, DPoP: proof } });
  expect(await show()).toMatchObject({ status: 200 });
  const again = await show();
  expect(again).toMatchObject({ status: 401, body: { reason: "dpop_proof_replayed" } });
  expect(again.headers["www-authenticate"]).toMatch(/^DPoP .*error="invalid_dpop_proof"/);
});

it("hands the certificate on that the handshake of TLS showed", async () => {
  const own = selfSigned("client.example");
  const parts = { claims: { cnf: { "x5t#S256": readThumbprint(own.certificate) } } };
  expect(await call(parts, { certificate: own })).toMatchObject({ status: 200 });
  expect(await call(parts, { certificate: selfSigned("client.example") })).toMatchObject({
    status: 401,
    body: { reason: "certificate_mismatch" },
  });
  const forged = { "X-Latchkey-Certificate": encodeURIComponent(own.certificate) };
  expect(await call(parts, { headers: forged })).toMatchObject({ body: { reason: "certificate_missing" } });
});

it("lets a GraphQL call pass by what it touches", async () => {
  const ask = (query: string) => call({}, { method: "POST", path: "/shop/1.0.0", body: JSON.stringify({ query }) });
  expect(await ask("{ mine: orders { id } }")).toMatchObject({ status: 200 });
  expect(await ask("{ orders { id } payroll { id } }")).toMatchObject({ status: 403, body: { code: "900910" } });
  expect(await ask("{ orders {")).toMatchObject({
    status: 400,
    body: { code: "900900", reason: "operations_unknown", message: expect.stringContaining("Syntax Error") },
  });
  const large = `{ orders { id } } # ${"x".repeat(70_000)}`;
  expect(await ask(large)).toMatchObject({ status: 413, body: { reason: "operations_unknown" } });
  // Without a body, nobody knows what is asked for.
  expect(await call({}, { method: "POST", path: "/shop/1.0.0" })).toMatchObject({
    status: 403,
    body: { code: "900900", reason: "operations_unknown" },
  });
});
