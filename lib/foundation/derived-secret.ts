import { hkdfSync } from "node:crypto";
import { Secret } from "./secret.ts";

/** A secret that the installation can make again at any time instead of storing it. */
export type DeriveSecret = (purpose: string, context: string) => Secret;

/**
 * Derives secrets from one key (HKDF, RFC 5869). Different purposes and contexts give unrelated secrets.
 *
 * @param key 32 bytes in base64url
 * @returns a function giving 32 bytes in base64url
 */
export function createDeriveSecret(key: Secret): DeriveSecret {
  const material = Buffer.from(key.reveal(), "base64url");
  return (purpose, context) => {
    const info = JSON.stringify(["latchkey", purpose, context]);
    return new Secret(Buffer.from(hkdfSync("sha256", material, "", info, 32)).toString("base64url"));
  };
}
