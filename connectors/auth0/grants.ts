/** Client grants: which client may have tokens of which API, with which scopes (Management API v2, client grants). */
import type { Administration } from "#lib/connector-kit/administration.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { managementError, actsForPeople, apiObject, grantObject, grantPage } from "./wire.ts";
import type { ApiObject, GrantObject } from "./wire.ts";
import { pagesOf } from "./pages.ts";

/** Whether a grant is for the client itself, or for people who use it. */
type SubjectType = "client" | "user";

export type Grants = {
  /** @throws {ConnectorError} `not_found` where Auth0 has no API with this identifier */
  api(audience: string): Promise<ApiObject>;
  /** Makes the grants that a new client needs for its grant types, without scopes. */
  begin(clientId: string, audience: string, grantTypes: readonly string[]): Promise<void>;
  /** Makes those of them that a client does not have yet. */
  ensure(clientId: string, audience: string, grantTypes: readonly string[]): Promise<void>;
  /** The same, and lets the client have exactly these scopes of the API. */
  set(clientId: string, wish: { audience: string; grantTypes: readonly string[]; scopes: string[] }): Promise<void>;
  /** Takes a scope out of every grant of an API. */
  withdraw(audience: string, scope: string): Promise<void>;
};

/** Works on the client grants of a tenant; every member throws `ConnectorError` and nothing else. */
export function openGrants(administration: Administration): Grants {
  async function api(audience: string): Promise<ApiObject> {
    const doing = "Reading the API";
    const request = { method: "GET", path: `/resource-servers/${encodeURIComponent(audience)}`, doing } as const;
    const answer = await administration.send(request);
    if (answer.status === 404 && managementError(answer.json).errorCode === "inexistent_resource_server") {
      throw new ConnectorError("not_found", `Auth0 has no API with the identifier “${audience}”.`, { status: 404 });
    }
    if (answer.status !== 200) throw administration.failure(answer, request);
    const found = administration.parse(answer, apiObject, doing);
    if (found.identifier === audience) return found;
    // The address takes ids too, and one may look like the identifier of another.
    throw new ConnectorError("not_found", `Auth0 has no API with the identifier “${audience}”.`);
  }

  async function list(audience: string, clientId?: string): Promise<GrantObject[]> {
    const query = { audience, ...(clientId !== undefined && { client_id: clientId }) };
    const request = { path: "/client-grants", query, doing: "Listing the client grants" };
    const found: GrantObject[] = [];
    for await (const page of pagesOf(administration, request, grantPage)) found.push(...page.client_grants);
    return found.filter((grant) => grant.audience === audience && (clientId ?? grant.client_id) === grant.client_id);
  }

  async function create(body: { client_id: string; audience: string; scope: string[]; subject_type: SubjectType }) {
    const request = { method: "POST", path: "/client-grants", body, doing: "Granting access to the API" } as const;
    await administration.read(request, grantObject);
  }

  async function patch({ id, allow_all_scopes }: GrantObject, scope: string[]): Promise<void> {
    const body = { scope, ...(allow_all_scopes && { allow_all_scopes: false }) };
    const path = `/client-grants/${encodeURIComponent(id)}`;
    await administration.run({ method: "PATCH", path, body, doing: "Changing the client grant" });
  }

  async function needed(audience: string, grantTypes: readonly string[]): Promise<SubjectType[]> {
    const types: SubjectType[] = grantTypes.includes("client_credentials") ? ["client"] : [];
    if (!actsForPeople(grantTypes)) return types;
    // People's tokens need a grant only where the API says so; by default it lets every client have them.
    const policy = (await api(audience)).subject_type_authorization?.user?.policy;
    return policy === "require_client_grant" ? [...types, "user"] : types;
  }

  async function begin(clientId: string, audience: string, grantTypes: readonly string[]): Promise<void> {
    for (const type of await needed(audience, grantTypes)) {
      await create({ client_id: clientId, audience, scope: [], subject_type: type });
    }
  }

  const typeOf = ({ subject_type }: GrantObject) => subject_type ?? "client";

  async function ensure(clientId: string, audience: string, grantTypes: readonly string[]): Promise<void> {
    const types = await needed(audience, grantTypes);
    if (types.length === 0) return;
    const existing = await list(audience, clientId);
    for (const type of types.filter((wanted) => !existing.some((grant) => typeOf(grant) === wanted))) {
      await create({ client_id: clientId, audience, scope: [], subject_type: type });
    }
  }

  return {
    api,
    begin,
    ensure,
    async set(clientId, { audience, grantTypes, scopes }) {
      await ensure(clientId, audience, grantTypes);
      for (const grant of await list(audience, clientId)) {
        const isSame = !grant.allow_all_scopes && isSameSet(grant.scope ?? [], scopes);
        if (!isSame && !grant.is_system) await patch(grant, scopes);
      }
    },
    async withdraw(audience, scope) {
      for (const grant of await list(audience)) {
        const held = grant.scope ?? [];
        if (!held.includes(scope) || grant.is_system) continue;
        await patch(
          grant,
          held.filter((name) => name !== scope),
        );
      }
    },
  };
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}
