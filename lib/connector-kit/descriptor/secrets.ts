/** Several consumer secrets of a client at a described server. */
import { z } from "zod";
import { Secret } from "#lib/foundation/secret.ts";
import { unreadable, type Answer } from "#lib/protocol/exchange.ts";
import { unlessAbsent } from "../administration.ts";
import type { ClientRef, ConsumerSecretFacts, RegisteredClient, SecretManagement } from "../contract.ts";
import { ConnectorError, withCredentials } from "../errors.ts";
import type { DescribedSecrets, SecretAnswer } from "./format.ts";
import { listAt, type Requests } from "./requests.ts";
import { at, namesIn } from "./template.ts";

const moment = z
  .union([z.iso.datetime({ offset: true }), z.number()])
  .transform((value) => new Date(typeof value === "number" ? value * 1_000 : value))
  .refine((date) => !Number.isNaN(date.getTime()));
const facts = z.object({
  id: z.union([z.string().min(1).max(1_000), z.number()]).transform(String),
  hint: z.string().max(100).optional(),
  createdAt: moment.optional(),
  expiresAt: moment.optional(),
  isActive: z.boolean().default(true),
});

/** Whether a secret can be given an end: the request that makes one says when. */
export function canExpire({ add }: DescribedSecrets): boolean {
  return namesIn(add.request.body ?? null).includes("secret.expiresAt");
}

/**
 * Opens the secrets of clients.
 *
 * @param read the client as the server has it now
 * @returns calls that throw `ConnectorError` alone; a secret that was made is never lost in one
 */
export function openDescribedSecrets(
  described: DescribedSecrets,
  { api, of }: Requests,
  read: (ref: ClientRef) => Promise<RegisteredClient>,
): SecretManagement {
  const { list, add, remove } = described;

  function factsIn(item: unknown, places: SecretAnswer): ConsumerSecretFacts | undefined {
    const entries = Object.entries(places).map(([name, place]) => [name, place && (at(item, place) ?? undefined)]);
    const { id, isActive, hint, createdAt, expiresAt } = facts.safeParse(Object.fromEntries(entries)).data ?? {};
    if (id === undefined || isActive === undefined) return undefined;
    return { id, isActive, ...(hint && { hint }), ...(createdAt && { createdAt }), ...(expiresAt && { expiresAt }) };
  }

  function demandFacts(item: unknown, places: SecretAnswer, { answer, doing }: { answer: Answer; doing: string }) {
    const found = factsIn(item, places);
    if (found) return found;
    throw unreadable(answer, doing, "holds a secret without an id");
  }

  return {
    async list(ref) {
      const doing = "Listing the secrets";
      const answer = await api.run(of(list.request, { ref }, doing));
      return listAt(answer, list.list, doing).map((item) => demandFacts(item, list.secret, { answer, doing }));
    },

    async add(ref, { expiresAt }) {
      if (expiresAt && !canExpire(described)) {
        throw new ConnectorError("unsupported", "Secrets of this server do not expire: leave the date out.");
      }
      // Whatever can fail comes before the new secret, which must not be lost.
      const client = await read(ref);
      const doing = "Making a further secret";
      const secret = expiresAt ? { expiresAt: expiresAt.toISOString() } : {};
      const answer = await api.run(of(add.request, { ref, secret }, doing));
      const made = z.string().min(1).max(1_000).safeParse(at(answer.json, add.consumerSecret));
      if (!made.success) throw unreadable(answer, doing, "holds no secret");
      const consumerSecret = new Secret(made.data);
      const found = factsIn(answer.json, add.secret);
      if (!found) throw withCredentials(unreadable(answer, doing, "does not name the secret"), { consumerSecret });
      return { client: { ...client, ref: { ...client.ref, consumerSecret } }, secret: found };
    },

    async remove(ref, id) {
      await unlessAbsent(api.run(of(remove.request, { ref, secret: { id } }, "Ending the secret")));
    },
  };
}
