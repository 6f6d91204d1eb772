/** What gateways have in common: a folder of their own, the configuration of docs/gateways, and a process. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fillAddress, withLines } from "#lib/features/gateway-credentials/configuration-text.ts";
import { waitForPort } from "./ports.ts";

/** What stands around a gateway; all of them host:port. */
export type GatewayOptions = {
  latchkeyAddress: string;
  /** Where Latchkey answers gRPC; for gateways that ask that way. */
  latchkeyGrpcAddress?: string;
  backendAddress: string;
  gatewayCredential: string;
  /** Speaks TLS with callers, and lets them show certificates: its own for localhost, in PEM form. */
  tls?: { certificate: string; privateKey: string } | undefined;
  /** Asks Latchkey over TLS, at this origin, and believes the certificates of this authority alone. */
  latchkeyOverTls?: { origin: string; authority: string } | undefined;
  /**
   * Asks over gRPC by TLS: believes the certificates of this authority alone, for the host that the configuration names,
   * and shows its own where there is one.
   */
  grpcOverTls?: { authority: string; own?: { certificate: string; privateKey: string } } | undefined;
};

export type RunningGateway = { origin: string; stop(): Promise<void> };

/**
 * The values that configurations are filled in with, under the names that their first lines explain.
 *
 * @param listen host:port where callers connect
 */
export function valuesOf(options: GatewayOptions, listen: string): Record<string, string> {
  const [host = "", port = ""] = options.latchkeyAddress.split(":");
  const [grpcHost = "", grpcPort = ""] = (options.latchkeyGrpcAddress ?? "").split(":");
  const [backendHost = "", backendPort = ""] = options.backendAddress.split(":");
  const [listenHost = "", listenPort = ""] = listen.split(":");
  return {
    LISTEN: listen,
    LISTEN_HOST: listenHost,
    LISTEN_PORT: listenPort,
    LATCHKEY_ADDRESS: options.latchkeyAddress,
    LATCHKEY_HOST: host,
    LATCHKEY_PORT: port,
    LATCHKEY_GRPC_HOST: grpcHost,
    LATCHKEY_GRPC_PORT: grpcPort,
    LATCHKEY_GATEWAY_CREDENTIAL: options.gatewayCredential,
    BACKEND_ADDRESS: options.backendAddress,
    BACKEND_HOST: backendHost,
    BACKEND_PORT: backendPort,
    API_ORIGIN: originOf(options, listen),
  };
}

/** The address under which callers know a gateway that listens there; over TLS by a name, which callers say in its handshake. */
export function originOf({ tls }: Pick<GatewayOptions, "tls">, address: string): string {
  return tls ? `https://localhost:${address.split(":")[1]}` : `http://${address}`;
}

/**
 * A configuration of docs/gateways with its values filled in as envsubst would; comments stay as they are.
 *
 * @param options.tls whether callers speak TLS with the gateway
 * @param options.latchkeyOverTls where Latchkey is, if the gateway speaks TLS with it
 * @param options.grpcOverTls whether it speaks TLS where it asks over gRPC
 */
export async function fillTemplate(
  name: string,
  values: Readonly<Record<string, string>>,
  { tls, latchkeyOverTls, grpcOverTls }: Pick<GatewayOptions, "tls" | "latchkeyOverTls" | "grpcOverTls">,
): Promise<string> {
  const text = await readFile(fileURLToPath(new URL(`../../docs/gateways/${name}`, import.meta.url)), "utf8");
  const forCallers = tls ? withLines(text, "TLS with callers") : text;
  const forLatchkey = latchkeyOverTls ? fillAddress(forCallers, latchkeyOverTls.origin) : forCallers;
  const forGrpc = grpcOverTls ? withLines(forLatchkey, "TLS over gRPC") : forLatchkey;
  return (grpcOverTls?.own ? withLines(forGrpc, "Own certificate over gRPC") : forGrpc)
    .replaceAll("/etc/ssl/certs/ca-certificates.crt", "authority.pem")
    .split("\n")
    .map((line) =>
      line.startsWith("#") ? line : line.replace(/\$\{([A-Z_]+)\}/g, (whole, value: string) => values[value] ?? whole),
    )
    .join("\n");
}

/**
 * Runs a gateway in a temporary folder of its own until it is stopped.
 *
 * @param options.files what lies in the folder, by name
 * @param options.command the program and its arguments, made from the folder's path
 * @param options.environment added to this one
 * @param options.around the certificates that it needs lie in the folder too
 * @throws {Error} with the gateway's own words where nobody listens on the address within ten seconds
 */
export async function runGateway(
  name: string,
  options: {
    address: string;
    files: Readonly<Record<string, string>>;
    command: (folder: string) => readonly [string, ...string[]];
    environment?: Readonly<Record<string, string>>;
    around: GatewayOptions;
  },
): Promise<RunningGateway> {
  const folder = await mkdtemp(join(tmpdir(), `latchkey-${name}-`));
  const { tls, latchkeyOverTls, grpcOverTls } = options.around;
  const authority = (latchkeyOverTls ?? grpcOverTls)?.authority;
  const files = {
    ...options.files,
    ...(tls && { "certificate.pem": tls.certificate, "key.pem": tls.privateKey }),
    ...(authority !== undefined && { "authority.pem": authority }),
    ...(grpcOverTls?.own && {
      "envoy-certificate.pem": grpcOverTls.own.certificate,
      "envoy-key.pem": grpcOverTls.own.privateKey,
    }),
  };
  // Configurations hold the gateway credential.
  await Promise.all(Object.entries(files).map(([file, text]) => writeFile(join(folder, file), text, { mode: 0o600 })));
  const [program, ...args] = options.command(folder);
  // Programs in Go read from this variable whom they believe.
  const trust = latchkeyOverTls && { SSL_CERT_FILE: join(folder, "authority.pem") };
  const env = { ...process.env, HOME: folder, ...trust, ...options.environment };
  const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let words = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (words = (words + chunk.toString()).slice(-4_000)));
  }
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const killWithParent = () => child.kill("SIGKILL");
  process.once("exit", killWithParent);
  const stop = async () => {
    process.off("exit", killWithParent);
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitForPort(options.address, { withinMs: 10_000, unless: ended });
  } catch (cause) {
    await stop();
    throw new Error(`${name} did not start: ${words}`, { cause });
  }
  return { origin: originOf(options.around, options.address), stop };
}
