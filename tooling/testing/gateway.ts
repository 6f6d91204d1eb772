/** A tenant in the database with everything that a gateway call needs, and the validation plane over it. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { JWK } from "jose";
import { inject } from "vitest";
import { connectors } from "#connectors/registry.ts";
import { tenantDb } from "#lib/data/database.ts";
import type { Dependencies } from "#lib/features/context.ts";
import { createGatewayCredential } from "#lib/features/gateway-credentials/create.ts";
import { newId } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { GrpcTlsFiles } from "#lib/gateway/grpc-tls.ts";
import { startValidationPlane } from "#lib/runtime/validation-plane.ts";
import type { ApiKind } from "#lib/token-validation/snapshot.ts";
import { testTenant } from "./tenant.ts";
import { consumerKey, issuer, keySetUrl } from "./validation.ts";

/**
 * Serves the validation plane alone, as the front door does.
 *
 * @param options.grpcTls the files with which it answers gRPC over TLS
 */
export async function serveValidationPlane(deps: Dependencies, { grpcTls }: { grpcTls?: GrpcTlsFiles } = {}) {
  const plane = startValidationPlane({ deps, databaseUrl: new Secret(inject("databaseUrl")) });
  const server = createServer((req, res) => void plane.handle(req, res));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const grpc = await plane.serveGrpc("127.0.0.1:0", grpcTls);
  return {
    address: `127.0.0.1:${port}`,
    grpcAddress: `127.0.0.1:${grpc.port}`,
    endStreams: () => plane.endStreams(),
    async stop() {
      await grpc.stop({ withinMs: 0 });
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      await plane.close();
    },
  };
}

/** Answers the key set address of the test's key manager, and nothing else. */
export function keySetOutbound(keys: () => readonly JWK[]): Dependencies["outbound"] {
  return (url) =>
    url === keySetUrl
      ? Promise.resolve(Response.json({ keys: keys() }))
      : Promise.reject(new Error(`The test answers nothing at ${url}.`));
}

/**
 * A tenant with a key manager, a published API "Orders" at /orders/1.0.0, an application with production
 * keys, a subscription, and a gateway credential.
 */
export async function gatewayTenant(deps: Dependencies) {
  // The one for any server that follows the standards: it recognises nobody in particular.
  const connector = connectors.find(({ permanent, recognise }) => !permanent && !recognise);
  if (!connector) throw new Error("There is no connector for the test's key manager.");
  const administrator = await (await testTenant(deps)).caller("ADMINISTRATOR", "CREATOR", "DEVELOPER");
  const { actor, tenant } = administrator;
  const personId = actor.kind === "person" ? actor.personId : "";
  const ids = { keyManager: newId(), application: newId(), api: newId(), plan: newId(), subscription: newId() };
  const keyMapping = newId();
  await deps.database.inTenant(tenant.id, async (tx) => {
    const db = tenantDb(tx);
    const own = { tenantId: tenant.id };
    await db.keyManager.create({
      data: {
        ...own,
        id: ids.keyManager,
        name: "shop-identity",
        displayName: "Shop identity",
        connectorId: connector.id,
        issuer,
        endpoints: {},
        grantTypes: [],
        signingKeys: { kind: "jwks", url: keySetUrl },
        connection: {},
        sealedSecrets: {},
      },
    });
    await db.plan.create({ data: { ...own, id: ids.plan, name: "Gold", requestsPerMinute: 600 } });
    await db.application.create({
      data: { ...own, id: ids.application, name: "Läden & Co", ownerId: personId, ownerName: "Somebody" },
    });
    await db.keyMapping.create({
      data: {
        ...own,
        id: keyMapping,
        applicationId: ids.application,
        keyManagerId: ids.keyManager,
        keyType: "PRODUCTION",
        mode: "MAPPED",
        state: "ACTIVE",
        consumerKey,
        requested: {},
        createdById: personId,
      },
    });
    await db.api.create({
      data: {
        ...own,
        id: ids.api,
        name: "Orders",
        context: "/orders",
        version: "1.0.0",
        status: "PUBLISHED",
        createdById: personId,
      },
    });
    await db.apiResource.createMany({
      data: [
        { ...own, id: newId(), apiId: ids.api, verb: "GET", path: "/items/{id}", scopes: ["orders:read"], position: 0 },
        {
          ...own,
          id: newId(),
          apiId: ids.api,
          verb: "DELETE",
          path: "/items/{id}",
          scopes: ["orders:admin"],
          position: 1,
        },
      ],
    });
    await db.subscription.create({
      data: { ...own, id: ids.subscription, applicationId: ids.application, apiId: ids.api, planId: ids.plan },
    });
  });
  const { id: credentialId, credential } = await createGatewayCredential(administrator, { name: "Edge" });
  return { administrator, tenantId: tenant.id, ids: { ...ids, keyMapping, credential: credentialId }, credential };
}

/** What an API of the test's tenant is, at version 1.0.0. */
type PublishedApi = {
  name: string;
  kind: ApiKind;
  context: string;
  resources: readonly { verb: string; path: string; scopes: readonly string[] }[];
};

/** Publishes another API in the test's tenant, to which its application is subscribed. */
export async function publishApi(
  { administrator: { deps, tenant, actor }, ids }: Awaited<ReturnType<typeof gatewayTenant>>,
  { resources, ...api }: PublishedApi,
): Promise<void> {
  const own = { tenantId: tenant.id };
  const apiId = newId();
  const createdById = actor.kind === "person" ? actor.personId : "";
  await deps.database.inTenant(tenant.id, async (tx) => {
    const db = tenantDb(tx);
    await db.api.create({ data: { ...own, ...api, id: apiId, version: "1.0.0", status: "PUBLISHED", createdById } });
    await db.apiResource.createMany({
      data: resources.map(({ scopes, ...resource }, position) => ({
        ...own,
        ...resource,
        scopes: [...scopes],
        id: newId(),
        apiId,
        position,
      })),
    });
    await db.subscription.create({
      data: { ...own, id: newId(), applicationId: ids.application, apiId, planId: ids.plan },
    });
  });
}

/** Repeats a question until its answer fits, for at most five seconds: the promise about changes. */
export async function within5Seconds<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  const until = Date.now() + 5_000;
  for (;;) {
    const answer = await ask();
    if (fits(answer) || Date.now() > until) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
