import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "./log.ts";
import { createOutbound, isOutboundError, type Outbound, type OutboundErrorKind } from "./outbound.ts";
import { outboundLimits, type OutboundInit } from "./outbound-contract.ts";
import { outboundProblems } from "./outbound-error.ts";

const open: (Server | TcpServer)[] = [];
const doors: Outbound[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
  await Promise.all(doors.splice(0).map((door) => door.close()));
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** A server on loopback that counts connections: the canary of every refusal. */
async function listen(listener: RequestListener): Promise<{ port: number; connections: () => number }> {
  const server = createServer(listener);
  return { ...(await started(server)) };
}

async function listenRaw(onSocket: (socket: Socket) => void) {
  return started(createTcpServer(onSocket));
}

async function started(server: Server | TcpServer) {
  let count = 0;
  server.on("connection", (socket: Socket) => {
    count += 1;
    sockets.add(socket);
    socket.on("error", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(server);
  return { port: (server.address() as AddressInfo).port, connections: () => count };
}

function door(allow: string[] = [], resolve?: (hostname: string) => Promise<string[]>): Outbound {
  const outbound = createOutbound({ allow, log: silentLog, ...(resolve && { resolve }) });
  doors.push(outbound);
  return outbound;
}

async function failure(outbound: Outbound, url: string, init?: OutboundInit): Promise<OutboundErrorKind | "answered"> {
  try {
    await outbound(url, init);
    return "answered";
  } catch (error) {
    if (!isOutboundError(error)) throw error;
    return error.kind;
  }
}

describe("addresses that may not be called", () => {
  it.each([
    "https://127.1",
    "https://2130706433",
    "https://0x7f.1",
    "https://0177.0.0.1",
    "https://0",
    "https://[::]",
    "https://[::1]",
    "https://[::ffff:7f00:1]",
    "https://[::127.0.0.1]",
    "https://[64:ff9b::7f00:1]",
    "https://[2002:7f00:1::]",
    "https://１２７.０.０.１",
    "https://①②⑦.⓪.⓪.①",
    "https://127。0。0。1",
    "https://localhost.",
    "https://localhost",
    "https://10.0.0.5",
    "https://8.8.8.8",
    "https://169.254.169.254/latest/meta-data",
    "https://[fd00:ec2::254]",
    "https://metadata.google.internal",
    "https://168.63.129.16",
    "http://as.example",
    "file:///etc/passwd",
    "gopher://as.example",
    "ftp://as.example",
    "data:text/plain,hello",
    "unix:/var/run/docker.sock",
    "javascript:alert(1)",
    "https://user:password@as.example",
    "https://@as.example",
    "https://as.example/#fragment",
    "https://as.example/#",
    "https:\\\\as.example",
    "https://as.example\\@127.0.0.1",
    "https://as.example/a\r\nHost: evil",
    "https://as.exa\u0000mple",
    " https://as.example",
    "https:as.example",
    "https:///as.example",
    "https://as.example:22",
    "https://as.example:25",
    "https://as.example:6379",
    "https://as.example:5432",
    "https://",
    "",
  ])("refuses %j without resolving or dialling anything public", async (url) => {
    const resolved: string[] = [];
    const outbound = door([], (hostname) => {
      resolved.push(hostname);
      return Promise.resolve(["127.0.0.1"]);
    });
    expect(["invalid_url", "address_refused"]).toContain(await failure(outbound, url));
    expect(await outbound.refuseAddress(url)).not.toBeNull();
    expect(resolved.filter((hostname) => hostname !== "localhost")).toEqual([]);
  });

  it.each([
    ["a private address", ["127.0.0.1"]],
    ["a public and a private address", ["93.184.216.34", "127.0.0.1"]],
    ["a private IPv6 address beside a public one", ["93.184.216.34", "fd00::1"]],
    ["a mapped address", ["::ffff:127.0.0.1"]],
    ["a metadata address", ["169.254.169.254"]],
  ])("refuses a name that resolves to %s", async (_name, addresses) => {
    const canary = await listen((_req, res) => res.end("{}"));
    const outbound = door([], () => Promise.resolve(addresses));
    expect(await failure(outbound, "https://as.example:8443/")).toBe("address_refused");
    expect(await outbound.refuseAddress("https://as.example:8443/")).toBe(outboundProblems.address_refused);
    expect(canary.connections()).toBe(0);
  });

  it("are told beforehand, without calling anybody; a name that leads nowhere may yet be called one day", async () => {
    const canary = await listen((_req, res) => res.end("{}"));
    const local = `127.0.0.1:${String(canary.port)}`;
    const open = door([local], () => Promise.resolve(["93.184.216.34"]));
    expect(await open.refuseAddress("https://as.example/hooks")).toBeNull();
    expect(await open.refuseAddress(`http://${local}/hooks`)).toBeNull();
    expect(canary.connections()).toBe(0);
    const nowhere = door([], () => Promise.reject(new Error("ENOTFOUND")));
    expect(await nowhere.refuseAddress("https://as.example")).toBeNull();
    const silent = door([], () => new Promise(() => undefined));
    expect(await silent.refuseAddress("https://as.example")).toBeNull();
  });

  it("never lets the allow-list open a metadata service", async () => {
    const outbound = door(["169.254.169.254:80", "metadata.google.internal:80", "as.example:443"], () =>
      Promise.resolve(["169.254.169.254"]),
    );
    expect(await failure(outbound, "http://169.254.169.254/")).toBe("address_refused");
    expect(await failure(outbound, "http://metadata.google.internal/")).toBe("address_refused");
    expect(await failure(outbound, "https://as.example/")).toBe("address_refused");
  });

  it("opens exactly the host and port that the operator named", async () => {
    const one = await listen((_req, res) => res.end('{"ok":true}'));
    const other = await listen((_req, res) => res.end("{}"));
    expect(await failure(door(), `http://127.0.0.1:${one.port}/`)).toBe("invalid_url");
    const outbound = door([`127.0.0.1:${one.port}`]);
    expect(await (await outbound(`http://127.0.0.1:${one.port}/`)).json()).toEqual({ ok: true });
    expect(await failure(outbound, `http://127.0.0.1:${other.port}/`)).toBe("invalid_url");
    expect(await failure(outbound, `https://127.0.0.1:${other.port}/`)).toBe("address_refused");
    expect(other.connections()).toBe(0);
  });

  it("looks at the name again for each new connection, so that a rebound name is refused", async () => {
    let answers = ["127.0.0.1"];
    const server = await listen((_req, res) => res.setHeader("connection", "close").end("{}"));
    const outbound = door([`km.internal:${server.port}`], () => Promise.resolve(answers));
    expect(await failure(outbound, `http://km.internal:${server.port}/`)).toBe("answered");
    answers = ["169.254.169.254"];
    expect(await failure(outbound, `http://km.internal:${server.port}/`)).toBe("address_refused");
  });

  it("dials the address that was checked and keeps the name in the Host header", async () => {
    const hosts: (string | undefined)[] = [];
    const server = await listen((req, res) => {
      hosts.push(req.headers.host);
      res.end("{}");
    });
    const outbound = door([`km.internal:${server.port}`], () => Promise.resolve(["127.0.0.1"]));
    await outbound(`http://km.internal:${server.port}/x`);
    expect(hosts).toEqual([`km.internal:${server.port}`]);
  });

  it("tries the next address of a name when one does not answer", async () => {
    const server = await listen((_req, res) => res.end("{}"));
    const outbound = door([`km.internal:${server.port}`], () => Promise.resolve(["::1", "127.0.0.1"]));
    expect(await failure(outbound, `http://km.internal:${server.port}/`)).toBe("answered");
  });
});

describe("answers", () => {
  async function answering(listener: RequestListener, init?: OutboundInit) {
    const server = await listen(listener);
    const outbound = door([`127.0.0.1:${server.port}`]);
    return failure(outbound, `http://127.0.0.1:${server.port}/`, init);
  }

  it.each([301, 302, 303, 307, 308])("with a redirect (%i) are errors and are not followed", async (status) => {
    const target = await listen((_req, res) => res.end("{}"));
    const kind = await answering((_req, res) =>
      res.writeHead(status, { location: `http://127.0.0.1:${target.port}/` }).end(),
    );
    expect(kind).toBe("redirect");
    expect(target.connections()).toBe(0);
  });

  it("that are compressed although nobody asked are refused unread", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const asked: (string | undefined)[] = [];
    const kind = await answering((req, res) => {
      asked.push(req.headers["accept-encoding"]);
      res.writeHead(200, { "content-encoding": "gzip" }).end(bomb);
    });
    expect([kind, ...asked]).toEqual(["malformed", "identity"]);
  });

  it("that are too large end at the limit, whatever their length says", async () => {
    const endless: RequestListener = (_req, res) => {
      const more = () => {
        while (res.write("x".repeat(65_536)));
        res.once("drain", more);
      };
      more();
    };
    expect(await answering(endless, { maximumBytes: 100_000 })).toBe("too_large");
  });

  it.each<[string, (socket: Socket) => void]>([
    ["accepts and stays silent", () => {}],
    [
      "drips headers",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\nx: ");
        setInterval(() => socket.writable && socket.write("y"), 50).unref();
      },
    ],
    [
      "never ends its body",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n");
        setInterval(() => socket.writable && socket.write("x"), 50).unref();
      },
    ],
  ])("of a server that %s end at the deadline", async (_name, onSocket) => {
    const server = await listenRaw(onSocket);
    const outbound = door([`127.0.0.1:${server.port}`]);
    const started = performance.now();
    const kind = await failure(outbound, `http://127.0.0.1:${server.port}/`, { deadlineMs: 300 });
    expect(kind).toBe("timeout");
    // Far from both the default deadline and for ever, also on a busy machine.
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("with header floods, nonsense and early ends are errors", async () => {
    const raw = async (text: string) => {
      const server = await listenRaw((socket) => socket.end(text));
      return failure(door([`127.0.0.1:${server.port}`]), `http://127.0.0.1:${server.port}/`, { deadlineMs: 1000 });
    };
    const many = Array.from({ length: 150 }, (_, index) => `x-${index}: 1\r\n`).join("");
    expect(await raw(`HTTP/1.1 200 OK\r\n${many}content-length: 2\r\n\r\n{}`)).toBe("malformed");
    expect(await raw(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(40_000)}\r\ncontent-length: 2\r\n\r\n{}`)).toBe("malformed");
    expect(await raw("SSH-2.0-OpenSSH_9.2\r\n")).toBe("malformed");
    expect(await raw("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{}")).not.toBe("answered");
    expect(await raw("")).toBe("unreachable");
  });

  it("keep no cookies", async () => {
    const server = await listen((_req, res) => res.setHeader("set-cookie", "session=1").end("{}"));
    const response = await door([`127.0.0.1:${server.port}`])(`http://127.0.0.1:${server.port}/`);
    expect(response.headers.get("set-cookie")).toBeNull();
  });

  it("of a closed port are unreachable, in the same words as any other failure of this class", async () => {
    const server = await listen((_req, res) => res.end());
    const { port } = server;
    await Promise.all(open.splice(0).map((one) => new Promise((resolve) => one.close(resolve))));
    const outbound = door([`127.0.0.1:${port}`, `km.internal:${port}`], () => Promise.reject(new Error("ENOTFOUND")));
    expect(await failure(outbound, `http://127.0.0.1:${port}/`)).toBe("unreachable");
    expect(await failure(outbound, `http://km.internal:${port}/`)).toBe("unreachable");
  });
});

describe("one slow server", () => {
  it("holds at most its own lane: calls beyond it are refused, other servers stay free", async () => {
    const slow = await listen(() => {});
    const quick = await listen((_req, res) => res.end("{}"));
    const outbound = door([`127.0.0.1:${slow.port}`, `127.0.0.1:${quick.port}`]);
    const kinds: string[] = [];
    const calls = Array.from({ length: 40 }, async () =>
      kinds.push(await failure(outbound, `http://127.0.0.1:${slow.port}/`, { deadlineMs: 2_000 })),
    );
    expect(await failure(outbound, `http://127.0.0.1:${quick.port}/`)).toBe("answered");
    // Counted before the deadline: what comes after it may dial anew.
    await expect.poll(slow.connections, { interval: 10 }).toBeGreaterThanOrEqual(8);
    expect(slow.connections()).toBe(8);
    expect(kinds).toEqual(Array.from({ length: 16 }, () => "busy"));
    await Promise.all(calls);
    // The turn of some that waited comes with the deadline, that of others never.
    expect(kinds).toHaveLength(40);
    expect(kinds.filter((kind) => kind === "timeout").length).toBeGreaterThanOrEqual(8);
    expect(kinds.filter((kind) => kind !== "timeout" && kind !== "busy")).toEqual([]);
  });

  it("is no reason for calls to time out whose turn never comes", async () => {
    const slow = await listen(() => {});
    const outbound = door([`127.0.0.1:${slow.port}`]);
    const url = `http://127.0.0.1:${slow.port}/`;
    const first = Array.from({ length: 8 }, () => failure(outbound, url, { deadlineMs: 3_000 }));
    const queued = Array.from({ length: 16 }, () => failure(outbound, url, { deadlineMs: 100 }));
    expect(new Set(await Promise.all(queued))).toEqual(new Set(["busy"]));
    expect(new Set(await Promise.all(first))).toEqual(new Set(["timeout"]));
  });

  it("gives its places back, so that later calls get through", async () => {
    let isSlow = true;
    const server = await listen((_req, res) => void (isSlow || res.end("{}")));
    const outbound = door([`127.0.0.1:${server.port}`]);
    const url = `http://127.0.0.1:${server.port}/`;
    await Promise.all(Array.from({ length: 30 }, () => failure(outbound, url, { deadlineMs: 200 })));
    isSlow = false;
    expect(await failure(outbound, url)).toBe("answered");
  });
});

describe("administration and the judging of tokens", () => {
  it("have places of their own at a host, so that neither keeps the other waiting", async () => {
    const server = await listen((req, res) => void (req.url === "/slow" || res.end("{}")));
    const outbound = door([`127.0.0.1:${server.port}`]);
    const at = (path: string) => `http://127.0.0.1:${server.port}${path}`;
    for (const [full, free] of [
      ["administration", "validation"],
      ["validation", "administration"],
    ] as const) {
      const slow = Array.from({ length: 200 }, () =>
        failure(outbound, at("/slow"), { purpose: full, deadlineMs: 1_500 }),
      );
      expect(await failure(outbound, at("/"), { purpose: full })).toBe("busy");
      expect(await failure(outbound, at("/"), { purpose: free })).toBe("answered");
      await Promise.all(slow);
    }
  });

  it("can both be done while as many tokens are judged as one key manager is asked about", async () => {
    const server = await listen((_req, res) => void setTimeout(() => res.end("{}"), 40));
    const outbound = door([`127.0.0.1:${server.port}`]);
    const url = `http://127.0.0.1:${server.port}/`;
    const { callsPerHost } = outboundLimits.validation;
    const calls = Array.from({ length: callsPerHost }, () => failure(outbound, url, { purpose: "validation" }));
    const keySets = Array.from({ length: 40 }, () => failure(outbound, url, { purpose: "validation" }));
    expect(new Set(await Promise.all([...calls, ...keySets]))).toEqual(new Set(["answered"]));
    expect(server.connections()).toBe(callsPerHost);
  });
});
