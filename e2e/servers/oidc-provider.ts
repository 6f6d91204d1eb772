/** An independent authorization server in a process of its own: tooling/demo/external-key-manager.ts. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ExternalKeyManagerSettings } from "#tooling/demo/external-key-manager.ts";

const script = fileURLToPath(new URL("../../tooling/demo/external-key-manager.ts", import.meta.url));

export type OidcProvider = {
  issuer: string;
  /** host:port, as an allow-list names it. */
  address: string;
  wellKnownUrl: string;
  initialAccessToken: string;
  /** A client that may ask about tokens. */
  portalClient: { clientId: string; clientSecret: string };
  /** Makes a client for machines by hand. */
  createClient(name?: string): Promise<{ clientId: string; clientSecret: string }>;
  stop(): Promise<void>;
};

/**
 * Starts the server on a free loopback port.
 *
 * @param options.tokens opaque unless told otherwise, so that introspection is needed
 */
export async function startOidcProvider({
  tokens = "opaque",
}: { tokens?: "jwt" | "opaque" } = {}): Promise<OidcProvider> {
  const secret = () => randomBytes(24).toString("base64url");
  const settings = {
    initialAccessToken: secret(),
    portalClient: { clientId: "portal", clientSecret: secret() },
    tokens,
  } satisfies ExternalKeyManagerSettings;
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, EXTERNAL_KEY_MANAGER: JSON.stringify(settings), NODE_OPTIONS: "" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints = (complaints + text).slice(-4_000)));
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "exit");
  const [line] = (await Promise.race([once(lines, "line"), ended])) as unknown[];
  if (typeof line !== "string") throw new Error(`The authorization server did not start:\n${complaints}`);
  const { issuer } = JSON.parse(line) as { issuer: string };

  return {
    issuer,
    address: new URL(issuer).host,
    wellKnownUrl: `${issuer}/.well-known/openid-configuration`,
    initialAccessToken: settings.initialAccessToken,
    portalClient: settings.portalClient,
    async createClient(name = "made by hand") {
      const response = await fetch(`${issuer}/reg`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${settings.initialAccessToken}` },
        body: JSON.stringify({
          client_name: name,
          grant_types: ["client_credentials"],
          response_types: [],
          redirect_uris: [],
        }),
      });
      if (response.status !== 201) throw new Error(`Registration answered ${response.status}.`);
      const body = (await response.json()) as { client_id: string; client_secret: string };
      return { clientId: body.client_id, clientSecret: body.client_secret };
    },
    async stop() {
      child.kill("SIGTERM");
      child.stdin.end();
      await ended;
    },
  };
}
