import type { ClientRef, RegisteredClient, SecretManagement } from "#lib/connector-kit/contract.ts";
import { isConnectorError, type ConnectorError } from "#lib/connector-kit/errors.ts";
import type { KeyMappingIntent, SecretsMemory } from "#lib/data/key-mappings.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { identify, lostSecrets, removalProblem, toRemembered } from "./secret-rules.ts";

/** What a change of a client's secrets has come to. */
export type SecretChange = {
  memory: SecretsMemory;
  /** Names the secret that was made or removed. */
  secretId: string;
  /** The client with a new secret, where one was made. */
  client?: RegisteredClient;
};

type Place = {
  secrets: SecretManagement;
  ref: ClientRef;
  intent: KeyMappingIntent;
  memory: SecretsMemory | null;
  clock: Clock;
};

const unread: SecretsMemory = { readAt: null, storedId: null, secrets: [] };

/**
 * Makes a further secret. A repeated try removes what the earlier ones may have made: nobody has seen that. It does so
 * first, so that there is room; but WSO2 Identity Server never ends its newest secret, so that one goes after.
 *
 * @throws {ConnectorError} what the key manager says
 */
export async function addSecret({ secrets, ref, intent, memory }: Place): Promise<SecretChange> {
  const lost = intent.triedUntil === undefined ? [] : lostSecrets(await secrets.list(ref), memory, intent);
  const newest: string[] = [];
  for (const { id } of lost) {
    const refusal = await refusalOf(secrets.remove(ref, id));
    if (refusal?.kind === "conflict") newest.push(id);
    else if (refusal) throw refusal;
  }
  const { expiresAt, description } = intent.secret ?? {};
  const made = await secrets.add(ref, {
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
    ...(description !== undefined && { description }),
  });
  let isTidy = true;
  for (const id of newest) isTidy = (await refusalOf(secrets.remove(ref, id))) === null && isTidy;
  // The new secret counts more than what is left behind, which is seen when the secrets are read again.
  const before = { ...(memory ?? unread), ...(!isTidy && { readAt: null }) };
  const { id } = made.secret;
  return {
    secretId: id,
    client: { ...made.client, ref: { ...ref, ...made.client.ref } },
    memory: {
      ...before,
      storedId: id,
      secrets: [...before.secrets.filter((one) => one.id !== id), toRemembered(made.secret, description)],
    },
  };
}

/** What the key manager says against a call; null where it was done. */
function refusalOf(call: Promise<void>): Promise<ConnectorError | null> {
  return call.then(
    () => null,
    (error: unknown) => {
      if (isConnectorError(error)) return error;
      throw error;
    },
  );
}

/**
 * Ends one secret, judged by what the key manager says now: what we remember may be old.
 *
 * @throws {AppError} `key_mapping.conflict` for the last one that works, and for the one that the portal uses
 * @throws {ConnectorError} what the key manager says
 */
export async function endSecret({ secrets, ref, intent, memory, clock }: Place): Promise<SecretChange> {
  const secretId = intent.secret?.id ?? "";
  const now = clock.now();
  const current = remember(await secrets.list(ref), memory, { ref, now });
  const problem = removalProblem(current, secretId, now);
  if (problem) throw new AppError("key_mapping.conflict", { message: problem });
  await secrets.remove(ref, secretId);
  return {
    secretId,
    memory: { ...current, secrets: current.secrets.filter(({ id }) => id !== secretId) },
  };
}

/** What is remembered of a fresh list: descriptions stay with their secrets. */
export function remember(
  listed: Awaited<ReturnType<SecretManagement["list"]>>,
  memory: SecretsMemory | null,
  { ref, now }: { ref: ClientRef; now: Date },
): SecretsMemory {
  const descriptions = new Map(memory?.secrets.map(({ id, description }) => [id, description]));
  const secrets = listed.map((facts) => toRemembered(facts, descriptions.get(facts.id)));
  const stored = ref.consumerSecret;
  return {
    readAt: now.toISOString(),
    storedId: identify(secrets, { stored, knownId: memory?.storedId ?? null, now }),
    secrets,
  };
}
