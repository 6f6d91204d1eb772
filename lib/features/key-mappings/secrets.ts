import type { ClientRef, RegisteredClient } from "#lib/connector-kit/contract.ts";
import { isConnectorError, type ReplacedCredentials } from "#lib/connector-kit/errors.ts";
import type { KeyMappingChange, KeyMappingRecord } from "#lib/data/key-mappings.ts";
import type { SealedPlace } from "#lib/data/vault.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import type { Context } from "../context.ts";

type Field = "consumer_secret" | "registration_token";

function placeOf(ctx: Context, recordId: string, field: Field): SealedPlace {
  return { tenantId: ctx.tenant.id, table: "key_mapping", recordId, field };
}

/** The consumer secret in clear, or undefined where none is stored. */
export function openConsumerSecret(ctx: Context, mapping: KeyMappingRecord): Secret | undefined {
  const { id, sealedConsumerSecret: sealed } = mapping;
  return sealed === null ? undefined : ctx.deps.vault.open(placeOf(ctx, id, "consumer_secret"), sealed);
}

/** The registration access token in clear (RFC 7592 §3), or undefined where none is stored. */
export function openRegistrationToken(ctx: Context, mapping: KeyMappingRecord): Secret | undefined {
  const { id, sealedRegistrationToken: sealed } = mapping;
  return sealed === null ? undefined : ctx.deps.vault.open(placeOf(ctx, id, "registration_token"), sealed);
}

/**
 * How the client is addressed at its key manager; opens its sealed credentials.
 *
 * @returns null where no client is known
 */
export function toClientRef(ctx: Context, mapping: KeyMappingRecord): ClientRef | null {
  const { consumerKey, registrationClientUri, vendorId } = mapping;
  if (consumerKey === null) return null;
  const consumerSecret = openConsumerSecret(ctx, mapping);
  const registrationToken = openRegistrationToken(ctx, mapping);
  return {
    consumerKey,
    ...(consumerSecret ? { consumerSecret } : {}),
    ...(registrationClientUri === null ? {} : { registrationClientUri }),
    ...(registrationToken ? { registrationToken } : {}),
    ...(vendorId === null ? {} : { vendorId }),
  };
}

/**
 * What is stored of a client that a key manager answered with. What it left out keeps its stored value:
 * many servers do not repeat the secret.
 */
export function toStoredClient(ctx: Context, id: string, { ref, state }: RegisteredClient): Partial<KeyMappingChange> {
  return { ...toStoredCredentials(ctx, id, ref), registered: state };
}

/**
 * What is remembered of a client's secrets, where an answer holds another secret than the stored one: they must be read
 * again. Descriptions stay.
 */
export function forgetSecrets(ctx: Context, mapping: KeyMappingRecord, ref: ClientRef): Partial<KeyMappingChange> {
  const { consumerSecrets } = mapping;
  const { consumerSecret } = ref;
  if (!consumerSecrets || !consumerSecret) return {};
  if (openConsumerSecret(ctx, mapping)?.reveal() === consumerSecret.reveal()) return {};
  return { consumerSecrets: { ...consumerSecrets, readAt: null, storedId: null } };
}

/** A consumer secret, sealed: the one that a client has or, before it is made, the one that was chosen for it. */
export function toSealedSecret(
  ctx: Context,
  id: string,
  secret: Secret,
): Pick<KeyMappingChange, "sealedConsumerSecret"> {
  return { sealedConsumerSecret: ctx.deps.vault.seal(placeOf(ctx, id, "consumer_secret"), secret) };
}

/** The credentials alone, sealed. */
export function toStoredCredentials(ctx: Context, id: string, ref: ClientRef): Partial<KeyMappingChange> {
  const { vault } = ctx.deps;
  return {
    consumerKey: ref.consumerKey,
    ...(ref.consumerSecret ? toSealedSecret(ctx, id, ref.consumerSecret) : {}),
    ...(ref.registrationToken
      ? { sealedRegistrationToken: vault.seal(placeOf(ctx, id, "registration_token"), ref.registrationToken) }
      : {}),
    ...(ref.registrationClientUri ? { registrationClientUri: ref.registrationClientUri } : {}),
    ...(ref.vendorId ? { vendorId: ref.vendorId } : {}),
  };
}

/**
 * Credentials that came with a failure: a server may replace a registration access token in an early answer and fail
 * in the next, and the old one is dead then (RFC 7592 §2).
 *
 * @param failure whatever was thrown, as it is or as the cause of a refusal
 * @returns undefined where there are none
 */
export function credentialsWith(failure: unknown): ReplacedCredentials | undefined {
  let error = failure;
  for (let depth = 0; depth < 8 && error instanceof Error; depth += 1) {
    if (isConnectorError(error) && error.credentials) return error.credentials;
    error = error.cause;
  }
  return undefined;
}

/** The same, sealed for these keys; nothing where there are none. */
export function toRescuedCredentials(
  ctx: Context,
  mapping: KeyMappingRecord,
  failure: unknown,
): Partial<KeyMappingChange> {
  // Without a client they are nobody's: the next try makes its own.
  if (mapping.consumerKey === null) return {};
  const credentials = credentialsWith(failure);
  if (!credentials) return {};
  const { consumerKey: _, ...rescued } = toStoredCredentials(ctx, mapping.id, { consumerKey: "", ...credentials });
  return rescued;
}
