import type { Capability } from "#lib/connector-kit/contract.ts";
import { listSubscribedScopes } from "#lib/data/applications.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { unsupported } from "../key-managers/unsupported.ts";
import type { QueryContext } from "../verb.ts";
import { requireActive } from "./begin.ts";
import { requireIdle } from "./lease.ts";
import { requireUsableKeyManager } from "./rules.ts";
import { requireOwnKeys, type KeysSubject } from "./subject.ts";

/** What is asked of a key manager with the credentials of some keys. */
export type TokenRequest = { subject: KeysSubject; scopes: string[] };

/**
 * Checks that a token may be asked for with these keys, for scopes of APIs that the application is subscribed to.
 *
 * @param needs the capability that is used
 * @throws {AppError} `key_mapping.not_found`, `key_mapping.not_active`, `key_manager.*`, `input.invalid`
 */
export async function requireTokenRequest(
  ctx: QueryContext,
  { id, scopes }: { id: string; scopes: string[] },
  needs: Capability,
): Promise<TokenRequest> {
  const subject = await requireOwnKeys(ctx, id);
  requireActive(subject);
  requireIdle(subject.mapping);
  const { record, connector } = await requireUsableKeyManager(ctx, subject.keyManager.id);
  if (!record.tokenGeneration) {
    throw new AppError("key_manager.not_allowed", {
      message: `The administrator switched off getting tokens of ${record.displayName} in the portal.`,
    });
  }
  if (!connector.capabilities.includes(needs)) throw unsupported(record, needs);
  if (subject.mapping.sealedConsumerSecret === null) {
    throw new AppError("key_mapping.not_active", {
      message: "No consumer secret is stored, so no token can be asked for.",
    });
  }
  await requireSubscribedScopes(ctx, subject, scopes);
  if (record.applicationScopes) requireChosen(subject, scopes);
  return { subject, scopes };
}

/** @throws {AppError} `input.invalid` at scopes, naming those of which the keys were not given the right */
function requireChosen({ mapping: { scopeGrant } }: KeysSubject, asked: string[]): void {
  const missing = scopeGrant ? asked.filter((scope) => !scopeGrant.chosen.includes(scope)) : [];
  if (missing.length === 0) return;
  const message = `Tokens of these keys may not carry ${missing.join(", ")}. Choose the scopes of the keys first.`;
  throw new AppError("input.invalid", { fields: [{ path: "scopes", message }] });
}

/** @throws {AppError} `input.invalid` at scopes, naming those that no API of the application has */
export async function requireSubscribedScopes(
  ctx: QueryContext,
  { application }: KeysSubject,
  asked: string[],
): Promise<void> {
  const known = new Set((await listSubscribedScopes(ctx, application.id)).map(({ name }) => name));
  const foreign = asked.filter((scope) => !known.has(scope));
  if (foreign.length === 0) return;
  const message = `No API that the application is subscribed to has the scope ${foreign.join(", ")}.`;
  throw new AppError("input.invalid", { fields: [{ path: "scopes", message }] });
}
