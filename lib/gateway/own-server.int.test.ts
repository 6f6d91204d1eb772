import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectors } from "#connectors/registry.ts";
import { createAuthorizationServer, type AuthorizationServer } from "#lib/authorization-server/server.ts";
import { managing } from "#lib/connector-kit/contract.ts";
import { tenantDb } from "#lib/data/database.ts";
import { listKeyManagers } from "#lib/features/key-managers/list.ts";
import { openKeyManager } from "#lib/features/key-managers/open.ts";
import { newId, type KeyManagerId } from "#lib/foundation/ids.ts";
import type { OutboundInit } from "#lib/foundation/outbound-contract.ts";
import { gatewayTenant, serveValidationPlane, within5Seconds } from "#tooling/testing/gateway.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";

describe("tokens of a tenant's own authorization server", () => {
  let server: AuthorizationServer;
  let plane: Awaited<ReturnType<typeof serveValidationPlane>>;
  /** What the server was called for. */
  const purposes: OutboundInit["purpose"][] = [];
  const deps = testDependencies({
    outbound(url, init) {
      purposes.push(init?.purpose);
      return server.fetch(url, init);
    },
  });

  beforeAll(async () => {
    const connectorIds = connectors.filter(({ permanent }) => permanent).map(({ id }) => id);
    server = createAuthorizationServer({ ...deps, connectorIds });
    plane = await serveValidationPlane(deps);
  });
  afterAll(() => plane.stop());

  async function ask(credential: string, token: string) {
    const response = await fetch(`http://${plane.address}/gateway/v1/validate`, {
      method: "POST",
      headers: { "X-Latchkey-Gateway": credential },
      body: JSON.stringify({ token, method: "GET", requestPath: "/orders/1.0.0/status" }),
    });
    return (await response.json()) as Record<string, unknown>;
  }

  /** A tenant with a client at its own server, mapped to its subscribed application. */
  async function prepared() {
    const tenant = await gatewayTenant(deps);
    const { items } = await listKeyManagers(tenant.administrator, { sort: "name" });
    const own = items.find(({ permanent }) => permanent);
    const keyManagerId = own?.id as KeyManagerId;
    const { adapter } = await openKeyManager(tenant.administrator, keyManagerId);
    const client = await managing(adapter).registerClient({
      name: "Shop",
      marker: newId(),
      grantTypes: ["client_credentials"],
      redirectUris: [],
      settings: {},
    });
    await deps.database.inTenant(tenant.tenantId, async (tx) => {
      const db = tenantDb(tx);
      const resource = { tenantId: tenant.tenantId, id: newId(), apiId: tenant.ids.api, position: 9 };
      await db.apiResource.create({ data: { ...resource, verb: "GET", path: "/status", scopes: [] } });
      await db.keyMapping.create({
        data: {
          id: newId(),
          tenantId: tenant.tenantId,
          applicationId: tenant.ids.application,
          keyManagerId,
          keyType: "SANDBOX",
          mode: "PROVISIONED",
          state: "ACTIVE",
          consumerKey: client.ref.consumerKey,
          requested: {},
          createdById: newId(),
        },
      });
    });
    const issued = await adapter.issueToken?.(client.ref, { scopes: [] });
    if (!issued) throw new Error("The server issues no token.");
    return { tenant, adapter, client, token: issued.accessToken, keyManagerId };
  }

  it("open the API by the server's published keys, and are refused within five seconds of being revoked", async () => {
    const { tenant, adapter, client, token } = await prepared();
    purposes.length = 0;
    expect(await ask(tenant.credential, token.reveal())).toMatchObject({
      allowed: true,
      keyType: "SANDBOX",
      consumerKey: client.ref.consumerKey,
    });
    expect(purposes).toEqual(["validation"]);
    await adapter.revokeToken?.(client.ref, token, "access_token");
    const verdict = await within5Seconds(
      () => ask(tenant.credential, token.reveal()),
      ({ allowed }) => allowed === false,
    );
    expect(verdict).toMatchObject({ code: 900901, reason: "token_revoked" });
  });

  it("open the API by introspection where the administrator chose that", async () => {
    const { tenant, token, keyManagerId } = await prepared();
    await deps.database.inTenant(tenant.tenantId, (tx) =>
      tenantDb(tx).keyManager.update({ where: { id: keyManagerId }, data: { validationMethod: "INTROSPECT" } }),
    );
    purposes.length = 0;
    expect(await ask(tenant.credential, token.reveal())).toMatchObject({ allowed: true, keyType: "SANDBOX" });
    expect(purposes).toEqual(["validation"]);
    expect(await ask(tenant.credential, "opaque-and-unknown")).toMatchObject({ reason: "token_revoked" });
  });

  it("of another tenant are nobody's", async () => {
    const [here, there] = [await prepared(), await prepared()];
    expect(await ask(here.tenant.credential, there.token.reveal())).toMatchObject({
      code: 900901,
      reason: "issuer_unknown",
    });
  });
});
