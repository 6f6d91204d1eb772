/** A backend that says what reached it, and repeats what it hears over WebSocket. */
import { hash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";

export type Echo = { method: string; url: string; headers: IncomingHttpHeaders; body: string };

export type RunningBackend = { address: string; calls: readonly Echo[]; stop(): Promise<void> };

/**
 * Starts the backend on a free port of the loopback interface. It answers every call with what it received,
 * and with the status that the header X-Answer asks for.
 */
export async function startEchoBackend(): Promise<RunningBackend> {
  const calls: Echo[] = [];
  const conversations = new Set<Duplex>();
  const echoOf = ({ method = "", url = "", headers }: IncomingMessage, body: string): Echo => {
    const echo = { method, url, headers, body };
    calls.push(echo);
    return echo;
  };
  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const echo = echoOf(req, await text(req));
    res.writeHead(Number(req.headers["x-answer"] ?? 200), { "Content-Type": "application/json" });
    res.end(JSON.stringify(echo));
  }
  // A call that is broken off half-way has reached nobody.
  const server = createServer((req, res) => void answer(req, res).catch(() => res.destroy()));
  server.on("upgrade", (req, socket) => {
    echoOf(req, "");
    conversations.add(socket);
    socket.once("close", () => conversations.delete(socket));
    socket.on("error", () => socket.destroy());
    converse(req, socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    calls,
    async stop() {
      for (const socket of conversations) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Accepts a WebSocket handshake (RFC 6455 §4.2.2), and sends back each frame that arrives by itself and is short. */
function converse({ headers }: IncomingMessage, socket: Duplex): void {
  if (headers.upgrade !== "websocket") {
    socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    return;
  }
  const accepted = hash("sha1", `${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, "base64");
  const lines = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accepted}`];
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
  socket.on("data", (frame: Buffer) => {
    socket.write(unmasked(frame));
    const isClosing = (frame.readUInt8(0) & 15) === 8;
    if (isClosing) socket.end();
  });
}

/** The same frame as a server sends it (RFC 6455 §5.2): clients mask what they say. */
function unmasked(frame: Buffer): Buffer {
  const length = frame.readUInt8(1) & 127;
  const mask = frame.subarray(2, 6);
  const said = frame.subarray(6, 6 + length).map((byte, at) => byte ^ mask.readUInt8(at % 4));
  return Buffer.concat([Buffer.from([frame.readUInt8(0), length]), said]);
}
