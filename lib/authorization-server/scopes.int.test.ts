import { beforeAll, describe, expect, it } from "vitest";
import { clientCredentialsGrant, ResponseBodyError } from "openid-client";
import { tenantDb } from "#lib/data/database.ts";
import { newId } from "#lib/foundation/ids.ts";
import {
  ownConnectorId,
  testAuthorizationServer,
  testIssuer,
  type TestClient,
  type TestIssuer,
} from "#tooling/testing/authorization-server.ts";

let offsetMs = 0;
const running = testAuthorizationServer({ clock: { now: () => new Date(Date.now() + offsetMs) } });
let at: TestIssuer;
beforeAll(async () => {
  at = await testIssuer(running);
});

const keyManagerId = newId();

/** What the administrator's switch says; the server sees it after a moment. */
async function setApplicationScopes(applicationScopes: boolean) {
  const { id: tenantId } = at.tenant;
  await running.deps.database.inTenant(tenantId, (tx) =>
    tenantDb(tx).keyManager.upsert({
      where: { id: keyManagerId },
      create: {
        ...{ id: keyManagerId, tenantId, name: "built-in", displayName: "Built-in", connectorId: ownConnectorId },
        ...{ issuer: at.issuer, endpoints: {}, signingKeys: { kind: "none" }, connection: {}, sealedSecrets: {} },
        applicationScopes,
      },
      update: { applicationScopes },
    }),
  );
  offsetMs += 3_000;
}

const send = (method: "GET" | "PUT" | "DELETE", path: string, body?: unknown, token = at.initialAccessToken) =>
  at.call(path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const grant = (client: TestClient, scopes: string[]) => send("PUT", `/reg/${client.clientId}/scopes`, { scopes });

/** The scopes of the token, or the error of RFC 6749 §5.2. */
const ask = async ({ config }: TestClient, scope: string) =>
  clientCredentialsGrant(config, { scope }).then(
    (answer) => answer.scope ?? "",
    (error: unknown) => (error instanceof ResponseBodyError ? error.error : error),
  );

describe("scopes of a client", () => {
  it("limit its own tokens only while the administrator wants it, and only once it was granted some", async () => {
    const [one, other] = [await at.register(), await at.register()];
    await setApplicationScopes(false);
    expect((await grant(one, ["orders:read"])).status).toBe(200);
    expect(await ask(one, "orders:write")).toBe("orders:write");

    await setApplicationScopes(true);
    expect(await ask(one, "orders:write")).toBe("invalid_scope");
    expect(await ask(one, "orders:read orders:write")).toBe("invalid_scope");
    expect(await ask(one, "orders:read")).toBe("orders:read");
    expect(await ask(one, "")).toBe("");
    expect(await ask(other, "orders:write")).toBe("orders:write");

    await grant(one, []);
    expect(await ask(one, "orders:read")).toBe("invalid_scope");
  });

  it("survive a change of the client", async () => {
    await setApplicationScopes(true);
    const client = await at.register({ grant_types: ["client_credentials"], redirect_uris: [] });
    await grant(client, ["orders:read"]);
    const changed = await at.call(new URL(client.registrationUri).pathname.split("/oidc")[1] ?? "", {
      method: "PUT",
      headers: { authorization: `Bearer ${client.registrationToken}`, "content-type": "application/json" },
      body: JSON.stringify({
        client_id: client.clientId,
        client_name: "Renamed",
        grant_types: ["client_credentials"],
        redirect_uris: [],
      }),
    });
    expect(changed.status).toBe(200);
    expect(await ask(client, "orders:write")).toBe("invalid_scope");
  });

  it("are refused where no API has them, or where there is no such client", async () => {
    const client = await at.register();
    const unknown = await grant(client, ["bills:read"]);
    expect([unknown.status, await unknown.json()]).toMatchObject([400, { error: "invalid_scope" }]);
    expect((await send("PUT", "/reg/nobody/scopes", { scopes: [] })).status).toBe(404);
    expect((await send("PUT", `/reg/${client.clientId}/scopes`, { scopes: "orders:read" })).status).toBe(400);
  });
});

describe("scopes that are saved at the server", () => {
  it("are offered from then on, beside those of the APIs, until they are removed", async () => {
    const client = await at.register();
    expect(await ask(client, "a/b:c")).toBe("invalid_scope");
    expect((await send("PUT", "/scopes/a%2Fb%3Ac", { description: "Odd" })).status).toBe(200);
    expect(await ask(client, "a/b:c orders:read")).toBe("a/b:c orders:read");
    expect(await (await send("GET", "/scopes")).json()).toEqual({ scopes: [{ name: "a/b:c", description: "Odd" }] });
    expect((await send("DELETE", "/scopes/a%2Fb%3Ac")).status).toBe(204);
    expect(await ask(client, "a/b:c")).toBe("invalid_scope");
  });

  it("take the token with which the portal registers clients, and no other", async () => {
    const client = await at.register();
    for (const token of ["", "wrong", client.registrationToken]) {
      expect((await send("GET", "/scopes", undefined, token)).status).toBe(401);
      expect((await send("PUT", "/scopes/x", {}, token)).status).toBe(401);
      expect((await send("PUT", `/reg/${client.clientId}/scopes`, { scopes: [] }, token)).status).toBe(401);
    }
    expect((await send("PUT", "/scopes/two%20words", {})).status).toBe(400);
    expect((await send("PUT", "/scopes")).status).toBe(405);
  });
});
