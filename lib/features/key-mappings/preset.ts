/** An identity that a developer chooses for a new client: a consumer key, a consumer secret, or both. */
import { presetParts, type ClientOwner, type ClientSpec, type PresetPart } from "#lib/connector-kit/contract.ts";
import { claimClient } from "#lib/data/claimed-clients.ts";
import type { KeyMappingRecord } from "#lib/data/key-mappings.ts";
import type { KeyManagerRecord } from "#lib/data/key-managers.ts";
import { AppError, type FieldProblem } from "#lib/foundation/errors.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { Context } from "../context.ts";
import { unsupported } from "../key-managers/unsupported.ts";
import type { QueryContext } from "../verb.ts";
import { credentialProblem } from "./contract.ts";
import type { UsableKeyManager } from "./rules.ts";
import { openConsumerSecret } from "./secrets.ts";

export type Preset = { consumerKey?: string; consumerSecret?: Secret };

/**
 * Checks a chosen identity against what the connector declares.
 *
 * @param asked an empty text stands for a part that nobody chose
 * @throws {AppError} `key_manager.unsupported` with the connector's reason, `input.invalid` at the field
 */
export function checkPreset({ record, connector }: UsableKeyManager, asked: Record<PresetPart, string>): Preset {
  const problems: FieldProblem[] = [];
  for (const part of presetParts) {
    if (asked[part] === "") continue;
    const form = connector.preset?.[part];
    if (!form) throw refusedAt(unsupported(record, part), part);
    const message = credentialProblem(form, asked[part]);
    if (message !== null) problems.push({ path: part, message });
  }
  if (problems.length > 0) throw new AppError("input.invalid", { fields: problems });
  return {
    ...(asked.consumerKey !== "" && { consumerKey: asked.consumerKey }),
    ...(asked.consumerSecret !== "" && { consumerSecret: new Secret(asked.consumerSecret) }),
  };
}

function refusedAt({ code, message }: AppError, path: PresetPart): AppError {
  return new AppError(code, { message, fields: [{ path, message }] });
}

/**
 * Holds the consumer key that somebody chose, over all tenants, from before the client is made: whoever else asks for
 * it meanwhile is refused here, and never learns whose it is.
 *
 * @throws {AppError} `key_mapping.claimed`
 */
export async function claimChosen(
  ctx: QueryContext,
  { id, requested: { consumerKey } }: Pick<KeyMappingRecord, "id" | "requested">,
  { issuer }: Pick<KeyManagerRecord, "issuer">,
): Promise<void> {
  if (consumerKey === undefined) return;
  if (await claimClient(ctx, id, { authorizationServer: issuer, consumerKey })) return;
  const message = `The consumer key ${consumerKey} belongs to other keys already. Choose another one.`;
  throw new AppError("key_mapping.claimed", { message, fields: [{ path: "consumerKey", message }] });
}

/** Names the clients of one key mapping at the key manager, whichever try made them. */
export function markerOf(mapping: Pick<KeyMappingRecord, "id">): string {
  return `latchkey-${mapping.id}`;
}

/**
 * What the key manager is asked for; a chosen identity is for a client that is not made yet.
 *
 * @param owner who owns the application, where the key manager is told
 */
export function specOf(ctx: Context, mapping: KeyMappingRecord, owner?: ClientOwner): ClientSpec {
  const { consumerKey, ...requested } = mapping.requested;
  const spec = { ...requested, marker: markerOf(mapping), ...(owner && { owner }) };
  if (mapping.consumerKey !== null) return spec;
  const consumerSecret = openConsumerSecret(ctx, mapping);
  return {
    ...spec,
    ...(consumerKey !== undefined && { consumerKey }),
    ...(consumerSecret && { consumerSecret }),
  };
}

/** What the audit tells of a registration for which somebody chose an identity: which parts, never a secret. */
export function chosenParts(mapping: KeyMappingRecord): { chosen?: PresetPart[] } {
  if (mapping.consumerKey !== null) return {};
  const chosen = presetParts.filter((part) =>
    part === "consumerKey" ? mapping.requested.consumerKey !== undefined : mapping.sealedConsumerSecret !== null,
  );
  return chosen.length > 0 ? { chosen } : {};
}
