/** Several secrets of one client at the built-in authorization server: each works until it ends, and no longer. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import {
  testAuthorizationServer,
  testIssuer,
  testRedirectUri,
  type TestClient,
  type TestIssuer,
} from "#tooling/testing/authorization-server.ts";
import { createAuthorizationServer } from "./server.ts";

let offsetMs = 0;
const clock = { now: () => new Date(Date.now() + offsetMs) };
const running = testAuthorizationServer({ clock });
let at: TestIssuer;
beforeAll(async () => {
  at = await testIssuer(running);
});

type Facts = { id: string; hint?: string; description: string; created_at: number; expires_at: number };
type Body = { client_secret?: string; client_secret_expires_at?: number; secret?: Facts; secrets?: Facts[] };
type Answer = { status: number; body: Body & Record<string, unknown> };

type Method = "GET" | "POST" | "PUT" | "DELETE";

async function call(url: string, method: Method, token: string, body?: unknown): Promise<Answer> {
  const response = await running.server.fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body ? { "content-type": "application/json" } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, body: (text ? JSON.parse(text) : {}) as Answer["body"] };
}

const add = ({ registrationUri, registrationToken }: TestClient, wish?: unknown) =>
  call(`${registrationUri}/secrets`, "POST", registrationToken, wish);
const list = async ({ registrationUri, registrationToken }: TestClient) =>
  (await call(`${registrationUri}/secrets`, "GET", registrationToken)).body.secrets ?? [];
const remove = ({ registrationUri, registrationToken }: TestClient, id = "") =>
  call(`${registrationUri}/secrets/${id}`, "DELETE", registrationToken);

/** How the endpoints answer a client that shows this secret: 200 for each that lets it in. */
async function statuses({ clientId }: TestClient, secret = "", server = running.server): Promise<number[]> {
  const authorization = `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}`;
  const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
  const results: number[] = [];
  for (const [path, body] of [
    ["/token", "grant_type=client_credentials"],
    ["/token/introspection", "token=unknown"],
    ["/token/revocation", "token=unknown"],
  ] as const) {
    results.push((await server.fetch(`${at.issuer}${path}`, { method: "POST", headers, body })).status);
  }
  return results;
}
const accepted = [200, 200, 200];
const refused = [401, 401, 401];

let client: TestClient;
beforeEach(async () => {
  offsetMs = 0;
  client = await at.register();
});

const inSeconds = (seconds: number) => Math.floor(clock.now().getTime() / 1000) + seconds;

