import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import {
  credentials as channel,
  loadPackageDefinition,
  Server,
  status,
  type ChannelCredentials,
  type Client,
  type ServiceError,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog, type Log } from "#lib/foundation/log.ts";
import { selfSigned, testAuthority, type TestCertificate } from "#tooling/testing/certificates.ts";
import { serveGrpc, type GrpcServer } from "./grpc-server.ts";
import { openGrpcTls, type GrpcTlsFiles } from "./grpc-tls.ts";

const authority = testAuthority();
const strangers = testAuthority("Strangers");
const own = authority.issue({ name: "localhost" });

let folder: string;
let server: GrpcServer | undefined;
const clients: Client[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "latchkey-grpc-tls-"));
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server?.stop({ withinMs: 0 });
  server = undefined;
  rmSync(folder, { recursive: true });
});

function put(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}
const filesOf = ({ certificate, privateKey }: TestCertificate): GrpcTlsFiles => ({
  certificate: put("certificate.pem", certificate),
  key: put("key.pem", privateKey),
});

const serve = async (tls: GrpcTlsFiles) => {
  const credentials = { admit: () => Promise.resolve("refused" as const) };
  const validate = () => Promise.reject(new Error("Nobody asks for this here."));
  server = await serveGrpc({ address: "127.0.0.1:0", tls, validate, credentials, isReady: () => true, log: silentLog });
  return server.port;
};

const description = loadPackageDefinition(
  loadSync(fileURLToPath(new URL("grpc/health.proto", import.meta.url)), { enums: String }),
) as unknown as {
  grpc: { health: { v1: { Health: new (address: string, credentials: ChannelCredentials) => Client } } };
};
type Health = Client & {
  check(request: object, options: object, answer: (error: ServiceError | null, response?: object) => void): void;
};

/** Asks whether the server is healthy; what came of it, in a word. */
function ask(port: number, credentials: ChannelCredentials): Promise<unknown> {
  const client = new description.grpc.health.v1.Health(`localhost:${port}`, credentials) as Health;
  clients.push(client);
  return new Promise((resolve) => {
    client.check({}, { deadline: Date.now() + 3_000 }, (error, response) =>
      resolve(error ? status[error.code] : response),
    );
  });
}

const healthy = { status: "SERVING" };
const over = (root: string, { certificate, privateKey }: Partial<TestCertificate> = {}) =>
  channel.createSsl(
    Buffer.from(root),
    privateKey === undefined ? null : Buffer.from(privateKey),
    certificate === undefined ? null : Buffer.from(certificate),
  );

describe("gRPC over TLS", () => {
  it("is answered to those who know its authority, and to nobody without TLS", async () => {
    const port = await serve(filesOf(own));
    expect(await ask(port, over(authority.certificate))).toEqual(healthy);
    expect(await ask(port, over(strangers.certificate))).toBe("UNAVAILABLE");
    expect(await ask(port, channel.createInsecure())).toBe("UNAVAILABLE");
  });

  it("asks for a certificate of the named authorities, where there are some", async () => {
    const port = await serve({ ...filesOf(own), clientAuthority: put("authority.pem", authority.certificate) });
    expect(await ask(port, over(authority.certificate, authority.issue({ name: "envoy" })))).toEqual(healthy);
    expect(await ask(port, over(authority.certificate))).toBe("UNAVAILABLE");
    for (const stranger of [strangers.issue({ name: "envoy" }), selfSigned("envoy")]) {
      expect(await ask(port, over(authority.certificate, stranger))).toBe("UNAVAILABLE");
    }
    const late = authority.issue({ name: "envoy", notAfter: new Date(Date.now() - 86_400_000) });
    expect(await ask(port, over(authority.certificate, late))).toBe("UNAVAILABLE");
  });
});

