import { lackingTraefik, startTraefik } from "#e2e/servers/traefik.ts";
import { describeGateway } from "#tooling/testing/gateway-suite.ts";

describeGateway({
  lacking: lackingTraefik(),
  title: "a real Traefik with the configuration of the docs",
  start: startTraefik,
  // Traefik has no words of its own for this.
  whileAway: { status: 500, body: "" },
});
