/** What every real gateway must do with the configuration of the docs, whichever face it asks. */
import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startEchoBackend, type Echo, type RunningBackend } from "#e2e/servers/echo-backend.ts";
import type { GatewayOptions, RunningGateway } from "#e2e/servers/gateway.ts";
import { startTlsProxy, type TlsProxy } from "#e2e/servers/tls-proxy.ts";
import { tenantDb } from "#lib/data/database.ts";
import { defaultBackendJwt } from "#lib/features/backend-jwt/contract.ts";
import { updateBackendJwt } from "#lib/features/backend-jwt/update.ts";
import { selfSigned, testAuthority } from "./certificates.ts";
import { gatewayTenant, keySetOutbound, publishApi, serveValidationPlane, within5Seconds } from "./gateway.ts";
import { itemPath, send, type Answer, type Call } from "./gateway-calls.ts";
import { describeHandshakes, webSocketApi } from "./gateway-handshakes.ts";
import { describeHolders } from "./gateway-holders.ts";
import { describeUnless } from "./needs.ts";
import { testDependencies } from "./tenant.ts";
import { consumerKey, signingPair, signToken, type SigningPair, type TokenParts } from "./validation.ts";

export type GatewayUnderTest = {
  /** What is missing on this machine, in a sentence; null where the gateway can run. */
  lacking: string | null;
  title: string;
  start(options: GatewayOptions): Promise<RunningGateway>;
  /** How it answers in its own words while Latchkey does not answer. */
  whileAway: { status: number; body: unknown };
  /** Set where every 503 of Latchkey becomes those words too. */
  hidesUnavailable?: true;
};

