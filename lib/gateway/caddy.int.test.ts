import { lackingCaddy, startCaddy } from "#e2e/servers/caddy.ts";
import { describeGateway } from "#tooling/testing/gateway-suite.ts";

describeGateway({
  lacking: lackingCaddy(),
  title: "a real Caddy with the configuration of the docs",
  start: startCaddy,
  whileAway: {
    status: 503,
    body: {
      code: "900900",
      reason: "unavailable",
      message: "The token cannot be checked at the moment. Try again shortly.",
    },
  },
});
