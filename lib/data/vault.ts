import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Secret } from "../foundation/secret.ts";

/** Where a sealed value stands. It opens nowhere else: the place is bound into the ciphertext. */
export type SealedPlace = { tenantId: string; table: string; recordId: string; field: string };

/** Seals secrets that must be replayed later, under a versioned key. */
export type Vault = {
  /** AES-256-GCM under the current key. @returns `v1.<key id>.<nonce>.<ciphertext>.<tag>`, base64url parts */
  seal(place: SealedPlace, secret: Secret): string;
  /** @throws {Error} where the value was altered, moved, or sealed under a key that is not configured */
  open(place: SealedPlace, sealed: string): Secret;
  /** True where the value is sealed under another key than the current one. */
  isStale(sealed: string): boolean;
};

export type VaultKey = { id: string; key: Secret };

/**
 * @param keys the first seals, all of them open
 * @throws {Error} when no key is given
 */
export function createVault(keys: readonly VaultKey[]): Vault {
  const [current] = keys;
  if (!current) throw new Error("The vault needs at least one key.");
  const byId = new Map(keys.map(({ id, key }) => [id, Buffer.from(key.reveal(), "base64url")]));

  const keyOf = (id: string): Buffer => {
    const key = byId.get(id);
    if (!key) throw new Error(`A secret is sealed under the vault key "${id}", which is not configured.`);
    return key;
  };

  return {
    seal(place, secret) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", keyOf(current.id), nonce);
      cipher.setAAD(bindingOf(place, current.id));
      const body = Buffer.concat([cipher.update(secret.reveal(), "utf8"), cipher.final()]);
      const parts = [nonce, body, cipher.getAuthTag()].map((part) => part.toString("base64url"));
      return ["v1", current.id, ...parts].join(".");
    },
    open(place, sealed) {
      const [version, keyId = "", nonce = "", body = "", tag = ""] = sealed.split(".");
      if (version !== "v1") throw new Error("A sealed secret has an unknown form.");
      const decipher = createDecipheriv("aes-256-gcm", keyOf(keyId), Buffer.from(nonce, "base64url"), {
        authTagLength: 16,
      });
      decipher.setAAD(bindingOf(place, keyId));
      decipher.setAuthTag(Buffer.from(tag, "base64url"));
      const opened = Buffer.concat([decipher.update(Buffer.from(body, "base64url")), decipher.final()]);
      return new Secret(opened.toString("utf8"));
    },
    isStale: (sealed) => sealed.split(".")[1] !== current.id,
  };
}

function bindingOf({ tenantId, table, recordId, field }: SealedPlace, keyId: string): Buffer {
  return Buffer.from(JSON.stringify([tenantId, table, recordId, field, keyId]), "utf8");
}
