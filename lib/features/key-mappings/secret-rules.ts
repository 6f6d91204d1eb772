/** What may happen to the secrets of a client, judged by what its key manager told of them. */
import type { ConsumerSecretFacts } from "#lib/connector-kit/contract.ts";
import type { KeyMappingIntent, SecretsMemory } from "#lib/data/key-mappings.ts";
import type { Secret } from "#lib/foundation/secret.ts";

type Remembered = SecretsMemory["secrets"][number];

/**
 * A vendor's facts as they are remembered.
 *
 * @param known the description that is remembered already; without it, the vendor's
 */
export function toRemembered(facts: ConsumerSecretFacts, known?: string): Remembered {
  const { id, hint, createdAt, expiresAt, isActive } = facts;
  const description = known ?? facts.description;
  return {
    id,
    isActive,
    ...(hint !== undefined && { hint }),
    ...(createdAt && { createdAt: createdAt.toISOString() }),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
    ...(description ? { description } : {}),
  };
}

/** True where the time of a secret is over. */
export function isOver({ expiresAt }: Pick<Remembered, "expiresAt">, now: Date): boolean {
  return expiresAt !== undefined && new Date(expiresAt) <= now;
}

/** True where a secret is accepted now. */
export function works(secret: Pick<Remembered, "isActive" | "expiresAt">, now: Date): boolean {
  return secret.isActive && !isOver(secret, now);
}

/**
 * Which of a client's secrets the stored one is: what was known before, else the only one whose shown characters it
 * begins or ends with.
 *
 * @returns null where that cannot be told
 */
export function identify(
  secrets: readonly Remembered[],
  { stored, knownId, now }: { stored: Secret | undefined; knownId: string | null; now: Date },
): string | null {
  if (!stored) return null;
  if (secrets.some(({ id }) => id === knownId)) return knownId;
  const value = stored.reveal();
  const candidates = secrets.filter((secret) => works(secret, now) && fits(secret.hint, value));
  return candidates.length === 1 ? (candidates[0]?.id ?? null) : null;
}

/** Vendors show a secret's first or last characters, and put dots or asterisks for the rest. */
function fits(hint: string | undefined, value: string): boolean {
  const shown = hint?.replace(/^[….*•]+|[….*•]+$/g, "") ?? "";
  return value.startsWith(shown) || value.endsWith(shown);
}

/** Why a secret may not be removed, in a sentence; null where it may. */
export function removalProblem(memory: SecretsMemory, id: string, now: Date): string | null {
  const found = memory.secrets.find((secret) => secret.id === id);
  if (!found) return null;
  if (id === memory.storedId) {
    return "The portal itself uses this secret. Add another first, which takes its place, then remove this one.";
  }
  if (!works(found, now)) return null;
  const others = memory.secrets.filter((secret) => secret.id !== id && works(secret, now));
  return others.length === 0 ? "This is the last secret that works. Add another first, then remove this one." : null;
}

/** Why no further secret may be made, in a sentence; null where it may. */
export function additionProblem(memory: SecretsMemory, atOnce: number | null): string | null {
  if (atOnce === null || memory.secrets.length < atOnce) return null;
  return `A client has at most ${String(atOnce)} secrets here. Remove one first.`;
}

/** Clocks differ by less than this. */
const skewMs = 60_000;

/**
 * Secrets that an earlier try has made and nobody has seen: those that were not there when the key manager was last
 * asked, made while a try may have been talking to it. One without a time is left alone: it may be somebody's.
 */
export function lostSecrets(
  secrets: readonly ConsumerSecretFacts[],
  memory: SecretsMemory | null,
  { startedAt, triedUntil }: KeyMappingIntent,
): ConsumerSecretFacts[] {
  if (triedUntil === undefined) return [];
  const from = new Date(startedAt).getTime() - skewMs;
  const to = new Date(triedUntil).getTime() + skewMs;
  const known = new Set(memory?.secrets.map(({ id }) => id));
  return secrets.filter(({ id, createdAt }) => {
    const at = createdAt?.getTime() ?? Number.NaN;
    return !known.has(id) && at >= from && at <= to;
  });
}
