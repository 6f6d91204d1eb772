import type { z } from "zod";
import type { RegisteredClient } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { countRefusedMappings } from "#lib/data/key-mappings.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { KeyMappingId } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { lockOwnApplication, requirePerson } from "../applications/own.ts";
import type { Context } from "../context.ts";
import { toAppError } from "../key-managers/connector-errors.ts";
import { openKeyManager } from "../key-managers/open.ts";
import { unsupported } from "../key-managers/unsupported.ts";
import { defineProvisioning, type MutationContext, type Settled } from "../verb.ts";
import { MapKeysInput, type MappingOutcome } from "./contract.ts";
import { clearFailed } from "./generate.ts";
import { checkManagement, readMapped } from "./map-management.ts";
import { auditRefusal, unproven, type Mapping } from "./map-refusal.ts";
import { requireDirectTokens, requireUsableKeyManager, type UsableKeyManager } from "./rules.ts";
import { storeMapped, type Proof } from "./store-mapped.ts";
import { auditedClient, auditSubject } from "./subject.ts";
import { toKeysView } from "./views.ts";

const action = "key_mapping.map";
const proofs = { secret: "consumer secret", assertion: "signed assertion" } as const;

type ProvableMapping = Mapping & { assertion?: Secret };
type Proved = { client: RegisteredClient | null; proof: Proof };

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
  async intend(ctx, input): Promise<ProvableMapping> {
    const { personId } = requirePerson(ctx.actor);
    const application = await lockOwnApplication(ctx, input.applicationId);
    const keyManager = await requireUsableKeyManager(ctx, input.keyManagerId);
    const { record } = keyManager;
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
    if (record.mappedClientCheck) requireProof(keyManager, input);
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
      ...(input.assertion ? { assertion: new Secret(input.assertion) } : {}),
      createdById: personId,
    };
  },
  call: prove,
  async settle(ctx, mapping, outcome): Promise<Settled<MappingOutcome>> {
    if (!outcome.ok) return refuse(ctx, mapping, outcome.error);
    const application = await lockOwnApplication(ctx, mapping.place.applicationId);
    const { keyManager, ref, createdById, place } = mapping;
    const { client: proved, proof } = outcome.value;
    const stored = await storeMapped(ctx, {
      ...{ application, keyManager, ref, proved, createdById },
      keyType: place.keyType,
    });
    if ("refused" in stored) {
      return stored.refused.code === "key_mapping.claimed" ? refuse(ctx, mapping, stored.refused) : stored;
    }
    const { subject } = stored;
    ctx.audit({ subject: auditSubject(subject), after: { ...auditedClient(subject.mapping), proof } });
    return { view: { outcome: "mapped", keys: toKeysView(ctx.deps.clock, subject) } };
  },
  async finish(ctx, view, { intent: mapping }): Promise<MappingOutcome> {
    const isManaged = mapping.ref.registrationToken && mapping.keyManager.record.mappedClientCheck;
    if (view.outcome !== "mapped" || !isManaged) return view;
    return readMapped(ctx, { action, mapping, id: view.keys.id as KeyMappingId });
  },
});

const byAdministrator = "An administrator of this tenant can attach the client without a proof.";

/**
 * Demands what proves possession of a client, and just one of the two, so that the audit can tell which it was.
 *
 * @throws {AppError} `key_manager.unsupported` where nothing can prove it, `input.invalid`
 */
function requireProof(
  { record, connector }: UsableKeyManager,
  { consumerSecret, assertion }: z.output<typeof MapKeysInput>,
): void {
  if (!connector.capabilities.includes("proveClient")) {
    const { code, message } = unsupported(record, "proveClient");
    throw new AppError(code, { message: `${message} ${byAdministrator}` });
  }
  if (!consumerSecret && !assertion) {
    const message = "Enter the consumer secret, or a signed assertion: it proves that the client is yours.";
    throw new AppError("input.invalid", { fields: [{ path: "consumerSecret", message }] });
  }
  if (consumerSecret && assertion) {
    const message = "Leave this empty, or the consumer secret: one of them proves that the client is yours.";
    throw new AppError("input.invalid", { fields: [{ path: "assertion", message }] });
  }
}

/**
 * Asks the key manager whether the credentials are the client's.
 *
 * @returns the client, which is null where the administrator asks for no proof
 * @throws {AppError} `key_mapping.unproven`, `key_manager.*`
 */
async function prove(ctx: Context, { keyManager, ref, assertion }: ProvableMapping): Promise<Proved> {
  const { record } = keyManager;
  if (!record.mappedClientCheck) return { client: null, proof: "not asked for (the administrator's setting)" };
  const proof = assertion ? "assertion" : "secret";
  let client: RegisteredClient;
  try {
    const { adapter } = await openKeyManager(ctx, record.id);
    if (!adapter.proveClient) throw unsupported(record, "proveClient");
    client = await adapter.proveClient(ref, assertion && { assertion });
  } catch (error) {
    if (!isConnectorError(error)) throw toAppError(error, record.displayName);
    // One refusal for an unknown client and for a wrong secret: which of the two it was is nobody's business.
    if (error.kind === "not_found" || error.kind === "credentials_refused") {
      const message = `The key manager did not accept this consumer key with this ${proofs[proof]}. Check both.`;
      throw unproven("consumerKey", message, error);
    }
    if (error.kind === "unsupported") {
      const message = `${record.displayName}: ${error.message} ${byAdministrator}`;
      throw new AppError("key_manager.unsupported", { message, cause: error });
    }
    throw toAppError(error, record.displayName);
  }
  if (client.ref.consumerKey !== ref.consumerKey) {
    throw unproven("consumerKey", `These credentials belong to another client. Enter its consumer key, byte for byte.`);
  }
  return { client, proof };
}

/** Bugs are thrown on. */
function refuse(ctx: MutationContext, mapping: Mapping, error: unknown): Settled<MappingOutcome> {
  const refused = toAppError(error, mapping.keyManager.record.displayName);
  auditRefusal(ctx, mapping, refused);
  return { refused };
}
