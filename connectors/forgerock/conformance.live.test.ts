import type { JWK } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openamUnavailable, startOpenam, type Openam, type OpenamRealm } from "#e2e/servers/openam.ts";
import { describeConnector } from "#lib/connector-kit/conformance.ts";
import type { ConformanceVendor } from "#lib/connector-kit/conformance/bench.ts";
import { managing, type ClientSpec, type KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { createOutbound } from "#lib/foundation/outbound.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { discover } from "#lib/protocol/discovery.ts";
import { describeUnless } from "#tooling/testing/needs.ts";
import { snapshotData, trustAnchor, validationWorld } from "#tooling/testing/validation.ts";
import { client, connection, type Connection } from "./config.ts";
import { forgerock } from "./index.ts";

const unavailable = openamUnavailable();
let openam: Openam | undefined;

beforeAll(async () => {
  if (!unavailable) openam = await startOpenam();
});
afterAll(() => openam?.stop());

type LiveVendor = ConformanceVendor & { realm: OpenamRealm; settings: KeyManagerSettings<Connection> };

async function vendorOf(tokens: "signed" | "opaque", name: string = tokens): Promise<LiveVendor> {
  if (!openam) throw new Error("OpenAM did not start.");
  const { address, administrator } = openam;
  const realm = await openam.createRealm(`shop-${name}`, tokens);
  const outbound = createOutbound({ allow: [address], log: silentLog });
  const { metadata, document } = await discover(outbound, realm.wellKnownUrl);
  expect(forgerock.recognise?.(document)).not.toBeNull();
  const signIn = { method: "administrator", ...administrator };
  const connectionInput = { authentication: signIn };
  return {
    realm,
    fetch: outbound,
    settings: {
      issuer: metadata.issuer,
      endpoints: { ...(metadata.token_endpoint && { token: metadata.token_endpoint }) },
      signingKeys: { kind: "jwks", url: metadata.jwks_uri ?? "" },
      connection: connection.parse(connectionInput),
    },
    connectionInput,
    refusedConnectionInput: { authentication: { ...signIn, password: "not-the-password" } },
    canaries: [administrator.password],
    createClient: realm.createClient,
    stop: () => outbound.close(),
  };
}

describe.each(["opaque", "signed"] as const)("OpenAM with %s tokens", (tokens) => {
  describeConnector(forgerock, { unavailable, start: () => vendorOf(tokens) });
});

describeUnless(unavailable, "what only the real server can show", () => {
  let vendor: Awaited<ReturnType<typeof vendorOf>>;
  beforeAll(async () => {
    vendor = await vendorOf("signed", "gateway");
  });
  afterAll(() => vendor.stop?.());

  function opened(changes: Record<string, unknown> = {}) {
    const settings = { ...vendor.settings, connection: connection.parse({ ...vendor.connectionInput, ...changes }) };
    return managing(forgerock.open(settings, { fetch: vendor.fetch, clock: systemClock, log: silentLog }));
  }

  function specOf(grantTypes = ["client_credentials"]): ClientSpec {
    const marker = `latchkey-${crypto.randomUUID()}`;
    return { name: "App", marker, grantTypes, redirectUris: [], settings: client.parse({ accessTokenLifetime: 120 }) };
  }

  it("a gateway checks its access tokens by its keys, and refuses its refresh tokens", async () => {
    const { ref } = await opened().registerClient(specOf(["client_credentials", "password"]));
    const person = await vendor.realm.createPerson();
    const body = new URLSearchParams({
      grant_type: "password",
      ...person,
      client_id: ref.consumerKey,
      client_secret: ref.consumerSecret?.reveal() ?? "",
    });
    const answer = await fetch(vendor.settings.endpoints.token ?? "", { method: "POST", body });
    const issued = (await answer.json()) as { access_token: string; refresh_token: string; expires_in: number };
    expect(issued.expires_in).toBeLessThanOrEqual(120);

    const keySet = (await (await fetch(keySetUrlOf(vendor))).json()) as { keys: JWK[] };
    const world = validationWorld(keySet.keys);
    world.time = Date.now();
    world.change({
      trustAnchors: [{ ...trustAnchor, ...forgerock.trust, issuer: vendor.settings.issuer }],
      keyMappings: [
        { keyManagerId: "km-1", consumerKey: ref.consumerKey, applicationId: "app-1", keyType: "PRODUCTION" },
      ],
      apis: snapshotData.apis.map((api) => ({
        ...api,
        resources: [{ method: "GET", path: "/items", scopes: ["default"] }],
      })),
    });
    expect(await world.validate(issued.access_token)).toMatchObject({ allowed: true, consumerKey: ref.consumerKey });
    expect(await world.validate(issued.refresh_token)).toMatchObject({ allowed: false });
  });

  it("a client sees its own tokens only, and the portal says that it cannot tell about others", async () => {
    const { clientId, clientSecret } = await vendor.createClient();
    const adapter = opened({ introspection: { method: "client", clientId, clientSecret } });
    const { ref } = await adapter.registerClient(specOf());
    const token = await adapter.issueToken?.(ref, { scopes: [] });
    await expect(adapter.introspectToken?.(token?.accessToken ?? new Secret(""))).rejects.toMatchObject({
      kind: "unsupported",
    });
    const own = opened({
      introspection: { method: "client", clientId: ref.consumerKey, clientSecret: ref.consumerSecret?.reveal() ?? "" },
    });
    expect(await own.introspectToken?.(token?.accessToken ?? new Secret(""))).toMatchObject({
      active: true,
      consumerKey: ref.consumerKey,
    });
  });

  it("token exchange is refused in its own words", async () => {
    const adapter = opened();
    const { ref } = await adapter.registerClient(specOf());
    const subjectToken = new Secret("nobody-issued-this");
    const request = { subjectToken, subjectTokenType: "urn:ietf:params:oauth:token-type:access_token", scopes: [] };
    await expect(adapter.exchangeToken?.(ref, request)).rejects.toMatchObject({
      kind: "rejected",
      reason: "Grant type is not supported",
    });
  });

  it("the connection test passes, and names a realm whose tokens gateways must ask about", async () => {
    expect((await opened().checkAccess?.())?.map(({ status }) => status)).toEqual(["passed", "passed", "passed"]);
    const opaque = await vendorOf("opaque", "asking");
    const adapter = managing(
      forgerock.open(
        { ...vendor.settings, issuer: opaque.settings.issuer },
        {
          fetch: opaque.fetch,
          clock: systemClock,
          log: silentLog,
        },
      ),
    );
    expect((await adapter.checkAccess?.())?.at(-1)).toMatchObject({
      status: "warning",
      summary: expect.stringContaining("opaque"),
    });
    await opaque.stop?.();
  });
});

function keySetUrlOf({ settings: { signingKeys } }: ConformanceVendor): string {
  return signingKeys.kind === "jwks" ? signingKeys.url : "";
}
