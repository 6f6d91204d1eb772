import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { readBody } from "./answer.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Sends a request as it is written and returns what the server read of its body, as JSON. */
async function bodyOf(request: string, { optimizeEmptyRequests }: { optimizeEmptyRequests: boolean }) {
  server = createServer({ optimizeEmptyRequests }, (req, res) => {
    void readBody(req, 8).then((body) => res.end(JSON.stringify(body)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write(`POST / HTTP/1.1\r\nHost: latchkey.test\r\nConnection: close\r\n${request}`);
  const answer = await text(socket);
  return JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")).replace(/[^n"]*([n"].*[l"])[^]*/, "$1")) as string | null;
}

describe.each([false, true])("a body, where empty requests arrive ended: %s", (optimizeEmptyRequests) => {
  it.each([
    ["none that is announced", "\r\n", ""],
    ["an empty one", "Content-Length: 0\r\n\r\n", ""],
    ["one with a length", "Content-Length: 5\r\n\r\nhello", "hello"],
    ["one in chunks", "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "hello"],
    ["one that is too large", "Content-Length: 9\r\n\r\n123456789", null],
  ])("%s", async (_what, request, body) => {
    expect(await bodyOf(request, { optimizeEmptyRequests })).toBe(body);
  });
});
