/** The one front door. */
import { createServer } from "node:http";
import next from "next";
import { stampRequest } from "#lib/foundation/request-stamp.ts";
import { runtime } from "#lib/runtime.ts";

const { env, deps } = runtime();
const dev = env.NODE_ENV === "development";
const app = next({ dev, hostname: env.HOST, port: env.PORT });
await app.prepare();
const handle = app.getRequestHandler();
createServer((req, res) => {
  stampRequest(req, { trustedProxies: env.LATCHKEY_TRUSTED_PROXIES });
  void handle(req, res);
}).listen(env.PORT, env.HOST, () => {
  deps.log.info({ origin: env.LATCHKEY_ORIGIN }, "serving");
});
