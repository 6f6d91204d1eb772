import { unlessAbsent } from "#lib/connector-kit/administration.ts";
import type { ClientRef, ScopeManagement } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import type { Admission } from "./admission.ts";
import type { Org } from "./org.ts";
import { readPages } from "./pages.ts";
import { isManaged, policyClient, scopeList, type Application, type ScopeObject } from "./wire.ts";

/**
 * Marks a scope as the portal's. Consent dialogs show display names, but never those of our scopes: their consent
 * is implicit.
 */
const markOf = (name: string) => `${name} (Latchkey)`;
const isOurs = ({ name, displayName }: ScopeObject) => displayName === markOf(name);

/** Every scope of the authorization server, Okta's own included. */
export async function listScopes({ api, server }: Org): Promise<ScopeObject[]> {
  const doing = "Listing the scopes";
  return readPages(api, { path: `${server}/scopes?limit=200`, doing }, (answer) => api.parse(answer, scopeList, doing));
}

/**
 * Scopes of ours are scopes of the custom authorization server; an access policy lets a client ask for them.
 *
 * @param demand finds the client's application, or throws `not_found`
 * @returns calls that throw `conflict` for scopes that others made, and `not_found` for scopes that there are not
 */
export function openScopes(
  org: Org,
  {
    admission,
    defaultScopes,
    demand,
  }: { admission: Admission; defaultScopes: readonly string[]; demand(client: ClientRef): Promise<Application> },
): ScopeManagement {
  const { api, server } = org;
  const find = async (name: string) => (await listScopes(org)).find((scope) => scope.name === name);
  const pathOf = ({ id }: ScopeObject) => `${server}/scopes/${encodeURIComponent(id)}`;

  return {
    async list() {
      return (await listScopes(org)).map(({ name, description }) => ({ name, description: description ?? "" }));
    },

    async save({ name, description }) {
      const existing = await find(name);
      if (existing && !isOurs(existing)) {
        throw new ConnectorError("conflict", `Okta has a scope “${name}” already that somebody else made.`);
      }
      const body = {
        name,
        description,
        displayName: markOf(name),
        // Scopes that want consent cannot be had without a person.
        consent: "IMPLICIT",
        default: false,
        metadataPublish: "NO_CLIENTS",
      };
      const doing = "Saving the scope";
      if (existing) await api.run({ method: "PUT", path: pathOf(existing), body, doing });
      else await api.run({ method: "POST", path: `${server}/scopes`, body, doing });
    },

    async remove(name) {
      const existing = await find(name);
      if (!existing) return;
      if (!isOurs(existing)) {
        throw new ConnectorError("conflict", `The scope “${name}” was made by somebody else and stays.`);
      }
      await unlessAbsent(api.run({ method: "DELETE", path: pathOf(existing), doing: "Removing the scope" }));
    },

    async grant(client, scopes) {
      const app = await demand(client);
      const known = new Set((await listScopes(org)).map(({ name }) => name));
      const missing = scopes.filter((name) => !known.has(name));
      if (missing.length > 0) {
        throw new ConnectorError("not_found", `The authorization server has no scope “${missing.join("”, “")}”.`);
      }
      // A client that was made by hand has its owner's policies for everything else.
      const wanted = [...new Set([...(isManaged(app) ? defaultScopes : []), ...scopes])];
      const admitted = policyClient(app);
      if (wanted.length === 0) await admission.withdraw(admitted.clientId);
      else await admission.admit(admitted, { scopes: wanted });
    },
  };
}
