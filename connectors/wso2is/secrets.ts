/** Secrets of a client, through the add-on: the server's own registration API cannot change them. */
import { z } from "zod";
import type { ClientRef, ConsumerSecretFacts, RegisteredClient } from "#lib/connector-kit/contract.ts";
import { ConnectorError, isConnectorError, withCredentials } from "#lib/connector-kit/errors.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { Answer } from "#lib/protocol/exchange.ts";
import { inAddress, refusalCodeOf, type AddOn, type AddOnRequest } from "./add-on.ts";
import type { Server } from "./server.ts";
import { secretOf } from "./wire.ts";

const secretEntry = z.object({
  id: z.string().min(1).max(1000),
  client_secret: z.string().max(10_000).nullish(),
  /** Seconds since the epoch; 0 never ends. */
  client_secret_expires_at: z.number().min(0).max(253_402_300_799).nullish(),
});
const secretList = z.object({ list: z.array(secretEntry).max(1000) });
const regenerated = z.object({ client_secret: z.string().min(1).max(10_000) });

/** Refusals of the add-on (ExtendedDCRMUtils): the server's switch for several secrets is off, or on. */
const severalAreOff = "60100";
const severalAreOn = "60101";

export type Secrets = {
  /** Replaces every secret by a new one. */
  replace(consumerKey: string): Promise<Secret>;
  list(consumerKey: string): Promise<ConsumerSecretFacts[]>;
  add(consumerKey: string, wish: { expiresAt?: Date }): Promise<{ value: Secret; facts: ConsumerSecretFacts }>;
  remove(consumerKey: string, secretId: string): Promise<void>;
};

/** Opens the add-on's part for secrets. Every method throws `unsupported` where the server lacks the add-on. */
export function openSecrets({ administration }: Server, addOn: AddOn, clock: Clock): Secrets {
  async function run(consumerKey: string, request: AddOnRequest): Promise<Answer> {
    const { answer, asked } = await addOn.ask(consumerKey, request);
    if (answer.status >= 200 && answer.status < 300) return answer;
    if (refusalCodeOf(answer) === severalAreOff) {
      throw new ConnectorError(
        "unsupported",
        "Several secrets of one client are switched off in this server's configuration.",
        { status: answer.status },
      );
    }
    throw administration.failure(answer, asked);
  }

  function toFacts({ id, client_secret: value, client_secret_expires_at: expires }: z.output<typeof secretEntry>) {
    const secret = secretOf({ client_secret: value });
    return {
      id,
      ...(secret && { hint: `…${secret.reveal().slice(-4)}` }),
      ...(expires && { expiresAt: new Date(expires * 1000) }),
      isActive: !expires || expires * 1000 > clock.now().getTime(),
    };
  }

  async function list(consumerKey: string): Promise<ConsumerSecretFacts[]> {
    const doing = "Listing the secrets";
    const answer = await run(consumerKey, { method: "GET", at: "/secrets", doing });
    return administration.parse(answer, secretList, doing).list.map(toFacts);
  }

  async function add(consumerKey: string, { expiresAt }: { expiresAt?: Date }) {
    const doing = "Making a further secret";
    const body = expiresAt ? { expires_in: secondsUntil(expiresAt, clock) } : {};
    const answer = await run(consumerKey, { method: "POST", at: "/generate-secret", body, doing });
    const entry = administration.parse(answer, secretEntry.required({ client_secret: true }), doing);
    return { value: new Secret(entry.client_secret ?? ""), facts: toFacts(entry) };
  }

  async function remove(consumerKey: string, secretId: string): Promise<void> {
    // The add-on deletes by the secret's id alone, whoever's it is: only this client's may be meant.
    const known = await list(consumerKey);
    if (!known.some(({ id }) => id === secretId)) return;
    const at = `/secrets/${inAddress(secretId)}`;
    await run(consumerKey, { method: "DELETE", at, doing: "Ending a secret" });
  }

  return {
    list,
    add,
    remove,

    async replace(consumerKey) {
      const doing = "Making a new secret";
      const request = { method: "POST", at: "/regenerate-consumer-secret", doing } as const;
      const { answer, asked } = await addOn.ask(consumerKey, request);
      if (refusalCodeOf(answer) === severalAreOn) {
        const before = await list(consumerKey);
        const { value } = await add(consumerKey, {});
        try {
          for (const { id } of before) await remove(consumerKey, id);
        } catch (error) {
          throw isConnectorError(error) ? withCredentials(error, { consumerSecret: value }) : error;
        }
        return value;
      }
      if (answer.status < 200 || answer.status >= 300) throw administration.failure(answer, asked);
      return new Secret(administration.parse(answer, regenerated, doing).client_secret);
    },
  };
}

function secondsUntil(moment: Date, clock: Clock): number {
  const seconds = Math.ceil((moment.getTime() - clock.now().getTime()) / 1000);
  if (seconds > 0) return seconds;
  throw new ConnectorError("rejected", "The new secret would have ended already. Choose a time in the future.");
}

/** The client with another secret. */
export function withSecret(client: RegisteredClient, consumerSecret: Secret): RegisteredClient {
  const ref: ClientRef = { ...client.ref, consumerSecret };
  return { ...client, ref };
}
