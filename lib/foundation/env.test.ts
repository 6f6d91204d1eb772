import { expect, it } from "vitest";
import { parseEnv } from "./env.ts";

const required = {
  DATABASE_URL: "postgresql://latchkey@localhost/latchkey",
  NEXTAUTH_SECRET: "x".repeat(32),
  LATCHKEY_VAULT_KEYS: `k1=${Buffer.alloc(32).toString("base64url")}`,
};
const LATCHKEY_GRPC_CERTIFICATE = "certificate.pem";
const LATCHKEY_GRPC_KEY = "key.pem";
const LATCHKEY_GRPC_CLIENT_CA = "authority.pem";

it.each<[string, Record<string, string>, RegExp]>([
  ["without its key", { LATCHKEY_GRPC_CERTIFICATE }, /LATCHKEY_GRPC_KEY: is missing; name the file/],
  ["that is missing", { LATCHKEY_GRPC_KEY }, /LATCHKEY_GRPC_CERTIFICATE: is missing; name the file/],
  ["that is missing for clients", { LATCHKEY_GRPC_CLIENT_CA }, /LATCHKEY_GRPC_CLIENT_CA: needs TLS; set/],
  ["that is empty", { LATCHKEY_GRPC_CERTIFICATE: "", LATCHKEY_GRPC_KEY: "" }, /LATCHKEY_GRPC_KEY: must name a file/],
])("refuses a certificate for gRPC %s, which would mean no TLS", (_name, settings, words) => {
  expect(() => parseEnv({ ...required, ...settings })).toThrow(words);
});

it("takes a certificate with its key, and authorities for clients beside them", () => {
  const settings = { LATCHKEY_GRPC_CERTIFICATE, LATCHKEY_GRPC_KEY };
  expect(parseEnv({ ...required, ...settings })).toMatchObject(settings);
  expect(parseEnv({ ...required, ...settings, LATCHKEY_GRPC_CLIENT_CA })).toMatchObject({ LATCHKEY_GRPC_CLIENT_CA });
});
