import type { RegisteredClient } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { claimClient } from "#lib/data/claimed-clients.ts";
import { countRefusedMappings, deleteKeyMapping, insertKeyMapping } from "#lib/data/key-mappings.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { newId, type KeyMappingId } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { lockOwnApplication, requirePerson } from "../applications/own.ts";
import type { Context } from "../context.ts";
import { toAppError } from "../key-managers/connector-errors.ts";
import { openKeyManager } from "../key-managers/open.ts";
import { defineProvisioning, type MutationContext, type Settled } from "../verb.ts";
import { MapKeysInput, type MappingOutcome } from "./contract.ts";
import { clearFailed } from "./generate.ts";
import { checkManagement, readMapped } from "./map-management.ts";
import { auditRefusal, claimed, unproven, type Mapping } from "./map-refusal.ts";
import { unsupported } from "./operation.ts";
import { clientNameOf, requireDirectTokens, requireUsableKeyManager } from "./rules.ts";
import { toStoredCredentials } from "./secrets.ts";
import { auditedClient, auditSubject, lockOwnKeys } from "./subject.ts";
import { toKeysView } from "./views.ts";

const action = "key_mapping.map";

/** So many failed proofs are allowed in so many minutes, before guessing gets in the way of itself. */
const allowedFailures = 10;
const failureWindowMs = 10 * 60_000;

/**
 * Attaches an existing OAuth client to an application, once its possession is proved at the key manager.
 * The client itself is not touched, now or when the keys are removed. An OAuth client belongs to one set
 * of keys over all tenants, and a refusal never tells whose. Its registration access token, where its owner
 * gave one, is used last: that may replace it.
 *
 * @returns the keys; or a refusal that holds the new registration access token
 * @throws {AppError} `key_mapping.unproven`, `key_mapping.claimed`, `key_mapping.conflict`, `key_manager.*`,
 *   `limit.exceeded` after too many failed proofs
 */
export const mapKeys = defineProvisioning({
  action,
  permission: "key_mapping:write",
  input: MapKeysInput,
  async intend(ctx, input): Promise<Mapping> {
    const { personId } = requirePerson(ctx.actor);
    const application = await lockOwnApplication(ctx, input.applicationId);
    const keyManager = await requireUsableKeyManager(ctx, input.keyManagerId);
    const { record, connector } = keyManager;
    requireDirectTokens(record);
    if (!record.clientMapping) {
      throw new AppError("key_manager.not_allowed", {
        message: `The administrator switched off mapping existing clients of ${record.displayName}.`,
      });
    }
    const since = new Date(ctx.deps.clock.now().getTime() - failureWindowMs);
    if ((await countRefusedMappings(ctx, { actorId: personId, action, since })) >= allowedFailures) {
      throw new AppError("limit.exceeded", {
        message: "Too many failed attempts to map a client. Wait ten minutes, then try again.",
        retryAfterSeconds: failureWindowMs / 1_000,
      });
    }
    if (record.mappedClientCheck) {
      if (!connector.capabilities.includes("proveClient")) {
        throw unsupported(record.displayName, "prove who owns an existing client, so none can be mapped");
      }
      if (!input.consumerSecret) {
        const message = "Enter the consumer secret: it proves that the client is yours.";
        throw new AppError("input.invalid", { fields: [{ path: "consumerSecret", message }] });
      }
    }
    checkManagement(record, input);
    const place = { applicationId: application.id, keyManagerId: record.id, keyType: input.keyType };
    await clearFailed(ctx, place);
    return {
      place: { applicationId: application.id, applicationName: application.name, keyType: input.keyType },
      keyManager,
      ref: {
        consumerKey: input.consumerKey,
        ...(input.consumerSecret ? { consumerSecret: new Secret(input.consumerSecret) } : {}),
        ...(input.registrationToken ? { registrationToken: new Secret(input.registrationToken) } : {}),
        ...(input.registrationClientUri ? { registrationClientUri: input.registrationClientUri } : {}),
      },
      createdById: personId,
    };
  },
  call: prove,
  async settle(ctx, mapping, outcome): Promise<Settled<MappingOutcome>> {
    if (!outcome.ok) return refuse(ctx, mapping, outcome.error);
    const application = await lockOwnApplication(ctx, mapping.place.applicationId);
    const { record } = mapping.keyManager;
    const { keyType } = mapping.place;
    const proved = outcome.value;
    const name = proved?.state.name ?? clientNameOf(application.name, keyType);
    const id = newId<KeyMappingId>();
    const inserted = await insertKeyMapping(ctx, {
      id,
      applicationId: application.id,
      keyManagerId: record.id,
      keyType,
      mode: "MAPPED",
      state: "ACTIVE",
      requested: proved?.state ?? { name, grantTypes: [], redirectUris: [], settings: {} },
      createdById: mapping.createdById,
      ...toStoredCredentials(ctx, id, { ...mapping.ref, ...proved?.ref }),
      registered: proved?.state ?? null,
    });
    if (!inserted) return { refused: new AppError("key_mapping.conflict") };
    const client = { authorizationServer: record.issuer, consumerKey: mapping.ref.consumerKey };
    if (!(await claimClient(ctx, id, client))) {
      await deleteKeyMapping(ctx, id);
      return refuse(ctx, mapping, claimed());
    }
    const subject = await lockOwnKeys(ctx, id);
    ctx.audit({ subject: auditSubject(subject), after: auditedClient(subject.mapping) });
    return { view: { outcome: "mapped", keys: toKeysView(ctx.deps.clock, subject) } };
  },
  async finish(ctx, view, { intent: mapping }): Promise<MappingOutcome> {
    const isManaged = mapping.ref.registrationToken && mapping.keyManager.record.mappedClientCheck;
    if (view.outcome !== "mapped" || !isManaged) return view;
    return readMapped(ctx, { action, mapping, id: view.keys.id as KeyMappingId });
  },
});

/** Asks the key manager whether the credentials are the client's. Null where the administrator asks for no proof. */
async function prove(ctx: Context, { keyManager, ref }: Mapping): Promise<RegisteredClient | null> {
  if (!keyManager.record.mappedClientCheck) return null;
  const { displayName } = keyManager.record;
  try {
    const { adapter } = await openKeyManager(ctx, keyManager.record.id);
    if (!adapter.proveClient) throw unsupported(displayName, "prove who owns an existing client");
    return await adapter.proveClient(ref);
  } catch (error) {
    // One refusal for an unknown client and for a wrong secret: which of the two it was is nobody's business.
    if (isConnectorError(error) && ["not_found", "credentials_refused"].includes(error.kind)) {
      const message = "The key manager did not accept this consumer key with this consumer secret. Check both.";
      throw unproven("consumerKey", message, error);
    }
    throw toAppError(error, displayName);
  }
}

/** Bugs are thrown on. */
function refuse(ctx: MutationContext, mapping: Mapping, error: unknown): Settled<MappingOutcome> {
  const refused = toAppError(error, mapping.keyManager.record.displayName);
  auditRefusal(ctx, mapping, refused);
  return { refused };
}