describe("files that are not usable", () => {
  const missing = "/nowhere/-----BEGIN PRIVATE KEY-----";
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const keyText = (cipher?: object) => other.export({ type: "pkcs8", format: "pem", ...cipher }).toString();

  it.each<[string, () => Partial<GrpcTlsFiles>, RegExp]>([
    [
      "no certificate",
      () => ({ certificate: missing }),
      /^LATCHKEY_GRPC_CERTIFICATE: .*cannot be read \(ENOENT\)\. Name/,
    ],
    ["no key", () => ({ key: missing }), /^LATCHKEY_GRPC_KEY: .*cannot be read \(ENOENT\)\. Name/],
    ["no authority", () => ({ clientAuthority: missing }), /^LATCHKEY_GRPC_CLIENT_CA: .*\(ENOENT\)\. Name/],
    ["what is no certificate", () => ({ certificate: put("a", "a") }), /^LATCHKEY_GRPC_CERTIFICATE: .*no certificates/],
    [
      "a broken certificate",
      () => ({ certificate: put("a", own.certificate.replace(/[A-Za-z]{9}\n/, "\n")) }),
      /^LATCHKEY_GRPC_CERTIFICATE: .*no certificates/,
    ],
    ["what is no key", () => ({ key: put("a", own.certificate) }), /^LATCHKEY_GRPC_KEY: .*no private key/],
    [
      "a key with a passphrase",
      () => ({ key: put("a", keyText({ cipher: "aes-256-cbc", passphrase: "x" })) }),
      /^LATCHKEY_GRPC_KEY: .*no private key.*without a passphrase/,
    ],
    ["another's key", () => ({ key: put("a", keyText()) }), /^LATCHKEY_GRPC_KEY: .*does not belong to the first cert/],
    ["no authorities", () => ({ clientAuthority: put("a", "") }), /^LATCHKEY_GRPC_CLIENT_CA: .*no certificates/],
  ])("keep it from starting, in words for whoever set them: %s", async (_name, files, words) => {
    const error = await serve({ ...filesOf(own), ...files() }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(words);
    // A setting may hold a key where a path is meant.
    expect((error as Error).message).not.toContain("PRIVATE KEY");
    expect((error as Error).cause).toBeUndefined();
  });
});

describe("certificates that change", () => {
  /** A server that looks at its files often, and the certificate that it shows. */
  async function world() {
    const said: string[] = [];
    const log: Log = {
      ...silentLog,
      warn: (_fields, message) => void said.push(`warn ${message}`),
      info: (_fields, message) => void said.push(`info ${message}`),
    };
    const files = { ...filesOf(own), clientAuthority: put("authority.pem", authority.certificate) };
    const tls = await openGrpcTls(files, { log, checkEveryMs: 20 });
    const bare = new Server();
    const port = await new Promise<number>((resolve, reject) => {
      bare.bindAsync("127.0.0.1:0", tls.credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    server = {
      port,
      stop: () => {
        tls.close();
        bare.forceShutdown();
        return Promise.resolve();
      },
    };
    async function shown(): Promise<string> {
      const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
      socket.on("error", () => {});
      await once(socket, "secureConnect");
      const subject = socket.getPeerX509Certificate()?.subject ?? "";
      socket.destroy();
      return subject;
    }
    return { said, tls, shown, put: (next: TestCertificate) => filesOf(next) };
  }

  it("count for the next connection; half of a pair, or none, changes nothing", async () => {
    const { said, shown } = await world();
    expect(await shown()).toBe("CN=localhost");
    const next = authority.issue({ name: "next.example" });
    put("certificate.pem", next.certificate);
    await expect.poll(() => said).toEqual(["warn the certificates for gRPC stay as they were"]);
    expect(await shown()).toBe("CN=localhost");
    put("key.pem", next.privateKey);
    await expect.poll(shown).toBe("CN=next.example");
    rmSync(join(folder, "key.pem"));
    await expect.poll(() => said.length).toBe(3);
    expect(await shown()).toBe("CN=next.example");
    expect(said[1]).toBe("info the certificates for gRPC were renewed");
  });

  it("are looked at no more once it is closed", async () => {
    const { tls, shown, put: replace } = await world();
    tls.close();
    replace(authority.issue({ name: "next.example" }));
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await shown()).toBe("CN=localhost");
  });
});
