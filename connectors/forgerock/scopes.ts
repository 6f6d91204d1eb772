/**
 * Scopes of AM are entries of lists: those that the realm supports stand at its OAuth2 provider, those that a
 * client may ask for stand at the client. An entry reads `name`, `name|text` or `name|language|text`.
 */
import { z } from "zod";
import type { Administration } from "#lib/connector-kit/administration.ts";
import type { ClientRef, ScopeDefinition, ScopeManagement } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { withoutServerMembers } from "./document.ts";

const texts = z.array(z.string().max(4096)).max(5000).nullish();

/** The realm's OAuth2 provider, as far as we look at it. */
export const provider = z.looseObject({
  coreOAuth2Config: z.looseObject({ statelessTokensEnabled: z.boolean().nullish() }),
  advancedOAuth2Config: z.looseObject({ supportedScopes: texts, tokenSigningAlgorithm: z.string().nullish() }),
});
export const providerPath = "/services/oauth-oidc";

/** Members of AM's answers about a token: a scope of that name would stand in their place. */
const members = new Set(
  "access_token active aud client_id exp expires_in grant_type iss jti nbf realm scope sub token_type tokenName".split(
    " ",
  ),
);

/** Scopes that give power over AM itself, or would blur what it says: no application gets one through the portal. */
export function isReserved(scope: string): boolean {
  return /^(fr:|am-introspect-)/i.test(scope) || members.has(scope);
}

/**
 * An entry that says that a scope is ours, in a language that nobody speaks (ISO 639-2 “zxx”: no linguistic
 * content), so that no page ever shows it.
 */
const markOf = (name: string) => `${name}|zxx|latchkey`;
const nameOf = (entry: string) => entry.split("|", 1)[0] ?? "";
const namesOf = (entries: readonly string[]) => [...new Set(entries.map(nameOf))].filter(Boolean);
const isOurs = (name: string, entries: readonly string[]) => entries.includes(markOf(name));
const without = (names: readonly string[], entries: readonly string[]) =>
  entries.filter((entry) => !names.includes(nameOf(entry)));

function entriesOf({ name, description }: ScopeDefinition): string[] {
  return [description === "" ? name : `${name}|${description}`, markOf(name)];
}

function descriptionOf(name: string, entries: readonly string[]): string {
  const own = entries
    .filter((entry) => nameOf(entry) === name && entry !== markOf(name))
    .map((entry) => entry.split("|"));
  const best = own.find(({ length }) => length === 2) ?? own.find(([, language]) => language === "en") ?? own[0];
  return best && best.length > 1 ? (best.at(-1) ?? "") : "";
}

/** What AM's lists cannot hold, or what nobody may have. */
function refuseUnfit({ name, description }: ScopeDefinition): void {
  const problem = isReserved(name)
    ? `“${name}” has a meaning for AM itself. Choose a name that does not begin with “fr:” or “am-introspect-” and is no claim.`
    : name.includes("|") || description.includes("|")
      ? "AM separates the name of a scope from its description by “|”. Leave it out of both."
      : null;
  if (problem) throw new ConnectorError("rejected", problem);
}

/** Changes one client's list of scopes. */
export type ChangeScopes = (
  client: ClientRef,
  next: (entries: readonly string[]) => readonly string[],
) => Promise<void>;

/** Scopes by the two lists. */
export function openScopes(administration: Administration, changeScopes: ChangeScopes): ScopeManagement {
  const readProvider = () =>
    administration.read({ method: "GET", path: providerPath, doing: "Listing the scopes" }, provider);

  async function change(doing: string, next: (entries: readonly string[]) => readonly string[] | null): Promise<void> {
    const found = await readProvider();
    const { advancedOAuth2Config } = found;
    const supportedScopes = next(advancedOAuth2Config.supportedScopes ?? []);
    if (!supportedScopes) return;
    const body = withoutServerMembers({
      ...found,
      advancedOAuth2Config: { ...advancedOAuth2Config, supportedScopes },
    });
    await administration.run({ method: "PUT", path: providerPath, body, doing });
  }

  function refuseForeign(name: string, entries: readonly string[]): void {
    if (!namesOf(entries).includes(name) || isOurs(name, entries)) return;
    throw new ConnectorError("conflict", `The realm has a scope “${name}” that somebody else made; it stays as it is.`);
  }

  async function list(): Promise<ScopeDefinition[]> {
    const entries = (await readProvider()).advancedOAuth2Config.supportedScopes ?? [];
    return namesOf(entries).map((name) => ({ name, description: descriptionOf(name, entries) }));
  }

  return {
    list,

    async save(scope) {
      refuseUnfit(scope);
      await change("Saving the scope", (entries) => {
        refuseForeign(scope.name, entries);
        return [...without([scope.name], entries), ...entriesOf(scope)];
      });
    },

    async remove(name) {
      await change("Removing the scope", (entries) => {
        if (!namesOf(entries).includes(name)) return null;
        refuseForeign(name, entries);
        return without([name], entries);
      });
    },

    async grant(client, wanted) {
      const known = await list();
      const missing = wanted.filter((name) => isReserved(name) || !known.some((scope) => scope.name === name));
      if (missing.length > 0) {
        throw new ConnectorError("not_found", `The realm has no scope “${missing.join("”, “")}” for applications.`);
      }
      await changeScopes(client, (entries) => {
        const ours = namesOf(entries).filter((name) => isOurs(name, entries));
        const kept = without(ours, entries);
        const added = known.filter(({ name }) => wanted.includes(name) && !namesOf(kept).includes(name));
        return [...kept, ...added.flatMap(entriesOf)];
      });
    },
  };
}
