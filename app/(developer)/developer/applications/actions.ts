"use server";

import { createApplication } from "#lib/features/applications/create.ts";
import { deleteApplication } from "#lib/features/applications/remove.ts";
import { updateApplication } from "#lib/features/applications/update.ts";
import { chooseScopes } from "#lib/features/key-mappings/choose-scopes.ts";
import { addSecret, readSecrets, removeSecret } from "#lib/features/key-mappings/consumer-secrets.ts";
import { exchangeToken } from "#lib/features/key-mappings/exchange-token.ts";
import { generateKeys } from "#lib/features/key-mappings/generate.ts";
import { issueToken } from "#lib/features/key-mappings/issue-token.ts";
import { mapKeys } from "#lib/features/key-mappings/map.ts";
import { refreshKeys } from "#lib/features/key-mappings/refresh.ts";
import { regenerateSecret } from "#lib/features/key-mappings/regenerate-secret.ts";
import { removeKeys } from "#lib/features/key-mappings/remove.ts";
import { resumeKeys } from "#lib/features/key-mappings/resume.ts";
import { revealSecret } from "#lib/features/key-mappings/reveal-secret.ts";
import { updateKeys } from "#lib/features/key-mappings/update.ts";
import { revokeKeyTokens, revokeOwnApplicationTokens } from "#lib/features/revocations/revoke-issued.ts";
import { revokeToken } from "#lib/features/revocations/revoke-token.ts";
import { defineAction } from "#lib/web/action.ts";

const list = "/developer/applications";
const here = () => [list];

export const createApplicationAction = defineAction(createApplication, { revalidate: here });
export const updateApplicationAction = defineAction(updateApplication, {
  revalidate: ({ id }) => [list, `${list}/${id}`],
});
export const deleteApplicationAction = defineAction(deleteApplication, { revalidate: here });

export const revokeApplicationTokensAction = defineAction(revokeOwnApplicationTokens);
export const revokeTokenAction = defineAction(revokeToken);
export const revokeKeyTokensAction = defineAction(revokeKeyTokens);

export const generateKeysAction = defineAction(generateKeys, { revalidate: here });
export const mapKeysAction = defineAction(mapKeys, { revalidate: here });
export const updateKeysAction = defineAction(updateKeys, { revalidate: here });
export const regenerateSecretAction = defineAction(regenerateSecret, { revalidate: here });
export const removeKeysAction = defineAction(removeKeys, { revalidate: here });
export const resumeKeysAction = defineAction(resumeKeys, { revalidate: here });
export const refreshKeysAction = defineAction(refreshKeys, { revalidate: here });
export const chooseScopesAction = defineAction(chooseScopes, { revalidate: here });
export const readSecretsAction = defineAction(readSecrets, { revalidate: here });
export const addSecretAction = defineAction(addSecret, { revalidate: here });
export const removeSecretAction = defineAction(removeSecret, { revalidate: here });
export const revealSecretAction = defineAction(revealSecret);
export const issueTokenAction = defineAction(issueToken);
export const exchangeTokenAction = defineAction(exchangeToken);
