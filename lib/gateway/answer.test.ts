import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { answerEmpty, answerStanding, readBody, StandingHeaders } from "./answer.ts";

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

describe("headers that go out again and again", () => {
  const headers = new StandingHeaders({ "X-Latchkey-Subject": "alice", "X-Latchkey-Plan": "Gold" });

  /** Sends requests one behind the other on one connection. @returns what came back until the connection ended */
  async function answersTo(requests: readonly string[], before: (res: ServerResponse) => void = () => {}) {
    server = createServer((req, res) => {
      before(res);
      if (req.url === "/plain") answerEmpty(res, 200, headers.all);
      else answerStanding(res, headers);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.write(requests.map((request) => `${request}\r\nHost: latchkey.test\r\n\r\n`).join(""));
    return (await text(socket)).split(/(?=HTTP\/1\.1 )/).map((answer) => answer.split("\r\n"));
  }
  const last = "GET /plain HTTP/1.1\r\nConnection: close";

  it("are sent as Node sends others, call after call on one connection", async () => {
    const answers = await answersTo(["GET / HTTP/1.1", "GET / HTTP/1.1", "GET /plain HTTP/1.1", last]);
    expect(answers).toHaveLength(4);
    const [first, second, plain] = answers.map((lines) =>
      lines.filter((line) => !line.startsWith("Keep-Alive")).sort(),
    );
    expect(first?.map((line) => line.replace(/^Date: .*/, "Date"))).toEqual(
      plain?.map((line) => line.replace(/^Date: .*/, "Date")),
    );
    expect(second).toEqual(first);
    const date = first?.find((line) => line.startsWith("Date: "))?.slice(6) ?? "";
    expect(Math.abs(Date.parse(date) - Date.now())).toBeLessThan(10_000);
  });

  it("close the connection where the caller asks for that, or speaks HTTP/1.0", async () => {
    for (const request of ["GET / HTTP/1.1\r\nConnection: close", "GET / HTTP/1.0"]) {
      const [answer] = await answersTo([request]);
      expect(answer).toEqual(expect.arrayContaining(["X-Latchkey-Subject: alice", "Connection: close"]));
      server?.close();
    }
  });

  it("stand beside those that others have set", async () => {
    const [answer] = await answersTo(["GET / HTTP/1.1", last], (res) => res.setHeader("X-Other", "yes"));
    expect(answer).toEqual(expect.arrayContaining(["X-Latchkey-Subject: alice", "X-Other: yes"]));
  });

  it("cannot begin another header", () => {
    expect(() => new StandingHeaders({ "X-A": "a\r\nX-B: b" }).written).toThrow(/Invalid character/);
    expect(() => new StandingHeaders({ "X-A: b\r\nX-B": "a" }).written).toThrow(/valid HTTP token/);
  });
});
