/** WebSocket handshakes through a real gateway, and what is said on the connection that follows. */
import { once } from "node:events";
import { WebSocket } from "undici";
import { describe, expect, it } from "vitest";
import type { RunningBackend } from "#e2e/servers/echo-backend.ts";
import type { Answer, Call } from "./gateway-calls.ts";

/** The API that handshakes are for; its tenant publishes it with `publishApi`. */
export const webSocketApi = {
  name: "Prices",
  kind: "WEBSOCKET",
  context: "/prices",
  resources: [
    { verb: "GET", path: "/{currency}", scopes: ["orders:read"] },
    { verb: "GET", path: "/secret", scopes: ["orders:admin"] },
  ],
} as const;

type HandshakeWorld = {
  token(): Promise<string>;
  call(call: Call): Promise<Answer & { reachedBackend: boolean }>;
  origin(): string;
  backend(): RunningBackend;
};

/** Describes which connections come about. */
export function describeHandshakes({ token, call, origin, backend }: HandshakeWorld): void {
  const asking = (upgrade: string) => ({
    Connection: "Upgrade",
    Upgrade: upgrade,
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  });

  describe("a WebSocket API", () => {
    it("is reached with a good token, and the connection carries what is said", async () => {
      const headers = { Authorization: `Bearer ${await token()}`, "X-Latchkey-Subject": "root" };
      const socket = new WebSocket(`${origin().replace("http", "ws")}/prices/1.0.0/EUR`, { headers });
      const [opened] = await Promise.race([once(socket, "open"), once(socket, "error")]);
      expect(opened).toMatchObject({ type: "open" });
      const heard = once(socket, "message");
      socket.send("How much?");
      expect(await heard).toMatchObject([{ data: "How much?" }]);
      const seen = backend().calls.at(-1);
      expect(seen).toMatchObject({
        url: "/prices/1.0.0/EUR",
        headers: { "x-latchkey-api-name": "Prices", "x-latchkey-subject": "user-1" },
      });
      expect(seen?.headers).not.toHaveProperty("authorization");
      socket.close();
    });

    it.each([
      ["without a token", 401, "token_missing", "/prices/1.0.0/EUR", () => Promise.resolve(null)],
      ["without its scope", 403, "scope_missing", "/prices/1.0.0/secret", token],
      ["at another address", 404, "resource_unknown", "/prices/1.0.0/EUR/now", token],
    ])("is not reached %s: %i, %s", async (_name, status, reason, path, make) => {
      const bearer = await make();
      const headers = { ...asking("websocket"), ...(bearer !== null && { Authorization: `Bearer ${bearer}` }) };
      const answer = await call({ path, headers });
      expect(answer).toMatchObject({ status, body: { reason }, reachedBackend: false });
    });
  });

  it("passes no other upgrade on: a backend that took one would be reached past the gateway from then on", async () => {
    const settings = { Connection: "Upgrade, HTTP2-Settings", "HTTP2-Settings": "AAMAAABkAARAAAAAAAIAAAAA" };
    const Authorization = `Bearer ${await token()}`;
    const before = backend().calls.length;
    for (const upgrade of ["h2c", "websocket, h2c", "anything"]) {
      await call({ headers: { ...asking(upgrade), ...settings, Authorization } });
    }
    for (const { headers } of backend().calls.slice(before)) expect(headers.upgrade).toBeUndefined();
  });
}
