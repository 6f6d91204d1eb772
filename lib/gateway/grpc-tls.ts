/** TLS of the port for gRPC: certificates from files, read anew when they change. */
import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { ServerCredentials } from "@grpc/grpc-js";
import { ConfigurationError } from "#lib/foundation/configuration-error.ts";
import type { Log } from "#lib/foundation/log.ts";

export type GrpcTlsFiles = {
  /** The server's certificate and those between it and its authority, in that order, in PEM form. */
  certificate: string;
  /** The private key of that certificate, in PEM form. */
  key: string;
  /** Authorities in PEM form; where named, clients must show a certificate that one of them signed. */
  clientAuthority?: string | undefined;
};

export type GrpcTls = {
  credentials: ServerCredentials;
  /** Looks at the files no more. */
  close(): void;
};

/** The settings that name the files, for whoever has to mend them. */
const settings = {
  certificate: "LATCHKEY_GRPC_CERTIFICATE",
  key: "LATCHKEY_GRPC_KEY",
  clientAuthority: "LATCHKEY_GRPC_CLIENT_CA",
} as const;

const defaultCheckMs = 10_000;

/**
 * Reads the files, and reads them again as long as it is open: what is usable and new counts for the next connection. While it
 * is not usable, such as a certificate whose key is still to come, what was read before stays in force.
 *
 * @throws {ConfigurationError} naming the setting, what is wrong with its file, and what to do; never what the file holds
 */
export async function openGrpcTls(
  files: GrpcTlsFiles,
  { log, checkEveryMs = defaultCheckMs }: { log: Log; checkEveryMs?: number },
): Promise<GrpcTls> {
  const first = await readContext(files);
  const credentials = new RenewedCredentials(first, files.clientAuthority !== undefined);
  let inForce = JSON.stringify(first);
  let told = "";
  let isReading = false;

  async function look(): Promise<void> {
    try {
      const next = await readContext(files);
      told = "";
      if (JSON.stringify(next) === inForce) return;
      credentials.renew(next);
      inForce = JSON.stringify(next);
      log.info({ area: "ext_authz" }, "the certificates for gRPC were renewed");
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== told) log.warn({ problem, area: "ext_authz" }, "the certificates for gRPC stay as they were");
      told = problem;
    }
  }

  const timer = setInterval(() => {
    if (isReading) return;
    isReading = true;
    void look().finally(() => (isReading = false));
  }, checkEveryMs);
  timer.unref();
  return { credentials, close: () => clearInterval(timer) };
}

class RenewedCredentials extends ServerCredentials {
  constructor(context: SecureContextOptions, asksClients: boolean) {
    super({ requestCert: asksClients, rejectUnauthorized: asksClients, minVersion: "TLSv1.2" }, context);
  }

  renew(context: SecureContextOptions): void {
    this.updateSecureContextOptions(context);
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

type PemContext = { cert: string; key: string; ca?: string[] };

async function readContext(files: GrpcTlsFiles): Promise<PemContext> {
  const cert = await readPem(files.certificate, settings.certificate);
  const key = await readPem(files.key, settings.key);
  const [own] = certificatesOf(cert, settings.certificate);
  if (!own?.checkPrivateKey(keyOf(key))) {
    throw new ConfigurationError(
      `${settings.key}: the key does not belong to the first certificate of the file that ${settings.certificate} names. ` +
        "Name the key that this certificate was issued for; the server's own certificate comes first.",
    );
  }
  const context: PemContext = { cert, key };
  if (files.clientAuthority !== undefined) {
    const authorities = await readPem(files.clientAuthority, settings.clientAuthority);
    context.ca = certificatesOf(authorities, settings.clientAuthority).map((authority) => authority.toString());
  }
  requireUsable(context);
  return context;
}

/** The setting may hold a key by mistake where a path is meant: neither it nor the system's words, which repeat it, are shown. */
async function readPem(path: string, setting: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw new ConfigurationError(
      `${setting}: the file that it names cannot be read (${code}). Name a file in PEM form that this process may read.`,
    );
  }
}

function certificatesOf(pem: string, setting: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block));
  } catch {
    // Said below.
  }
  throw new ConfigurationError(
    `${setting}: the file that it names holds no certificates that can be read. Name one in PEM form.`,
  );
}

function keyOf(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new ConfigurationError(
      `${settings.key}: the file that it names holds no private key that can be read. Name one in PEM form, without a passphrase.`,
    );
  }
}

/** What TLS itself refuses, such as keys that are too short. */
function requireUsable(context: PemContext): void {
  try {
    createSecureContext(context);
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw new ConfigurationError(
      `${settings.certificate}: TLS does not take the certificates and the key that are named (${code}). Have a new certificate issued.`,
    );
  }
}
