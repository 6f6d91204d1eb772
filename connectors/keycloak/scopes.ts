import { unlessAbsent } from "#lib/connector-kit/administration.ts";
import type { ClientRef, ScopeManagement } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import type { Realm } from "./realm.ts";
import { managedAttribute, scopeList, type ScopeRepresentation } from "./wire.ts";

/** Scopes of ours are client scopes that carry our attribute; a client may ask for those attached to it. */
export function openScopes(realm: Realm, findId: (client: ClientRef) => Promise<string | undefined>): ScopeManagement {
  const all = () => realm.read({ method: "GET", path: "/client-scopes", doing: "Listing the scopes" }, scopeList);
  const isManaged = ({ attributes }: ScopeRepresentation) => attributes?.[managedAttribute] === "true";

  return {
    async list() {
      const scopes = (await all()).filter(({ protocol }) => (protocol ?? "openid-connect") === "openid-connect");
      return scopes.map(({ name, description }) => ({ name, description: description ?? "" }));
    },

    async save({ name, description }) {
      const existing = (await all()).find((scope) => scope.name === name);
      if (existing && !isManaged(existing)) {
        throw new ConnectorError("conflict", `The realm has a scope “${name}” already that somebody else made.`);
      }
      const body = {
        ...existing,
        name,
        description,
        protocol: "openid-connect",
        attributes: {
          ...existing?.attributes,
          // Without this the name never appears in a token's scope.
          "include.in.token.scope": "true",
          "display.on.consent.screen": "true",
          [managedAttribute]: "true",
        },
      };
      const doing = "Saving the scope";
      if (existing) await realm.run({ method: "PUT", path: `/client-scopes/${existing.id}`, body, doing });
      else await realm.run({ method: "POST", path: "/client-scopes", body, doing });
    },

    async remove(name) {
      const existing = (await all()).find((scope) => scope.name === name);
      if (!existing) return;
      if (!isManaged(existing)) {
        throw new ConnectorError("conflict", `The scope “${name}” was made by somebody else and stays.`);
      }
      const doing = "Removing the scope";
      await unlessAbsent(realm.run({ method: "DELETE", path: `/client-scopes/${existing.id}`, doing }));
    },

    async grant(client, scopes) {
      const clientId = await findId(client);
      if (!clientId) throw new ConnectorError("not_found", "Keycloak has no such client.");
      const path = `/clients/${clientId}/optional-client-scopes`;
      const doing = "Attaching the scopes";
      const known = await all();
      const attached = await realm.read({ method: "GET", path, doing }, scopeList);
      const missing = scopes.filter((name) => !known.some((scope) => scope.name === name));
      if (missing.length > 0)
        throw new ConnectorError("not_found", `The realm has no scope “${missing.join("”, “")}”.`);
      for (const scope of known) {
        const isAttached = attached.some(({ id }) => id === scope.id);
        if (scopes.includes(scope.name) && !isAttached) {
          await realm.run({ method: "PUT", path: `${path}/${scope.id}`, doing });
        } else if (!scopes.includes(scope.name) && isAttached && isManaged(scope)) {
          await realm.run({ method: "DELETE", path: `${path}/${scope.id}`, doing });
        }
      }
    },
  };
}
