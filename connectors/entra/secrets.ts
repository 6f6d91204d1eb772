/** Secrets of an application: many side by side, each with an end, shown once. */
import { createHash, randomUUID } from "node:crypto";
import { z } from "zod";
import type { ConnectorDependencies, ConsumerSecretFacts } from "#lib/connector-kit/contract.ts";
import { ConnectorError, isConnectorError } from "#lib/connector-kit/errors.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { Graph } from "./graph.ts";
import { credentialName } from "./names.ts";
import type { RecentWrites } from "./recent.ts";
import { isCredentialGone } from "./refusals.ts";
import { newPassword, passwordCredential, type Application, type PasswordCredential } from "./wire.ts";

type Owner = Pick<Application, "id" | "appId">;

export type Passwords = {
  /**
   * Makes a secret (application: addPassword). One whose answer was lost is taken back.
   *
   * @param expiresAt undefined takes Entra's two years
   */
  add(owner: Owner, expiresAt: Date | undefined): Promise<{ credential: PasswordCredential; secret: Secret }>;
  /** The secrets once this one is among them: whoever shows it has seen all that were made before. */
  listWith(owner: Owner, keyId: string): Promise<PasswordCredential[]>;
  /** Whether a secret was made here a moment ago, so that the token endpoint may not know it yet. */
  isNew(secret: Secret): boolean;
  /** Ends a secret (application: removePassword). One that is gone already is a success. */
  remove(owner: Owner, keyId: string): Promise<void>;
};

const held = z.looseObject({ passwordCredentials: z.array(passwordCredential).max(2000) });

/** What stands for a secret in memory. */
function digestOf(secret: Secret): string {
  return createHash("sha256").update(secret.reveal()).digest("hex");
}

export function openPasswords(
  graph: Graph,
  { log, recent }: Pick<ConnectorDependencies, "log"> & { recent: RecentWrites },
): Passwords {
  /** Ids of new secrets by their digests. */
  const made = new Map<string, string>();

  async function list({ id }: Owner): Promise<PasswordCredential[]> {
    const path = `/applications/${id}?$select=id,passwordCredentials`;
    return (await graph.read({ method: "GET", path, doing: "Listing the secrets" }, held)).passwordCredentials;
  }

  async function remove(owner: Owner, keyId: string): Promise<void> {
    const path = `/applications/${owner.id}/removePassword`;
    const call = () => graph.run({ method: "POST", path, body: { keyId }, doing: "Ending a secret" });
    try {
      // Of a secret that was just made, “none found” only means that it is not known everywhere.
      await (recent.has(keyId) ? graph.patiently(call) : call());
      recent.drop(keyId);
    } catch (error) {
      if (recent.has(keyId) || !isCredentialGone(error)) throw error;
    }
  }

  /** Nobody knows a secret whose answer was lost; it would stay valid for two years. */
  async function takeBack(owner: Owner, displayName: string): Promise<void> {
    try {
      const lost = (await list(owner)).filter((credential) => credential.displayName === displayName);
      for (const { keyId } of lost) await remove(owner, keyId);
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      log.warn({ error, appId: owner.appId, displayName }, "a secret that nobody has seen could not be taken back");
    }
  }

  return {
    async add(owner, expiresAt) {
      // A name of its own tells it from the others if the answer is lost.
      const displayName = `${credentialName} ${randomUUID().slice(0, 8)}`;
      const passwordCredential = { displayName, ...(expiresAt && { endDateTime: expiresAt.toISOString() }) };
      const path = `/applications/${owner.id}/addPassword`;
      const request = { method: "POST", path, body: { passwordCredential }, doing: "Making a secret" } as const;
      try {
        const { secretText, ...credential } = await graph.patiently(() => graph.read(request, newPassword));
        const secret = new Secret(secretText);
        for (const [digest, keyId] of made) if (!recent.has(keyId)) made.delete(digest);
        made.set(digestOf(secret), credential.keyId);
        recent.note(credential.keyId);
        return { credential, secret };
      } catch (error) {
        const isUncertain = isConnectorError(error) && ["unreachable", "bad_response"].includes(error.kind);
        if (isUncertain) await takeBack(owner, displayName);
        throw error;
      }
    },

    async listWith(owner, keyId) {
      const unseen = new ConnectorError(
        "unreachable",
        "Entra does not show the new secret yet. Try again in a minute.",
      );
      return graph.patiently(
        async () => {
          const all = await list(owner);
          if (!all.some((credential) => credential.keyId === keyId)) throw unseen;
          return all;
        },
        (error) => error === unseen,
      );
    },

    isNew: (secret) => recent.has(made.get(digestOf(secret)) ?? ""),

    remove,
  };
}

/** Whether a credential may be this secret: Entra shows its first three characters, and of old ones nothing. */
export function mayBe({ hint }: PasswordCredential, secret: Secret): boolean {
  return !hint || secret.reveal().startsWith(hint);
}

/** Clocks differ: a secret that Entra made a moment ago may begin in our future. */
const skewMs = 5 * 60_000;

/** Whether a secret is accepted now. */
export function isActive({ startDateTime, endDateTime }: PasswordCredential, now: Date): boolean {
  const hasBegun = !startDateTime || Date.parse(startDateTime) <= now.getTime() + skewMs;
  return hasBegun && (!endDateTime || Date.parse(endDateTime) > now.getTime());
}

/** A secret as people see it. */
export function factsOf(credential: PasswordCredential, now: Date): ConsumerSecretFacts {
  const { keyId, hint, startDateTime, endDateTime } = credential;
  return {
    id: keyId,
    ...(hint && { hint }),
    ...(startDateTime && { createdAt: new Date(startDateTime) }),
    ...(endDateTime && { expiresAt: new Date(endDateTime) }),
    isActive: isActive(credential, now),
  };
}
