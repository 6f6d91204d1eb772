import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { defineInquiry } from "../verb.ts";
import { fillAddress, firstExample } from "./configuration-text.ts";
import type { GatewayConfigurations } from "./contract.ts";

const docs = join(/*turbopackIgnore: true*/ process.cwd(), "docs", "gateways");
const middleware = join(/*turbopackIgnore: true*/ process.cwd(), "packages", "node-middleware", "README.md");

/**
 * The configurations of the docs with this installation's address filled in. What is left to fill in stands as a value
 * such as `${LISTEN}`, which the first lines of each explain.
 */
export const readGatewayConfigurations = defineInquiry({
  action: "gateway_credential.read_configurations",
  permission: "gateway_credential:read",
  input: z.strictObject({}),
  async run(ctx): Promise<GatewayConfigurations> {
    const { origin } = ctx.deps;
    const file = async (folder: string, name: string) => {
      const text = await readFile(join(docs, folder, name), "utf8");
      return { name, text: fillAddress(text, origin) };
    };
    const [nginx, http, grpc, traefik, routes, caddy, page] = await Promise.all([
      file("nginx", "latchkey.conf"),
      file("envoy", "http.yaml"),
      file("envoy", "grpc.yaml"),
      file("traefik", "traefik.yml"),
      file("traefik", "latchkey.yml"),
      file("caddy", "Caddyfile"),
      readFile(middleware, "utf8"),
    ]);
    const example = firstExample(page, "js").replaceAll("https://latchkey.example", origin);
    return {
      nginx: [nginx],
      envoy: [http, grpc],
      traefik: [traefik, routes],
      caddy: [caddy],
      node: [{ name: "server.js", text: example }],
    };
  },
});
