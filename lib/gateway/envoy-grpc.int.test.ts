import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startEchoBackend, type RunningBackend } from "#e2e/servers/echo-backend.ts";
import { lackingEnvoy, startEnvoy } from "#e2e/servers/envoy.ts";
import type { GatewayOptions, RunningGateway } from "#e2e/servers/gateway.ts";
import { testAuthority } from "#tooling/testing/certificates.ts";
import { gatewayTenant, keySetOutbound, serveValidationPlane, within5Seconds } from "#tooling/testing/gateway.ts";
import { send } from "#tooling/testing/gateway-calls.ts";
import { describeGateway } from "#tooling/testing/gateway-suite.ts";
import { describeUnless } from "#tooling/testing/needs.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";
import { signingPair, signToken } from "#tooling/testing/validation.ts";

describeGateway({
  lacking: lackingEnvoy(),
  title: "a real Envoy with the configuration of the docs, asking over gRPC",
  start: (options) => startEnvoy("grpc.yaml", options),
  whileAway: {
    status: 503,
    body: {
      code: "900900",
      reason: "unavailable",
      message: "The token cannot be checked at the moment. Try again shortly.",
    },
  },
});

describeUnless(lackingEnvoy(), "a real Envoy that asks over gRPC by TLS, and shows a certificate of its own", () => {
  const authority = testAuthority();
  let folder: string;
  let token: string;
  let plane: Awaited<ReturnType<typeof serveValidationPlane>>;
  let backend: RunningBackend;
  const gateways: RunningGateway[] = [];
  let start: (grpcOverTls: GatewayOptions["grpcOverTls"]) => Promise<RunningGateway>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-grpc-"));
    const { certificate, privateKey } = authority.issue({ name: "latchkey.example" });
    const put = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const pair = await signingPair();
    token = await signToken(pair, {}, Math.floor(Date.now() / 1_000));
    const deps = testDependencies({ outbound: keySetOutbound(() => [pair.publicJwk]) });
    plane = await serveValidationPlane(deps, {
      grpcTls: {
        certificate: put("certificate.pem", certificate),
        key: put("key.pem", privateKey),
        clientAuthority: put("authority.pem", authority.certificate),
      },
    });
    backend = await startEchoBackend();
    const { credential } = await gatewayTenant(deps);
    start = async (grpcOverTls) => {
      const around = { latchkeyAddress: plane.address, latchkeyGrpcAddress: plane.grpcAddress };
      const options = { ...around, backendAddress: backend.address, gatewayCredential: credential, grpcOverTls };
      const gateway = await startEnvoy("grpc.yaml", options);
      gateways.push(gateway);
      return gateway;
    };
  }, 120_000);
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await Promise.all([backend?.stop(), plane?.stop()]);
    rmSync(folder, { recursive: true });
  });

  const call = async ({ origin }: RunningGateway, bearer = token) => {
    const { status } = await send(origin, { headers: { Authorization: `Bearer ${bearer}` } });
    return status;
  };

  it("lets pass what may pass, and nothing else", async () => {
    const gateway = await start({ authority: authority.certificate, own: authority.issue({ name: "envoy" }) });
    expect(
      await within5Seconds(
        () => call(gateway),
        (status) => status === 200,
      ),
    ).toBe(200);
    expect(await call(gateway, "no.such.token")).toBe(401);
  });

  it.each<[string, () => GatewayOptions["grpcOverTls"]]>([
    ["without a certificate of its own", () => ({ authority: authority.certificate })],
    [
      "with a stranger's",
      () => ({ authority: authority.certificate, own: testAuthority("x").issue({ name: "envoy" }) }),
    ],
    ["without TLS", () => undefined],
    [
      "to a server that its authority did not vouch for",
      () => ({ authority: testAuthority("x").certificate, own: authority.issue({ name: "envoy" }) }),
    ],
  ])("lets nothing pass %s", async (_name, grpcOverTls) => {
    const gateway = await start(grpcOverTls());
    const before = backend.calls.length;
    for (let calls = 0; calls < 3; calls++) expect(await call(gateway)).toBe(503);
    expect(backend.calls).toHaveLength(before);
  });
});
