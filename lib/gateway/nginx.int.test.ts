import { findNginx, startNginx } from "#e2e/servers/nginx.ts";
import { describeGateway } from "#tooling/testing/gateway-suite.ts";

describeGateway({
  lacking: findNginx() === null ? "nginx is not installed." : null,
  title: "a real nginx with the configuration of the docs",
  start: startNginx,
  whileAway: {
    status: 503,
    body: {
      code: "900900",
      reason: "unavailable",
      message: "The token cannot be checked at the moment. Try again shortly.",
    },
  },
});
