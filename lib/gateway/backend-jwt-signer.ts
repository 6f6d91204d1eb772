import { createPrivateKey, sign, type KeyObject } from "node:crypto";
import { LRUCache } from "lru-cache";
import { openPrivateKey, stillSigns } from "#lib/authorization-server/signing.ts";
import type { Vault } from "#lib/data/vault.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { backendTokenType } from "#lib/token-validation/facts.ts";
import type { BackendJwtConfiguration } from "./backend-jwt.ts";

/** Signs the claims of a backend JWT with a key of the tenant. */
export type SignBackendJwt = (
  tenantId: TenantId,
  configuration: Pick<BackendJwtConfiguration, "algorithm" | "keys">,
  claims: Readonly<Record<string, unknown>>,
) => Promise<string>;

type OpenedKey = { header: string; key: KeyObject };

/** Opened keys of many tenants, two algorithms each. */
const openedKeys = 2_000;

/**
 * Makes the signer. A private key is opened when it first signs; signing happens beside the event loop, because an RSA
 * signature alone takes longer than the whole of what else is done for a call.
 *
 * @returns a signer that rejects where the tenant has no key that signs, or the vault does not open it
 */
export function createBackendJwtSigner({ vault, clock }: { vault: Vault; clock: Clock }): SignBackendJwt {
  const opened = new LRUCache<string, OpenedKey>({ max: openedKeys });

  function open(tenantId: TenantId, { algorithm, keys }: Parameters<SignBackendJwt>[1]): OpenedKey {
    const now = clock.now();
    const chosen = keys.find((key) => key.algorithm === algorithm && stillSigns(key, now));
    if (!chosen) throw new Error(`The tenant has no key that signs backend JWTs with ${algorithm}.`);
    let found = opened.get(chosen.id);
    if (!found) {
      const key = createPrivateKey({ key: openPrivateKey(vault, tenantId, chosen), format: "jwk" });
      found = { header: encode({ alg: algorithm, kid: chosen.keyId, typ: backendTokenType }), key };
      opened.set(chosen.id, found);
    }
    return found;
  }

  return async (tenantId, configuration, claims) => {
    const { header, key } = open(tenantId, configuration);
    const signed = `${header}.${encode(claims)}`;
    return `${signed}.${await signatureOf(signed, key)}`;
  };
}

/** The signature of a JWS (RFC 7515 §5.1); ECDSA's as R and S behind each other (RFC 7518 §3.4), which RSA ignores. */
function signatureOf(signed: string, key: KeyObject): Promise<string> {
  return new Promise((resolve, reject) => {
    sign("sha256", Buffer.from(signed, "ascii"), { key, dsaEncoding: "ieee-p1363" }, (error, signature) => {
      if (error) reject(error);
      else resolve(signature.toString("base64url"));
    });
  });
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value), "utf8").toString("base64url");
}
