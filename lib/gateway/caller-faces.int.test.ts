import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatewayTenant, keySetOutbound, serveValidationPlane } from "#tooling/testing/gateway.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";
import { consumerKey, signingPair, signToken, type SigningPair } from "#tooling/testing/validation.ts";

let pair: SigningPair;
let plane: Awaited<ReturnType<typeof serveValidationPlane>>;
let credential: string;
let authorization: string;

beforeAll(async () => {
  pair = await signingPair();
  const deps = testDependencies({ outbound: keySetOutbound(() => [pair.publicJwk]) });
  plane = await serveValidationPlane(deps);
  ({ credential } = await gatewayTenant(deps));
  authorization = `Bearer ${await signToken(pair, {}, Math.floor(Date.now() / 1000))}`;
});
afterAll(() => plane.stop());

const path = "/orders/1.0.0/items/7";

async function ask(at: string, headers: Record<string, string>, method = "GET") {
  const response = await fetch(`http://${plane.address}${at}`, { method, headers });
  const body = await response.text();
  return { status: response.status, headers: response.headers, body: body === "" ? "" : (JSON.parse(body) as unknown) };
}

/** The same call, as each gateway is documented to ask about it. */
const faces: [string, (headers: Record<string, string>) => ReturnType<typeof ask>][] = [
  [
    "Traefik's ForwardAuth",
    (headers) =>
      ask("/gateway/forward-auth", {
        ...headers,
        "X-Forwarded-Method": "GET",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "api.example",
        "X-Forwarded-Uri": path,
        "X-Forwarded-For": "192.0.2.7",
      }),
  ],
  ["Envoy's ext_authz", (headers) => ask(`/gateway/envoy${path}`, { ...headers, "Content-Length": "0" })],
];

describe.each(faces)("%s", (_name, askAbout) => {
  it("is answered with 200 and what the backend learns, without a body", async () => {
    const { status, headers, body } = await askAbout({
      "X-Latchkey-Gateway": credential,
      Authorization: authorization,
    });
    expect({ status, body }).toEqual({ status: 200, body: "" });
    expect(headers.get("x-latchkey-consumer-key")).toBe(consumerKey);
    expect(headers.get("cache-control")).toBe("no-store");
  });

  it("is answered with what the caller is told", async () => {
    const { status, headers, body } = await askAbout({ "X-Latchkey-Gateway": credential });
    expect({ status, body }).toMatchObject({ status: 401, body: { code: "900902", reason: "token_missing" } });
    expect(headers.get("www-authenticate")).toBe('Bearer realm="latchkey"');
  });

  it("learns nothing without its credential, not even with a caller's good token", async () => {
    for (const gateway of [undefined, "lkg_wrong", `${credential}x`]) {
      const own = gateway === undefined ? {} : { "X-Latchkey-Gateway": gateway };
      const { status, headers, body } = await askAbout({ ...own, Authorization: authorization });
      expect({ status, body }).toMatchObject({ status: 503, body: { code: "900900", reason: "gateway_refused" } });
      expect(headers.get("www-authenticate")).toBeNull();
      expect(headers.get("x-latchkey-consumer-key")).toBeNull();
    }
  });
});

it("a gateway that does not say which call it asks about lets nothing pass", async () => {
  const own = { "X-Latchkey-Gateway": credential, Authorization: authorization };
  for (const headers of [own, { ...own, "X-Forwarded-Method": "GET" }, { ...own, "X-Forwarded-Uri": path }]) {
    expect(await ask("/gateway/forward-auth", headers)).toMatchObject({
      status: 503,
      body: { reason: "gateway_misconfigured" },
    });
  }
  // Without the path of the call, there is no API.
  expect(await ask("/gateway/envoy", own)).toMatchObject({ status: 404, body: { code: "900906" } });
});

it("Envoy asks with the method of the call", async () => {
  const own = { "X-Latchkey-Gateway": credential, Authorization: authorization };
  expect(await ask(`/gateway/envoy${path}`, own, "DELETE")).toMatchObject({ status: 403, body: { code: "900910" } });
  expect(await ask(`/gateway/envoy${path}`, own, "HEAD")).toMatchObject({ status: 200 });
});
