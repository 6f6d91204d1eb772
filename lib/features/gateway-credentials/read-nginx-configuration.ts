import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { defineInquiry } from "../verb.ts";

const folder = join(/*turbopackIgnore: true*/ process.cwd(), "docs", "gateways", "nginx");

/**
 * The nginx configuration of the docs with this installation's address filled in. What is left to fill in
 * stands as `${LISTEN}`, `${BACKEND_ADDRESS}` and `${LATCHKEY_GATEWAY_CREDENTIAL}`.
 */
export const readNginxConfiguration = defineInquiry({
  action: "gateway_credential.read_nginx_configuration",
  permission: "gateway_credential:read",
  input: z.strictObject({}),
  async run(ctx): Promise<string> {
    const template = await readFile(join(folder, "latchkey.conf"), "utf8");
    return fillAddress(template, ctx.deps.origin);
  },
});

/** @param origin scheme, host and port under which gateways reach the portal */
export function fillAddress(template: string, origin: string): string {
  const { protocol, hostname, port } = new URL(origin);
  const isSecure = protocol === "https:";
  const address = `${hostname}:${port || (isSecure ? "443" : "80")}`;
  const filled = template
    .split("\n")
    .filter((line) => !line.includes("#   ${LATCHKEY_ADDRESS}"))
    .join("\n")
    .replaceAll("${LATCHKEY_ADDRESS}", address)
    .replace("after filling in four values", "after filling in three values");
  return isSecure ? overTls(filled, hostname) : filled;
}

function overTls(configuration: string, hostname: string): string {
  return configuration.replace(/^( *)proxy_pass http:\/\/latchkey\/(.*)$/m, (_line, indent: string, path: string) =>
    [
      `proxy_pass https://latchkey/${path}`,
      "proxy_ssl_server_name on;",
      `proxy_ssl_name ${hostname};`,
      "proxy_ssl_verify on;",
      "proxy_ssl_verify_depth 3;",
      "proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;",
    ]
      .map((line) => indent + line)
      .join("\n"),
  );
}