describe("further secrets", () => {
  it("work beside the first at every endpoint, and are shown once", async () => {
    const expires_at = inSeconds(86_400);
    const { status, body } = await add(client, { description: "For the new cluster", expires_at });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      client_id: client.clientId,
      registration_access_token: client.registrationToken,
      client_secret_expires_at: expires_at,
      secret: { description: "For the new cluster", hint: `…${body.client_secret?.slice(-4) ?? ""}` },
    });
    for (const secret of [client.secret, body.client_secret]) expect(await statuses(client, secret)).toEqual(accepted);
    for (const wrong of ["", "kept.apart", `${client.secret}x`, client.secret.slice(1)]) {
      expect(await statuses(client, wrong)).not.toContain(200);
    }
    const listed = await list(client);
    expect(listed).toMatchObject([
      { description: "", hint: `…${client.secret.slice(-4)}`, expires_at: 0 },
      { ...body.secret },
    ]);
    expect(JSON.stringify(listed)).not.toContain(client.secret.slice(0, 20));
    const rows = await running.deps.database.inTenant(at.tenant.id, (tx) => tenantDb(tx).clientSecret.findMany());
    for (const secret of [client.secret, body.client_secret ?? "-"]) expect(JSON.stringify(rows)).not.toContain(secret);
  });

  it("end when they were told to, and not a moment later", async () => {
    const { body } = await add(client, { expires_at: inSeconds(60) });
    offsetMs = 58_000;
    expect(await statuses(client, body.client_secret)).toEqual(accepted);
    offsetMs = 61_000;
    expect(await statuses(client, body.client_secret)).toEqual(refused);
    expect(await statuses(client, client.secret)).toEqual(accepted);
    expect((await list(client)).map(({ id }) => id)).toContain(body.secret?.id);
  });

  it("are dead at once when they are removed, though they were just used; once more is no failure", async () => {
    const { body } = await add(client);
    expect(await statuses(client, client.secret)).toEqual(accepted);
    const [first] = await list(client);
    for (let time = 0; time < 2; time += 1) expect((await remove(client, first?.id)).status).toBe(204);
    expect(await statuses(client, client.secret)).toEqual(refused);
    expect(await statuses(client, body.client_secret)).toEqual(accepted);
  });

  it("work at once in every process, and are dead in the others within two seconds", async () => {
    const other = createAuthorizationServer({ ...running.deps, connectorIds: ["own"] });
    const { body } = await add(client);
    expect(await statuses(client, body.client_secret, other)).toEqual(accepted);
    const later = await add(client);
    expect(await statuses(client, later.body.client_secret, other)).toEqual(accepted);
    await remove(client, body.secret?.id);
    offsetMs += 2_001;
    expect(await statuses(client, body.client_secret, other)).toEqual(refused);
    expect(await statuses(client, later.body.client_secret, other)).toEqual(accepted);
  });

  it("stop at five, even for those who ask at the same time, and there is room again when one is removed", async () => {
    const answers = await Promise.all(Array.from({ length: 7 }, () => add(client)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 201, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toEqual({
      error: "invalid_client_metadata",
      error_description: "this client has 5 secrets, which is as many as it may have: remove one first",
    });
    expect(await list(client)).toHaveLength(5);
    await remove(client, (await list(client))[2]?.id);
    expect((await add(client)).status).toBe(201);
  });

  it("are never all removed: the last one that works stays, at the same time too", async () => {
    const [only] = await list(client);
    expect(await remove(client, only?.id)).toMatchObject({
      status: 409,
      body: { error_description: expect.stringContaining("last secret that works") as string },
    });
    const short = await add(client, { expires_at: inSeconds(60) });
    offsetMs = 61_000;
    // One that has ended does not count, and may go.
    expect((await remove(client, only?.id)).status).toBe(409);
    expect((await remove(client, short.body.secret?.id)).status).toBe(204);
    await add(client);
    const removals = await Promise.all((await list(client)).map(({ id }) => remove(client, id)));
    expect(removals.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect(await list(client)).toHaveLength(1);
  });

  it.each([
    ["a time that is over", { expires_at: 1 }, "expires_at must be a time in the future"],
    ["a time of text", { expires_at: "tomorrow" }, "expires_at must be a time in the future"],
    ["half a second", { expires_at: 4_000_000_000.5 }, "expires_at must be a time in the future"],
    ["a description that forges what people read", { description: "x\u202e" }, "description must be a text"],
    ["an endless description", { description: "x".repeat(201) }, "description must be a text"],
  ])("are not made with %s, and the answer names the member", async (_what, wish, words) => {
    const { status, body } = await add(client, wish);
    expect({ status, body }).toMatchObject({ status: 400, body: { error: "invalid_client_metadata" } });
    expect(body["error_description"]).toContain(words);
    expect(await list(client)).toHaveLength(1);
  });

  it("all end when the secret is replaced", async () => {
    const { body } = await add(client);
    const rotated = await call(`${client.registrationUri}/secret`, "POST", client.registrationToken);
    expect(rotated).toMatchObject({ status: 200, body: { secret: { expires_at: 0 }, client_secret_expires_at: 0 } });
    for (const dead of [client.secret, body.client_secret]) expect(await statuses(client, dead)).toEqual(refused);
    expect(await statuses(client, rotated.body.client_secret)).toEqual(accepted);
    expect(await list(client)).toMatchObject([{ id: rotated.body.secret?.id }]);
  });

  it("go with the client", async () => {
    await add(client);
    await call(client.registrationUri, "DELETE", client.registrationToken);
    const rows = await running.deps.database.inTenant(at.tenant.id, (tx) =>
      tenantDb(tx).clientSecret.findMany({ where: { clientId: client.clientId } }),
    );
    expect(rows).toEqual([]);
    expect((await add(client)).status).toBe(401);
  });
});

describe("an update (RFC 7592)", () => {
  const update = async (metadata: Record<string, unknown>) => {
    const { registrationUri, registrationToken, clientId } = client;
    const answer = await call(registrationUri, "PUT", registrationToken, {
      ...{ client_id: clientId, redirect_uris: [testRedirectUri], grant_types: ["authorization_code"] },
      ...metadata,
    });
    if (answer.status === 200) client.registrationToken = String(answer.body["registration_access_token"]);
    return answer;
  };

  it("keeps all secrets, whichever of them it repeats, one that has ended too; it shows none", async () => {
    const { body } = await add(client, { expires_at: inSeconds(60) });
    for (const secret of [undefined, client.secret, body.client_secret]) {
      const { status, body: updated } = await update({ ...(secret && { client_secret: secret }) });
      expect(status).toBe(200);
      expect(updated).not.toHaveProperty("client_secret");
    }
    offsetMs = 61_000;
    expect((await update({ client_secret: body.client_secret })).status).toBe(200);
    expect((await update({ client_secret: "kept.apart" })).status).toBe(400);
    expect(await list(client)).toHaveLength(2);
  });

  it("to a client without a secret ends them all for good", async () => {
    await add(client);
    expect((await update({ token_endpoint_auth_method: "none" })).status).toBe(200);
    expect(await list(client)).toEqual([]);
    expect(await add(client)).toMatchObject({
      status: 400,
      body: { error_description: expect.stringContaining("token_endpoint_auth_method") as string },
    });
    const { status, body } = await update({ grant_types: ["client_credentials"], redirect_uris: [] });
    expect(status).toBe(200);
    expect(await statuses(client, client.secret)).toEqual(refused);
    expect(await statuses(client, body.client_secret)).toEqual(accepted);
    expect(await list(client)).toHaveLength(1);
  });

  it("and a new secret reach a client whose chosen id has dots", async () => {
    client = await at.register({ preset_client_id: `shop.${crypto.randomUUID()}` });
    expect((await update({ client_secret: client.secret })).status).toBe(200);
    expect((await add(client)).status).toBe(201);
    const rotated = await call(`${client.registrationUri}/secret`, "POST", client.registrationToken);
    expect(rotated.status).toBe(200);
  });
});

describe("the secrets of a client are closed", () => {
  it("to everybody without its own registration access token", async () => {
    const { body } = await add(client);
    const other = await at.register();
    for (const registrationToken of [other.registrationToken, at.initialAccessToken, "invented", client.secret]) {
      const stranger = { ...client, registrationToken };
      expect((await add(stranger)).status).toBe(401);
      expect(await list(stranger)).toEqual([]);
      expect((await remove(stranger, body.secret?.id)).status).toBe(401);
    }
    // Through another client's address, an id of a secret is nobody's.
    expect((await remove(other, body.secret?.id)).status).toBe(204);
    expect(await statuses(client, body.client_secret)).toEqual(accepted);
  });

  it("to other tenants, even where a client there has the same id", async () => {
    const there = await testIssuer(running);
    const preset_client_id = `shared-${crypto.randomUUID()}`;
    const [ours, theirs] = [await at.register({ preset_client_id }), await there.register({ preset_client_id })];
    const { body } = await add(theirs);
    for (const secret of [theirs.secret, body.client_secret]) expect(await statuses(ours, secret)).toEqual(refused);
    expect(await statuses(ours, ours.secret)).toEqual(accepted);
    expect((await add({ ...ours, registrationToken: theirs.registrationToken })).status).toBe(401);
    await call(ours.registrationUri, "DELETE", ours.registrationToken);
    expect(await list(theirs)).toHaveLength(2);
  });
});
