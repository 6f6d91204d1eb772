import { notFound } from "next/navigation";
import { KeysBoard } from "#components/key-mappings/keys-board.tsx";
import { listApplicationScopes } from "#lib/features/applications/read.ts";
import type { Context } from "#lib/features/context.ts";
import { checkAnswering } from "#lib/features/key-managers/check-answering.ts";
import type { AnsweringView } from "#lib/features/key-managers/contract.ts";
import { listUsableKeyManagers } from "#lib/features/key-managers/list-usable.ts";
import { keyTypes } from "#lib/features/key-mappings/contract.ts";
import { listKeys } from "#lib/features/key-mappings/list.ts";
import { isAppError } from "#lib/foundation/errors.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import {
  addSecretAction,
  chooseScopesAction,
  exchangeTokenAction,
  generateKeysAction,
  issueTokenAction,
  mapKeysAction,
  readSecretsAction,
  refreshKeysAction,
  regenerateSecretAction,
  removeKeysAction,
  removeSecretAction,
  resumeKeysAction,
  revealSecretAction,
  revokeKeyTokensAction,
  revokeTokenAction,
  updateKeysAction,
} from "../../../actions.ts";

const actions = {
  generate: generateKeysAction,
  map: mapKeysAction,
  update: updateKeysAction,
  regenerate: regenerateSecretAction,
  remove: removeKeysAction,
  resume: resumeKeysAction,
  refresh: refreshKeysAction,
  readSecrets: readSecretsAction,
  addSecret: addSecretAction,
  removeSecret: removeSecretAction,
  reveal: revealSecretAction,
  chooseScopes: chooseScopesAction,
  revokeToken: revokeTokenAction,
  revokeTokens: revokeKeyTokensAction,
  issueToken: issueTokenAction,
  exchangeToken: exchangeTokenAction,
};

export default async function KeysPage({ params }: PageProps<"/developer/applications/[id]/keys/[keyType]">) {
  const ctx = await requireContext("key_mapping:read");
  const { id: applicationId, keyType: segment } = await params;
  const keyType = keyTypes.find((type) => type.toLowerCase() === segment);
  if (!keyType) notFound();
  const [keys, scopes, keyManagers] = await Promise.all([
    orNotFound(listKeys(ctx, { applicationId, keyType })),
    orNotFound(listApplicationScopes(ctx, { id: applicationId })),
    listUsableKeyManagers(ctx, {}),
  ]);
  return (
    <KeysBoard
      key={keyType}
      place={{ applicationId, keyType }}
      keyManagers={keyManagers}
      keys={keys}
      // Not awaited: nobody waits for a key manager to see what is stored here.
      asked={Object.fromEntries(keyManagers.map(({ id }) => [id, ask(ctx, id)]))}
      scopes={scopes}
      actions={actions}
    />
  );
}

/** Whether a key manager answers; null for one that was disabled or deleted meanwhile. */
async function ask(ctx: Context, id: string): Promise<AnsweringView | null> {
  try {
    return await checkAnswering(ctx, { id });
  } catch (error) {
    if (isAppError(error)) return null;
    throw error;
  }
}
