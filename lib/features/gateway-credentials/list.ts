import { listGatewayCredentials as readGatewayCredentials } from "#lib/data/gateway-credentials.ts";
import { readCursor } from "#lib/data/paging.ts";
import { defineQuery } from "../verb.ts";
import { ListGatewayCredentialsInput, type GatewayCredentialListView } from "./contract.ts";
import { toGatewayCredentialView } from "./views.ts";

/** A page of the tenant's gateway credentials, newest first; revoked ones stay, as history. */
export const listGatewayCredentials = defineQuery({
  action: "gateway_credential.list",
  permission: "gateway_credential:read",
  input: ListGatewayCredentialsInput,
  async run(ctx, { search, cursor, limit }): Promise<GatewayCredentialListView> {
    const page = await readGatewayCredentials(ctx, { search, after: readCursor(cursor), limit });
    return { items: page.items.map(toGatewayCredentialView), nextCursor: page.nextCursor };
  },
});
