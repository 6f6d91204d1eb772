/** Whom a client belongs to at the server. */
import { z } from "zod";
import type { ClientSpec } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import type { AddOn } from "./add-on.ts";
import type { Connection } from "./config.ts";
import { paths, type Server } from "./server.ts";

/** A client as the add-on describes it, as far as its owner goes. */
const owned = z.object({ ext_application_owner: z.string().max(1000).nullish() });
const users = z.object({ totalResults: z.number().int().min(0) });
/** RFC 7644 §3.12. */
const scimError = z.object({ schemas: z.array(z.literal("urn:ietf:params:scim:api:messages:2.0:Error")).min(1) });

/** Whether clients belong to whoever owns their application. */
export function followsApplication({ owner }: Partial<Connection>): boolean {
  return owner?.method === "application";
}

/**
 * The user whom the settings want as owner of a client.
 *
 * @returns undefined where it is whoever the portal signs in as
 * @throws {ConnectorError} `misconfigured` where the application's owner is wanted and was not named
 */
export function ownerOf({ owner }: Connection, spec: Pick<ClientSpec, "owner">): string | undefined {
  switch (owner.method) {
    case "administrator":
      return undefined;
    case "user":
      return owner.username;
    case "application":
      if (spec.owner) return spec.owner.email;
      throw new ConnectorError("misconfigured", "Nobody is named who owns the application.");
  }
}

export type Owners = {
  /**
   * Refuses a user whom the server does not have: it would only fail with an error of its own. A portal that may not
   * see users leaves that to the server.
   *
   * @throws {ConnectorError} `rejected`
   */
  requireUser(name: string): Promise<void>;
  /**
   * Makes a user the owner of a client; nothing is changed where it is the owner already.
   *
   * @throws {ConnectorError} `unsupported` where the server lacks the add-on, `rejected` where it has no such user or
   *   keeps the former owner
   */
  give(consumerKey: string, name: string): Promise<void>;
};

/** Opens the server's part for owners (change-owner of apim-km-wso2is, RFC 7644 §3.4.2 for its users). */
export function openOwners({ administration, tenantDomain }: Server, addOn: AddOn): Owners {
  /** Names come with the tenant's domain or without; stores compare them without case. */
  const isSame = (one: string, other: string) => plain(one) === plain(other);
  const plain = (name: string) => {
    const lowered = name.toLowerCase();
    const end = `@${tenantDomain.toLowerCase()}`;
    return lowered.endsWith(end) ? lowered.slice(0, -end.length) : lowered;
  };

  async function requireUser(name: string): Promise<void> {
    const doing = "Looking for the owner";
    const query = new URLSearchParams({ filter: `userName eq ${name}`, attributes: "userName", count: "1" });
    const answer = await administration.send({ method: "GET", path: `${paths.users}?${query.toString()}`, doing });
    // Earlier versions answer 404 where nobody matches.
    const isAbsent =
      answer.status === 200
        ? administration.parse(answer, users, doing).totalResults === 0
        : answer.status === 404 && scimError.safeParse(answer.json).success;
    if (!isAbsent) return;
    const words = `The server has no user ${name}. Create this user there, or let clients belong to whoever the portal signs in as.`;
    throw new ConnectorError("rejected", words, { status: answer.status });
  }

  return {
    requireUser,
    async give(consumerKey, name) {
      const doing = "Changing the owner of the client";
      const { answer: before, asked: looking } = await addOn.ask(consumerKey, { method: "GET", at: "", doing });
      if (before.status !== 200) throw administration.failure(before, looking);
      const owner = administration.parse(before, owned, doing).ext_application_owner;
      // Earlier add-ons take the client's name away where the owner stays the same.
      if (owner && isSame(owner, name)) return;
      await requireUser(name);
      // With the domain, a name that is an e-mail address is never read as one of another tenant.
      const query = new URLSearchParams({ applicationOwner: `${name}@${tenantDomain}` });
      const at = `/change-owner?${query.toString()}`;
      const { answer, asked } = await addOn.ask(consumerKey, { method: "POST", at, doing });
      if (answer.status < 200 || answer.status >= 300) throw administration.failure(answer, asked);
      const now = administration.parse(answer, owned, doing).ext_application_owner;
      if (now && !isSame(now, name)) {
        throw new ConnectorError("rejected", `The server keeps ${now} as the owner of the client.`, {
          status: answer.status,
        });
      }
    },
  };
}
