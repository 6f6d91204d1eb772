import type { Administration } from "#lib/connector-kit/administration.ts";
import type { ScopeDefinition, ScopeManagement } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import type { Grants } from "./grants.ts";
import type { ApiObject } from "./wire.ts";

const attempts = 3;

const definitionsOf = ({ scopes }: ApiObject): ScopeDefinition[] =>
  (scopes ?? []).map(({ value, description }) => ({ name: value, description: description ?? "" }));

/**
 * Scopes are the permissions of the APIs that the connection names; a client has them through its grants. An API
 * keeps no mark of who made a permission, so all of its permissions count as ours.
 *
 * @param grant lets a client have exactly these scopes
 */
export function openScopes(
  {
    administration,
    grants,
    audiences,
  }: { administration: Administration; grants: Grants; audiences: readonly string[] },
  grant: ScopeManagement["grant"],
): ScopeManagement {
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other: Auth0 takes the list of scopes as a whole and has no condition on what it replaces. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work, work);
    last = turn;
    return turn;
  }

  /**
   * Reads, changes, writes and looks again: another program that wrote in between is told by what stands there.
   *
   * @param change gives the scopes as they should be, or null where they are
   */
  async function change(
    audience: string,
    change: (scopes: ScopeDefinition[]) => ScopeDefinition[] | null,
  ): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const api = await grants.api(audience);
      if (api.is_system) {
        throw new ConnectorError(
          "misconfigured",
          `“${audience}” is an API of Auth0's own, whose scopes cannot change.`,
        );
      }
      const wanted = change(definitionsOf(api));
      if (!wanted) return;
      const scopes = wanted.map(({ name, description }) => ({ value: name, description }));
      const path = `/resource-servers/${encodeURIComponent(api.id)}`;
      await administration.run({ method: "PATCH", path, body: { scopes }, doing: "Changing the scopes of the API" });
    }
    if (change(definitionsOf(await grants.api(audience))) === null) return;
    throw new ConnectorError("conflict", "Somebody else changes the scopes of this API at the same time. Try again.");
  }

  async function everywhere(work: (audience: string) => Promise<void>): Promise<void> {
    for (const audience of audiences) await work(audience);
  }

  return {
    async list() {
      const [audience = ""] = audiences;
      return definitionsOf(await grants.api(audience));
    },

    save: (scope) =>
      inTurn(() =>
        everywhere((audience) =>
          change(audience, (scopes) => {
            const held = scopes.find(({ name }) => name === scope.name);
            if (held?.description === scope.description) return null;
            return held ? scopes.map((other) => (other === held ? scope : other)) : [...scopes, scope];
          }),
        ),
      ),

    remove: (name) =>
      inTurn(() =>
        everywhere(async (audience) => {
          // Grants first: a scope that fell off the API but not off its grants would come back with the name.
          await grants.withdraw(audience, name);
          await change(audience, (scopes) =>
            scopes.some((scope) => scope.name === name) ? scopes.filter((scope) => scope.name !== name) : null,
          );
        }),
      ),

    grant,
  };
}
