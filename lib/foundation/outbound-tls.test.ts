/** The outbound door at servers that really speak TLS: whom it trusts, and what a refused server gets to see. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createPlainServer, type Server } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, it, vi } from "vitest";
import { selfSigned, testAuthority, type TestCertificate } from "#tooling/testing/certificates.ts";
import { silentLog } from "./log.ts";
import { createOutbound, isOutboundError } from "./outbound.ts";
import { Secret } from "./secret.ts";

const open: Server[] = [];
// A process is started for each server that is trusted.
vi.setConfig({ testTimeout: 20_000 });
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function started(server: Server): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A server on loopback that keeps what it was told: Authorization headers, and the names that TLS asked for. */
async function listen({ certificate, privateKey }: TestCertificate) {
  const authorizations: (string | undefined)[] = [];
  const names: unknown[] = [];
  const server = createServer({ cert: certificate, key: privateKey }, (req, res) => {
    authorizations.push(req.headers.authorization);
    res.setHeader("connection", "close").end("{}");
  });
  server.on("secureConnection", ({ servername }) => names.push(servername));
  return { port: await started(server), authorizations, names };
}

const authority = testAuthority();
const host = "km.internal";
const headers = { authorization: "Bearer canary" };

async function outcomeHere(url: string): Promise<string> {
  const outbound = createOutbound({
    allow: [new URL(url).host],
    log: silentLog,
    resolve: () => Promise.resolve(["127.0.0.1"]),
  });
  try {
    await outbound(url, { headers });
    return "answered";
  } catch (error) {
    if (!isOutboundError(error)) throw error;
    return error.kind;
  } finally {
    await outbound.close();
  }
}

const script = `
  const { createOutbound } = await import(process.argv[1]);
  const { Secret } = await import(new URL("./secret.ts", process.argv[1]).href);
  const quiet = () => {};
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const url = process.argv[2];
  const outbound = createOutbound({ allow: [new URL(url).host], log, resolve: async () => ["127.0.0.1"] });
  const headers = { authorization: "Bearer canary" };
  const { certificate, privateKey } = JSON.parse(process.argv[3]);
  const identity = certificate && { certificate, privateKey: new Secret(privateKey) };
  // Without a certificate first: a connection must never be shared with calls that speak for somebody.
  if (identity) await outbound(url, { headers });
  const outcome = await outbound(url, { headers, ...(identity && { identity }) }).then(() => "answered", (error) => error.kind);
  await outbound.close();
  process.stdout.write(outcome);
`;

/** The same in a process whose operator trusts the authority, in the way that Node.js offers. */
async function outcomeWhereTrusted(url: string, identity: Partial<TestCertificate> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-tls-"));
  try {
    const file = join(folder, "authority.pem");
    await writeFile(file, authority.certificate);
    const door = new URL("./outbound.ts", import.meta.url).href;
    const args = ["--input-type=module", "--eval", script, door, url, JSON.stringify(identity)];
    // Node.js reads this variable once, when a process starts.
    const env = { PATH: process.env["PATH"], NODE_EXTRA_CA_CERTS: file };
    return (await promisify(execFile)(process.execPath, args, { env: env as unknown as NodeJS.ProcessEnv })).stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

it.each<[string, TestCertificate]>([
  ["signed itself", selfSigned(host)],
  ["was signed by an authority that nobody trusts", authority.issue({ name: host })],
])("a server whose certificate %s is not trusted, and is told nothing", async (_name, certificate) => {
  const server = await listen(certificate);
  expect(await outcomeHere(`https://${host}:${server.port}/`)).toBe("untrusted");
  expect(server.authorizations).toEqual([]);
});

it("a server of the operator's own authority is trusted, by its name and not by the address that is dialled", async () => {
  const server = await listen(authority.issue({ name: host }));
  expect(await outcomeWhereTrusted(`https://${host}:${server.port}/`)).toBe("answered");
  expect(server.authorizations).toEqual([headers.authorization]);
  expect(server.names).toEqual([host]);
});

it("a certificate for an IP address is trusted at that address", async () => {
  const server = await listen(authority.issue({ name: "127.0.0.1" }));
  expect(await outcomeWhereTrusted(`https://127.0.0.1:${server.port}/`)).toBe("answered");
});

it.each([
  ["has run out", { name: host, notAfter: new Date(Date.now() - 60_000) }],
  ["is not valid yet", { name: host, notBefore: new Date(Date.now() + 3_600_000) }],
  ["belongs to another name", { name: "other.internal" }],
  ["belongs to the address and not to the name", { name: "127.0.0.1" }],
])("a trusted authority's certificate that %s is refused, and the server is told nothing", async (_name, changes) => {
  const server = await listen(authority.issue(changes));
  expect(await outcomeWhereTrusted(`https://${host}:${server.port}/`)).toBe("untrusted");
  expect(server.authorizations).toEqual([]);
});

it("a certificate is shown to a server that asks for one, on a connection of its own", async () => {
  const { certificate: cert, privateKey: key } = authority.issue({ name: host });
  const visitors: unknown[] = [];
  const asking = createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (_req, res) =>
    res.end("{}"),
  );
  asking.on("secureConnection", (socket) => visitors.push(socket.getPeerX509Certificate()?.subject ?? null));
  const port = await started(asking);
  expect(await outcomeWhereTrusted(`https://${host}:${port}/`, authority.issue({ name: "portal" }))).toBe("answered");
  expect(visitors).toEqual([null, "CN=portal"]);
});

it("a certificate that does not belong to its key is no reason to call without one", async () => {
  const outbound = createOutbound({
    allow: [`${host}:1`],
    log: silentLog,
    resolve: () => Promise.resolve(["127.0.0.1"]),
  });
  const identity = {
    certificate: authority.issue({ name: "portal" }).certificate,
    privateKey: new Secret(authority.issue({ name: "another" }).privateKey),
  };
  await expect(outbound(`https://${host}:1/`, { identity })).rejects.toMatchObject({ kind: "identity_unusable" });
  await outbound.close();
});

it("a server that speaks plain HTTP where TLS was asked for is not reached, and is told nothing", async () => {
  const asked: string[] = [];
  const port = await started(createPlainServer((req, res) => void (asked.push(req.url ?? ""), res.end("{}"))));
  expect(await outcomeHere(`https://${host}:${port}/`)).toBe("unreachable");
  expect(asked).toEqual([]);
});
