import { z } from "zod";
import { ConfigurationError } from "./configuration-error.ts";
import { Secret } from "./secret.ts";

const port = z.coerce.number().int().min(1).max(65535);
const secretText = (minimum: number) =>
  z
    .string()
    .min(minimum)
    .transform((text) => new Secret(text));

/** `host:port` pairs, separated by commas. */
const allowList = z
  .string()
  .transform((text) =>
    text
      .split(",")
      .map((entry) => entry.trim().toLowerCase())
      .filter(Boolean),
  )
  .refine((entries) => entries.every((entry) => /^(\[[0-9a-f:.]+\]|[^\s:/]+):\d{1,5}$/.test(entry)), {
    error: "must be host:port pairs separated by commas, such as 10.0.0.5:8443,keycloak.internal:443",
  });

/** Files, folders and packages, separated by commas. */
const pathList = z.string().transform((text) =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter(Boolean),
);

/** `id=base64url(32 bytes)` pairs; the first seals, all of them open. */
const vaultKeys = z
  .string()
  .transform((text) =>
    text.split(",").map((entry) => {
      const [id = "", key = ""] = entry.trim().split("=", 2);
      return { id, key: new Secret(key) };
    }),
  )
  .refine(
    (keys) =>
      keys.length > 0 &&
      keys.every(({ id, key }) => /^[a-z0-9-]{1,32}$/.test(id) && Buffer.from(key.reveal(), "base64url").length === 32),
    { error: "must be id=key pairs separated by commas, each key 32 bytes in base64url" },
  );

/** Empty is not the same as missing, which means no TLS. */
const grpcFile = z.string().min(1, "must name a file in PEM form; remove the setting where none is meant");

/** Every variable the product reads. `.env.example` describes them; a test keeps the two equal. */
export const envSchema = z.object({
  NODE_ENV: z.enum(["development", "production", "test"]).default("production"),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: "must be postgresql://user:password@host:port/database" })
    .transform((text) => new Secret(text)),
  LATCHKEY_ORIGIN: z
    .url({ protocol: /^https?$/ })
    .transform((text) => new URL(text).origin)
    .default("http://localhost:3000"),
  PORT: port.default(3000),
  HOST: z.string().default("127.0.0.1"),
  NEXTAUTH_SECRET: secretText(32),
  LATCHKEY_VAULT_KEYS: vaultKeys,
  LATCHKEY_OUTBOUND_ALLOW: allowList.default([]),
  LATCHKEY_CONNECTORS: pathList.default([]),
  LATCHKEY_TRUSTED_PROXIES: z.coerce.number().int().min(0).max(5).default(0),
  LATCHKEY_GRPC_PORT: port.optional(),
  LATCHKEY_GRPC_CERTIFICATE: grpcFile.optional(),
  LATCHKEY_GRPC_KEY: grpcFile.optional(),
  LATCHKEY_GRPC_CLIENT_CA: grpcFile.optional(),
  LATCHKEY_STALE_SECONDS: z.coerce.number().int().min(5).max(86_400).default(900),
  LATCHKEY_VALIDATOR_WORKERS: z.coerce.number().int().min(1).max(64).default(1),
  LATCHKEY_VALIDATOR_SOCKET: z.string().default(""),
  LATCHKEY_VALIDATOR_STATE: z.string().default(".latchkey/validator.state"),
  LATCHKEY_DRAIN_SECONDS: z.coerce.number().int().min(0).max(300).default(0),
  LATCHKEY_METRICS_TOKEN: secretText(16).optional(),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
});

export type Env = Readonly<z.output<typeof envSchema>>;

let parsed: Env | undefined;

/**
 * The configuration, parsed once.
 *
 * @throws {ConfigurationError} listing every bad variable by name; values are never repeated
 */
export function env(): Env {
  parsed ??= readEnv();
  return parsed;
}

function readEnv(): Env {
  const values = parseEnv(process.env);
  // next-auth takes its own address from here; without it, it would believe the Host header.
  process.env["NEXTAUTH_URL"] = values.LATCHKEY_ORIGIN;
  return values;
}

/** Parses a set of variables; exported for the tests of this module. */
export function parseEnv(variables: Record<string, string | undefined>): Env {
  const result = envSchema.superRefine(requireWholeTls).safeParse(variables);
  if (result.success) return Object.freeze(result.data);
  const problems = result.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new ConfigurationError(`The configuration is not usable:\n${problems.join("\n")}`);
}

/** A certificate without its key, or the other way round, would quietly mean no TLS. */
function requireWholeTls(values: z.output<typeof envSchema>, context: z.RefinementCtx): void {
  const { LATCHKEY_GRPC_CERTIFICATE: certificate, LATCHKEY_GRPC_KEY: key, LATCHKEY_GRPC_CLIENT_CA: authority } = values;
  const refuse = (name: string, message: string) => context.addIssue({ code: "custom", path: [name], message });
  if (certificate !== undefined && key === undefined) {
    refuse(
      "LATCHKEY_GRPC_KEY",
      "is missing; name the file with the key of LATCHKEY_GRPC_CERTIFICATE, or remove that setting",
    );
  }
  if (key !== undefined && certificate === undefined) {
    refuse(
      "LATCHKEY_GRPC_CERTIFICATE",
      "is missing; name the file with the certificate of LATCHKEY_GRPC_KEY, or remove that setting",
    );
  }
  if (authority !== undefined && certificate === undefined && key === undefined) {
    refuse(
      "LATCHKEY_GRPC_CLIENT_CA",
      "needs TLS; set LATCHKEY_GRPC_CERTIFICATE and LATCHKEY_GRPC_KEY too, or remove this setting",
    );
  }
}
