import type { SealedPlace, Vault } from "#lib/data/vault.ts";
import type { GlobalKeyManagerId, KeyManagerId, TenantId } from "#lib/foundation/ids.ts";
import type { Secret } from "#lib/foundation/secret.ts";

/** The row whose connection is sealed: ciphertexts open nowhere else. */
export type SealedRow = { tenantId: TenantId; id: KeyManagerId } | { globalKeyManagerId: GlobalKeyManagerId };

/**
 * Seals the secret leaves of a connection for its row.
 *
 * @param secrets by field path, as `splitSecrets` of the connector kit gives them
 * @returns what goes into the column `sealed_secrets`
 */
export function sealSecrets(
  vault: Vault,
  row: SealedRow,
  secrets: Readonly<Record<string, Secret>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(secrets).map(([path, secret]) => [path, vault.seal(placeOf(row, path), secret)]),
  );
}

/**
 * Opens what `sealSecrets` has sealed.
 *
 * @throws {Error} where a value was altered, moved, or sealed under a key that is not configured
 */
export function unsealSecrets(
  vault: Vault,
  row: SealedRow,
  sealed: Readonly<Record<string, string>>,
): Record<string, Secret> {
  return Object.fromEntries(
    Object.entries(sealed).map(([path, value]) => [path, vault.open(placeOf(row, path), value)]),
  );
}

function placeOf(row: SealedRow, path: string): SealedPlace {
  const field = `connection.${path}`;
  if ("globalKeyManagerId" in row) {
    return { tenantId: "installation", table: "global_key_manager", recordId: row.globalKeyManagerId, field };
  }
  return { tenantId: row.tenantId, table: "key_manager", recordId: row.id, field };
}
