import { z } from "zod";
import type { ConnectorDependencies, ScopeManagement } from "#lib/connector-kit/contract.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { budgets, exchange, failureOf, unreadable } from "#lib/protocol/exchange.ts";

const scopeList = z.object({
  scopes: z.array(z.object({ name: z.string().max(200), description: z.string().max(2_000) })).max(20_000),
});

/**
 * Scopes by the routes that the server has beside the standards. What is saved there stands beside the scopes of the
 * tenant's APIs, which the server reads by itself; what is granted limits the tokens of a client.
 *
 * @param registrationEndpoint gives the address of the registration endpoint
 */
export function openScopes(
  { fetch, clock }: ConnectorDependencies,
  registrationToken: Secret,
  registrationEndpoint: () => string,
): ScopeManagement {
  async function send(request: { method: "GET" | "PUT" | "DELETE"; url: string; body?: unknown; doing: string }) {
    const { method, url, body, doing } = request;
    const answer = await exchange(fetch, url, {
      method,
      headers: {
        authorization: `Bearer ${registrationToken.reveal()}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...budgets.administration,
    });
    if (answer.status < 300) return answer;
    throw failureOf(answer, { now: clock.now(), doing, secrets: [registrationToken] });
  }

  const all = () => registrationEndpoint().replace(/\/reg$/, "/scopes");
  const one = (name: string) => `${all()}/${encodeURIComponent(name)}`;

  return {
    async list() {
      const doing = "Listing the scopes";
      const answer = await send({ method: "GET", url: all(), doing });
      const parsed = scopeList.safeParse(answer.json);
      if (!parsed.success) throw unreadable(answer, doing, "is no list of scopes");
      return parsed.data.scopes;
    },
    async save({ name, description }) {
      await send({ method: "PUT", url: one(name), body: { description }, doing: "Saving the scope" });
    },
    async remove(name) {
      await send({ method: "DELETE", url: one(name), doing: "Removing the scope" });
    },
    async grant({ consumerKey }, scopes) {
      const url = `${registrationEndpoint()}/${encodeURIComponent(consumerKey)}/scopes`;
      await send({ method: "PUT", url, body: { scopes }, doing: "Granting the scopes" });
    },
  };
}
