import { z } from "zod";
import type {
  ClientRef,
  ConnectorDependencies,
  ConsumerSecretFacts,
  RegisteredClient,
  SecretManagement,
} from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { toRegisteredClient } from "#lib/connector-kit/standard-adapter.ts";
import { budgets, exchange, failureOf, unreadable, type Answer } from "#lib/protocol/exchange.ts";
import { isOwnManagementUri, toInformation, type ClientInformation } from "#lib/protocol/registration.ts";

/** How many secrets the server keeps for a client, those counted that have ended. */
export const atOnce = 5;

const seconds = z.number().min(0).max(253_402_300_799);
const facts = z.object({
  id: z.string().min(1).max(100),
  hint: z.string().max(20).optional(),
  description: z.string().max(200),
  created_at: seconds,
  /** 0 where there is no end. */
  expires_at: seconds,
});
const secretList = z.object({ secrets: z.array(facts).max(100) });
const made = z.object({ secret: facts });

export type Place = {
  /** Gives the address of the registration endpoint. */
  registrationEndpoint(): string;
  toSettings(client: ClientInformation): Record<string, unknown>;
};

type Call = {
  method: "GET" | "POST" | "DELETE";
  at: string;
  body?: unknown;
  expected: number;
  doing: string;
  /** What a 409 means, and what to do about it. */
  conflict?: string;
};

/**
 * The secrets of clients, by the routes that the server has beside RFC 7592 and with the registration access token that
 * it gave out with each of them.
 *
 * @returns what the adapter's members `rotateSecret` and `secrets` do; each throws `unsupported` for a client without that
 *   token, `conflict` where the server keeps no more or the last one that works would go
 */
export function openSecrets(
  { fetch, clock }: ConnectorDependencies,
  place: Place,
): SecretManagement & { rotate(client: ClientRef): Promise<RegisteredClient> } {
  async function send(client: ClientRef, { method, at, body, expected, doing, conflict }: Call): Promise<Answer> {
    const { registrationClientUri, registrationToken: token } = client;
    if (!registrationClientUri || !token || !isOwnManagementUri(registrationClientUri, place.registrationEndpoint())) {
      throw new ConnectorError("unsupported", "This client was attached without its registration access token.");
    }
    const answer = await exchange(fetch, `${registrationClientUri}${at}`, {
      method,
      headers: {
        authorization: `Bearer ${token.reveal()}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...budgets.administration,
    });
    if (answer.status === expected) return answer;
    if (answer.status === 409 && conflict) throw new ConnectorError("conflict", conflict, { status: 409 });
    throw failureOf(answer, { now: clock.now(), doing, secrets: [token] });
  }

  /** A client in an answer that hands out a secret. */
  function withSecret(answer: Answer, before: ClientRef, doing: string): RegisteredClient {
    const information = toInformation(answer, doing);
    if (!information.clientSecret) throw unreadable(answer, doing, "holds no secret");
    const { toSettings } = place;
    return toRegisteredClient(information, { before, registrationEndpoint: place.registrationEndpoint(), toSettings });
  }

  function toFacts({ id, hint, description, created_at, expires_at }: z.output<typeof facts>): ConsumerSecretFacts {
    return {
      id,
      ...(hint !== undefined && { hint }),
      ...(description !== "" && { description }),
      createdAt: new Date(created_at * 1000),
      ...(expires_at > 0 && { expiresAt: new Date(expires_at * 1000) }),
      isActive: expires_at === 0 || expires_at * 1000 > clock.now().getTime(),
    };
  }

  return {
    async rotate(client) {
      const doing = "Making a new secret";
      return withSecret(await send(client, { method: "POST", at: "/secret", expected: 200, doing }), client, doing);
    },

    async list(client) {
      const doing = "Listing the secrets";
      const answer = await send(client, { method: "GET", at: "/secrets", expected: 200, doing });
      const parsed = secretList.safeParse(answer.json);
      if (!parsed.success) throw unreadable(answer, doing, "is no list of secrets");
      return parsed.data.secrets.map(toFacts);
    },

    async add(client, { expiresAt, description }) {
      const doing = "Making a further secret";
      const body = { description, ...(expiresAt && { expires_at: Math.ceil(expiresAt.getTime() / 1000) }) };
      const conflict = `A client has at most ${String(atOnce)} secrets here. Remove one, then make a new one.`;
      const answer = await send(client, { method: "POST", at: "/secrets", body, expected: 201, doing, conflict });
      const parsed = made.safeParse(answer.json);
      if (!parsed.success) throw unreadable(answer, doing, "does not describe the secret");
      return { client: withSecret(answer, client, doing), secret: toFacts(parsed.data.secret) };
    },

    async remove(client, secretId) {
      const at = `/secrets/${encodeURIComponent(secretId)}`;
      const conflict = "This is the last secret that works. Add another first, then remove this one.";
      await send(client, { method: "DELETE", at, expected: 204, doing: "Ending a secret", conflict });
    },
  };
}
