"use server";

import { updateBackendJwt } from "#lib/features/backend-jwt/update.ts";
import { createGatewayCredential } from "#lib/features/gateway-credentials/create.ts";
import { revokeGatewayCredential } from "#lib/features/gateway-credentials/revoke.ts";
import { defineAction } from "#lib/web/action.ts";

const here = () => ["/admin/gateways"];

export const createGatewayCredentialAction = defineAction(createGatewayCredential, { revalidate: here });
export const revokeGatewayCredentialAction = defineAction(revokeGatewayCredential, { revalidate: here });
export const updateBackendJwtAction = defineAction(updateBackendJwt, { revalidate: here });