/** Describes one gateway: the calls that pass, the ones that do not, and what each side is told. */
export function describeGateway({ lacking, title, start, whileAway, hidesUnavailable }: GatewayUnderTest): void {
  describeUnless(lacking, title, () => {
    let pair: SigningPair;
    let stranger: SigningPair;
    let plane: Awaited<ReturnType<typeof serveValidationPlane>>;
    let backend: RunningBackend;
    let gateway: RunningGateway;
    /** Speaks TLS on both sides: with callers and with Latchkey. */
    let gatewayOverTls: RunningGateway;
    let tlsProxy: TlsProxy;
    let tenant: Awaited<ReturnType<typeof gatewayTenant>>;

    beforeAll(async () => {
      [pair, stranger] = await Promise.all([signingPair(), signingPair()]);
      const deps = testDependencies({ outbound: keySetOutbound(() => [pair.publicJwk]) });
      plane = await serveValidationPlane(deps);
      backend = await startEchoBackend();
      tenant = await gatewayTenant(deps);
      const options = {
        latchkeyAddress: plane.address,
        latchkeyGrpcAddress: plane.grpcAddress,
        backendAddress: backend.address,
        gatewayCredential: tenant.credential,
      };
      gateway = await start(options);
      const authority = testAuthority();
      tlsProxy = await startTlsProxy(plane.address, authority.issue({ name: "localhost" }));
      const latchkeyOverTls = { origin: tlsProxy.origin, authority: authority.certificate };
      [gatewayOverTls] = await Promise.all([
        start({ ...options, tls: selfSigned("localhost"), latchkeyOverTls }),
        publishApi(tenant, webSocketApi),
      ]);
    }, downloadMs);
    afterAll(async () => {
      await Promise.all([gateway?.stop(), gatewayOverTls?.stop(), tlsProxy?.stop()]);
      await Promise.all([backend?.stop(), plane?.stop()]);
    });

    const token = (parts: TokenParts = {}, by = pair) => signToken(by, parts, Math.floor(Date.now() / 1000));

    async function callAt(origin: string, how: Call): Promise<Answer & { reachedBackend: boolean }> {
      const before = backend.calls.length;
      const answer = await send(origin, how);
      return { ...answer, reachedBackend: backend.calls.length > before };
    }
    const call = (bearer: string | null, { headers, ...how }: Call = {}) =>
      callAt(gateway.origin, {
        ...how,
        headers: { ...headers, ...(bearer === null ? {} : { Authorization: `Bearer ${bearer}` }) },
      });

    it("lets a good token through, and tells the backend who calls", async () => {
      const { status, body } = await call(await token());
      expect(status).toBe(200);
      const { headers } = body as Echo;
      expect(headers).toMatchObject({
        "x-latchkey-api-id": tenant.ids.api,
        "x-latchkey-api-name": "Orders",
        "x-latchkey-api-version": "1.0.0",
        "x-latchkey-application-id": tenant.ids.application,
        "x-latchkey-application-name": "L%C3%A4den & Co",
        "x-latchkey-consumer-key": consumerKey,
        "x-latchkey-key-type": "PRODUCTION",
        "x-latchkey-key-manager": "Shop identity",
        "x-latchkey-subject": "user-1",
        "x-latchkey-scopes": "orders:read orders:write",
        "x-latchkey-plan": "Gold",
        "x-latchkey-expires-at": expect.stringMatching(/^\d+$/),
      });
      expect(headers["authorization"]).toBeUndefined();
      expect(headers["x-latchkey-gateway"]).toBeUndefined();
    });

    it("takes away what a caller says about itself, and what would change the method behind our back", async () => {
      const claimed = {
        "X-Latchkey-Subject": "root",
        "x-latchkey-plan": "Unlimited",
        "X-LATCHKEY-APPLICATION-ID": "another",
        "X-Latchkey-Gateway": "lkg_mine",
        "X-Latchkey-Certificate": "mine",
        // To some backends, these are X-Latchkey-Scopes too.
        X_Latchkey_Scopes: "admin",
        "X.Latchkey.Scopes": "admin",
        "X-HTTP-Method-Override": "DELETE",
      };
      const { body } = await call(await token({ claims: { sub: undefined } }), { headers: claimed });
      const { headers } = body as Echo;
      expect(headers).toMatchObject({ "x-latchkey-plan": "Gold", "x-latchkey-application-id": tenant.ids.application });
      const names = Object.keys(headers).filter((name) => /latchkey|method/.test(name));
      expect(names.sort()).toEqual(said.filter((name) => name !== "x-latchkey-subject"));
    });

    it("hands the backend its JWT where the tenant wants one, and takes away what a caller sent in its place", async () => {
      const forged = { "X-JWT-Assertion": "forged", X_JWT_Assertion: "forged", "X.JWT.Assertion": "forged" };
      const good = await token();
      const assertions = async () => {
        const { headers } = (await call(good, { headers: forged })).body as Echo;
        return Object.entries(headers).filter(([name]) => name.endsWith("assertion"));
      };
      expect(await assertions()).toEqual([]);
      await updateBackendJwt(tenant.administrator, { ...defaultBackendJwt, enabled: true });
      const told = await within5Seconds(assertions, ({ length }) => length > 0);
      expect(told).toEqual([["x-jwt-assertion", expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/)]]);
      expect(decodeJwt(String(told[0]?.[1]))).toMatchObject({ sub: "user-1", aud: "/orders/1.0.0" });
    });

    it("sends the backend the address that was judged, byte for byte", async () => {
      const { body } = await call(await token(), { path: "/orders/1.0.0/items/a%20b?x=1&y=%2f" });
      expect(body).toMatchObject({ url: "/orders/1.0.0/items/a%20b?x=1&y=%2f" });
    });

    const minute = 60;
    const refusals: [string, () => Promise<{ bearer: string | null; call?: Call }>, object][] = [
      [
        "no token",
        async () => ({ bearer: null }),
        { status: 401, code: "900902", challenge: 'Bearer realm="latchkey"' },
      ],
      [
        "an expired token",
        async () => ({ bearer: await token({ claims: { exp: Math.floor(Date.now() / 1000) - 2 * minute } }) }),
        { status: 401, code: "900903", challenge: expect.stringContaining('error="invalid_token"') },
      ],
      [
        "a wrong signature",
        async () => ({ bearer: await token({}, stranger) }),
        { status: 401, code: "900901", reason: "signature_invalid" },
      ],
      [
        "a token of an issuer that this tenant does not know",
        async () => ({ bearer: await token({ claims: { iss: "https://other.example" } }) }),
        { status: 401, code: "900901", reason: "issuer_unknown" },
      ],
      [
        "another kind of token",
        async () => ({ bearer: await token({ header: { typ: "refresh+jwt" } }) }),
        { status: 401, code: "900905" },
      ],
      [
        "a consumer key of nobody",
        async () => ({ bearer: await token({ claims: { client_id: "nobody" } }) }),
        { status: 403, code: "900908", challenge: undefined },
      ],
      [
        "a missing scope",
        async () => ({ bearer: await token(), call: { method: "DELETE" } }),
        { status: 403, code: "900910", challenge: expect.stringContaining('scope="orders:admin"') },
      ],
      [
        "a missing scope where the caller names another method and path",
        async () => ({ bearer: await token(), call: { method: "DELETE", headers: anotherCall } }),
        { status: 403, code: "900910", challenge: expect.stringContaining('scope="orders:admin"') },
      ],
      [
        "an unknown resource",
        async () => ({ bearer: await token(), call: { path: "/orders/1.0.0/nothing", headers: anotherCall } }),
        { status: 404, code: "900906", reason: "resource_unknown" },
      ],
      [
        "an unknown API",
        async () => ({ bearer: await token(), call: { path: "/nowhere" } }),
        { status: 404, code: "900906", reason: "api_unknown" },
      ],
      [
        "a token in the query string",
        async () => ({ bearer: null, call: { path: `/orders/1.0.0/items/7?access_token=${await token()}` } }),
        { status: 400, code: "900901", reason: "token_in_query" },
      ],
      [
        "a token in the query string beside a good one in the header",
        async () => ({ bearer: await token(), call: { path: "/orders/1.0.0/items/7?a=1&access_token=x" } }),
        { status: 400, code: "900901", reason: "token_in_query" },
      ],
      [
        "dot segments",
        async () => ({ bearer: await token(), call: { path: "/orders/1.0.0/items/../../../admin" } }),
        { status: 404, code: "900906" },
      ],
    ];

    it.each(refusals)("refuses %s, with its own status, code, words and challenge", async (_name, make, expected) => {
      const { bearer, call: how } = await make();
      const { status, headers, body, reachedBackend } = await call(bearer, how);
      const { code, reason, message } = body as Record<string, string>;
      const challenge = headers["www-authenticate"];
      expect({ status, code, reason, challenge, message }).toMatchObject(expected);
      expect(message).not.toBe("");
      expect(headers["content-type"]).toBe("application/json");
      expect(headers["cache-control"]).toBe("no-store");
      expect(reachedBackend).toBe(false);
    });

    it("sends the backend the body, which Latchkey has no use for", async () => {
      const { body } = await call(await token({ claims: { scope: "orders:admin" } }), {
        method: "DELETE",
        body: "the whole order",
      });
      expect(body).toMatchObject({ method: "DELETE", body: "the whole order" });
    });

    const origin = (over: "http" | "https") => (over === "http" ? gateway : gatewayOverTls).origin;
    describeHolders({ token, origin, call: (over, how) => callAt(origin(over), how) });
    describeHandshakes({
      token,
      origin: () => gateway.origin,
      call: (how) => callAt(gateway.origin, how),
      backend: () => backend,
    });

    it("answers what the backend refuses as the backend did", async () => {
      const { status } = await call(await token(), { headers: { "X-Answer": "401" } });
      expect(status).toBe(401);
    });

    it("follows a disabled key manager within five seconds, and a revoked credential", async () => {
      const good = await token();
      expect((await call(good)).status).toBe(200);
      const { deps, tenant: place } = tenant.administrator;
      const setEnabled = (enabled: boolean) =>
        deps.database.inTenant(place.id, (tx) =>
          tenantDb(tx).keyManager.update({ where: { id: tenant.ids.keyManager }, data: { enabled } }),
        );
      await setEnabled(false);
      const refused = await within5Seconds(
        () => call(good),
        ({ status }) => status !== 200,
      );
      expect(refused).toMatchObject({ status: 401, body: { code: "900901", reason: "key_manager_disabled" } });
      await setEnabled(true);
      const again = await within5Seconds(
        () => call(good),
        ({ status }) => status === 200,
      );
      expect(again.status).toBe(200);

      await deps.database.inTenant(place.id, (tx) =>
        tenantDb(tx).gatewayCredential.updateMany({ data: { revokedAt: new Date() } }),
      );
      const closed = await within5Seconds(
        () => call(good),
        ({ status }) => status !== 200,
      );
      const refusal = { status: 503, body: { code: "900900", reason: "gateway_refused" } };
      expect(closed).toMatchObject(hidesUnavailable ? whileAway : refusal);
      expect(closed.headers["www-authenticate"]).toBeUndefined();
    });

    it("lets nothing pass while Latchkey is away", async () => {
      await plane.stop();
      const { status, body, reachedBackend } = await call(await token());
      expect({ status, body, reachedBackend }).toEqual({ ...whileAway, reachedBackend: false });
      plane = await serveValidationPlane(testDependencies());
    });
  });
}

/** Everything that a backend is told of a call of the test's application. */
const said = [
  "x-latchkey-api-id",
  "x-latchkey-api-name",
  "x-latchkey-api-version",
  "x-latchkey-application-id",
  "x-latchkey-application-name",
  "x-latchkey-consumer-key",
  "x-latchkey-expires-at",
  "x-latchkey-key-manager",
  "x-latchkey-key-type",
  "x-latchkey-plan",
  "x-latchkey-scopes",
  "x-latchkey-subject",
];

/** What a caller could say in the gateway's place about a call that may pass. */
const anotherCall = {
  "X-Forwarded-Method": "GET",
  "X-Forwarded-Uri": itemPath,
  "X-Original-Method": "GET",
  "X-Original-URI": itemPath,
};

/** The first time, the gateway itself must be fetched. */
const downloadMs = 300_000;
