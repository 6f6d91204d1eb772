import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { gatewayTenant, keySetOutbound, serveValidationPlane } from "#tooling/testing/gateway.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";
import { consumerKey, signingPair, signToken, type SigningPair, type TokenParts } from "#tooling/testing/validation.ts";
import { latchkey } from "../../packages/node-middleware/latchkey.ts";

let pair: SigningPair;
let plane: Awaited<ReturnType<typeof serveValidationPlane>>;
let tenant: Awaited<ReturnType<typeof gatewayTenant>>;
let origin: string;
const deps = testDependencies({ outbound: keySetOutbound(() => [pair.publicJwk]) });
const server = createServer();

beforeAll(async () => {
  pair = await signingPair();
  plane = await serveValidationPlane(deps);
  tenant = await gatewayTenant(deps);
  const guard = latchkey({ url: `http://${plane.address}`, credential: tenant.credential });
  server.on("request", (req, res) => guard(req, res, () => res.end(JSON.stringify(req.latchkey))));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await plane.stop();
});

async function call(parts: TokenParts | null, method = "GET") {
  const token = parts && (await signToken(pair, parts, Math.floor(Date.now() / 1000)));
  const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
  const response = await fetch(`${origin}/orders/1.0.0/items/7`, { method, headers });
  return { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
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
  expect(missing.headers.get("www-authenticate")).toBe('Bearer realm="latchkey"');
  expect(await call({}, "DELETE")).toMatchObject({ status: 403, body: { code: "900910" } });
  expect(await call({ claims: { exp: 1 } })).toMatchObject({ status: 401 });
});
