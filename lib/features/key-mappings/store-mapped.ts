import type { ClientRef, RegisteredClient } from "#lib/connector-kit/contract.ts";
import type { ApplicationRecord } from "#lib/data/applications.ts";
import { claimClient } from "#lib/data/claimed-clients.ts";
import { deleteKeyMapping, findKeyMapping, insertKeyMapping } from "#lib/data/key-mappings.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { newId, type KeyMappingId, type PersonId } from "#lib/foundation/ids.ts";
import type { QueryContext } from "../verb.ts";
import type { KeyType } from "./contract.ts";
import { beyondLimits, claimed } from "./map-refusal.ts";
import { clientNameOf, type UsableKeyManager } from "./rules.ts";
import { toStoredCredentials } from "./secrets.ts";
import type { KeysSubject } from "./subject.ts";

/** What convinced us that a client may be mapped, as the audit tells it. */
export type Proof =
  "secret" | "assertion" | "none, by an administrator" | "not asked for (the administrator's setting)";

type Mapped = {
  application: ApplicationRecord;
  keyManager: UsableKeyManager;
  keyType: KeyType;
  ref: ClientRef;
  /** The client as the key manager showed it; null where it was not asked. */
  proved: RegisteredClient | null;
  createdById: PersonId;
};

/**
 * Stores an existing client as keys of an application, and claims it over all tenants.
 *
 * @returns the keys; or why there are none, with nothing left behind
 */
export async function storeMapped(
  ctx: QueryContext,
  { application, keyManager, keyType, ref, proved, createdById }: Mapped,
): Promise<{ subject: KeysSubject } | { refused: AppError }> {
  const { record } = keyManager;
  const beyond = proved && beyondLimits(keyManager, proved);
  if (beyond) return { refused: beyond };
  const id = newId<KeyMappingId>();
  const name = proved?.state.name ?? clientNameOf(application.name, keyType);
  const inserted = await insertKeyMapping(ctx, {
    id,
    applicationId: application.id,
    keyManagerId: record.id,
    keyType,
    mode: "MAPPED",
    state: "ACTIVE",
    requested: proved?.state ?? { name, grantTypes: [], redirectUris: [], settings: {} },
    createdById,
    ...toStoredCredentials(ctx, id, { ...ref, ...proved?.ref }),
    registered: proved?.state ?? null,
  });
  if (!inserted) return { refused: new AppError("key_mapping.conflict") };
  if (!(await claimClient(ctx, id, { authorizationServer: record.issuer, consumerKey: ref.consumerKey }))) {
    await deleteKeyMapping(ctx, id);
    return { refused: claimed() };
  }
  const mapping = await findKeyMapping(ctx, id);
  if (!mapping) throw new Error("A key mapping vanished in the transaction that made it.");
  return { subject: { mapping, application, keyManager: record } };
}
