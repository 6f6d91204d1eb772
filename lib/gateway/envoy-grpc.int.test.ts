import { lackingEnvoy, startEnvoy } from "#e2e/servers/envoy.ts";
import { describeGateway } from "#tooling/testing/gateway-suite.ts";

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
