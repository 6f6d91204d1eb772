import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installationDb, tenantDb } from "#lib/data/database.ts";
import { createGatewayCredential } from "#lib/features/gateway-credentials/create.ts";
import { listGatewayCredentials } from "#lib/features/gateway-credentials/list.ts";
import { revokeGatewayCredential } from "#lib/features/gateway-credentials/revoke.ts";
import {
  makeGlobalReporter,
  readGlobalReporter,
  removeGlobalReporter,
} from "#lib/features/global-key-managers/reporter.ts";
import { listRevocations } from "#lib/features/revocations/list.ts";
import { newId } from "#lib/foundation/ids.ts";
import { gatewayTenant, keySetOutbound, serveValidationPlane, within5Seconds } from "#tooling/testing/gateway.ts";
import { globalWorld } from "#tooling/testing/global-key-managers.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";
import { consumerKey, signingPair, signToken, type SigningPair, type TokenParts } from "#tooling/testing/validation.ts";

let pair: SigningPair;
let plane: Awaited<ReturnType<typeof serveValidationPlane>>;
const deps = testDependencies({ outbound: keySetOutbound(() => [pair.publicJwk]) });

beforeAll(async () => {
  pair = await signingPair();
  plane = await serveValidationPlane(deps);
});
afterAll(() => plane.stop());

const token = (parts: TokenParts = {}) => signToken(pair, parts, Math.floor(Date.now() / 1000));
const bearer = (credential: string) => `Bearer ${credential}`;
const password = (credential: string) => `Basic ${Buffer.from(`anybody:${credential}`).toString("base64")}`;

/** A tenant whose key manager may report what it revokes. */
async function world() {
  const tenant = await gatewayTenant(deps);
  const made = await createGatewayCredential(tenant.administrator, {
    name: "Shop identity's reports",
    reports: tenant.ids.keyManager,
  });
  return { ...tenant, reporter: made };
}

async function post(authorization: string | undefined, body: unknown, path = "revocations", at = plane.address) {
  const response = await fetch(`http://${at}/gateway/v1/${path}`, {
    method: "POST",
    headers: authorization === undefined ? {} : { Authorization: authorization },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

const ask = async (credential: string, asked: string) =>
  (await post(bearer(credential), { token: asked, method: "GET", requestPath: "/orders/1.0.0/items/7" }, "validate"))
    .body;

describe("an authorization server", () => {
  it.each<[string, (asked: string) => Record<string, unknown>]>([
    ["a token", (asked) => ({ token: asked })],
    ["a token's id", () => ({ revocations: [{ tokenId: "token-1" }] })],
    ["a consumer key", () => ({ consumerKey })],
    [
      "a subject in a typed event",
      () => ({
        type: "subject_entity_revocation_event",
        entityType: "USER_ID",
        entityId: "user-1",
        revocationTime: Date.now() + 1_000,
      }),
    ],
  ])("reports %s, and gateways refuse within five seconds what passed before", async (_case, report) => {
    const { reporter, credential } = await world();
    const passed = await token();
    expect(await ask(credential, passed)).toMatchObject({ allowed: true });
    const { status, body } = await post(bearer(reporter.credential), report(passed));
    expect({ status, body }).toEqual({ status: 200, body: { accepted: expect.any(Number) as unknown } });
    const refused = await within5Seconds(
      () => ask(credential, passed),
      ({ allowed }) => allowed === false,
    );
    expect(refused).toMatchObject({ reason: "token_revoked" });
  });

  it("may say it twice, by either form of its credential; who said it and when is on record, no token is", async () => {
    const { administrator, reporter } = await world();
    const pasted = await token();
    const issuedBefore = Math.floor(Date.now() / 1000);
    const report = { revocations: [{ token: pasted }, { consumerKey, issuedBefore }, { consumerKey, issuedBefore }] };
    for (const form of [bearer, password]) {
      expect(await post(form(reporter.credential), report)).toMatchObject({ status: 200, body: { accepted: 4 } });
    }
    const { items } = await listRevocations(administrator, {});
    const told = items.map(({ kind, keyManager, revokedBy }) => ({ kind, keyManager, revokedBy }));
    const common = { keyManager: "Shop identity", revokedBy: "Shop identity's reports" };
    expect(told).toHaveLength(3);
    expect(told).toEqual(
      expect.arrayContaining(["TOKEN_ID", "TOKEN_DIGEST", "CONSUMER_KEY"].map((kind) => ({ kind, ...common }))),
    );
    const audit = await deps.database.inTenant(administrator.tenant.id, (tx) =>
      tenantDb(tx).auditEvent.findMany({ where: { action: "revocation.report" } }),
    );
    expect(audit).toHaveLength(2);
    expect(audit[0]).toMatchObject({ actorName: "Shop identity's reports", subjectName: "Shop identity" });
    expect(JSON.stringify([items, audit])).not.toContain(pasted.split(".")[2]);
    const [seen] = (await listGatewayCredentials(administrator, { search: "reports" })).items;
    expect(seen?.lastUsedAt).not.toBeNull();
  });

  it("revokes tokens of its own alone, in its own tenant", async () => {
    const [here, there] = [await world(), await world()];
    const passed = await token();
    expect(await ask(there.credential, passed)).toMatchObject({ allowed: true });
    await post(bearer(here.reporter.credential), { token: passed });
    const refused = await within5Seconds(
      () => ask(here.credential, passed),
      ({ allowed }) => allowed === false,
    );
    expect(refused).toMatchObject({ reason: "token_revoked" });
    expect(await ask(there.credential, passed)).toMatchObject({ allowed: true });
    expect((await listRevocations(there.administrator, {})).items).toEqual([]);
  });
});

describe("a global key manager", () => {
  it("reports what it revokes for every tenant that it serves, with the credential that it has at the moment", async () => {
    const globals = await globalWorld();
    const { id } = await globals.register();
    const [here, there] = [await globals.here.caller("ADMINISTRATOR"), await globals.there.caller("ADMINISTRATOR")];
    const bystander = await world();
    const former = await makeGlobalReporter(globals.operator, { id });
    const { credential, prefix } = await makeGlobalReporter(globals.operator, { id });
    expect(credential).toMatch(/^lkr_[A-Za-z0-9_-]{43}$/);
    expect((await post(bearer(former.credential), { subject: "ada" })).status).toBe(401);
    expect(await post(bearer(credential), { revocations: [{ subject: "ada" }, { tokenId: "t-1" }] })).toMatchObject({
      status: 200,
      body: { accepted: 2 },
    });
    const expected = { keyManager: "Group login", revokedBy: "Group login" };
    for (const ctx of [here, there]) {
      const { items } = await listRevocations(ctx, {});
      expect(items).toHaveLength(2);
      expect(items).toEqual(
        expect.arrayContaining(
          ["ada", "t-1"].map((value) => expect.objectContaining({ value, ...expected }) as unknown),
        ),
      );
      const audit = await deps.database.inTenant(ctx.tenant.id, (tx) =>
        tenantDb(tx).auditEvent.findMany({ where: { action: "revocation.report" } }),
      );
      expect(audit).toMatchObject([{ actorName: "Group login", after: { revoked: [{ value: "ada" }] } }]);
    }
    expect((await listRevocations(bystander.administrator, {})).items).toEqual([]);
    const lastUsedAt = expect.any(String) as unknown;
    expect(await readGlobalReporter(globals.operator, { id })).toMatchObject({ prefix, lastUsedAt });
    expect((await post(bearer(credential), { token: "x" }, "validate")).status).toBe(401);
    await removeGlobalReporter(globals.operator, { id });
    expect((await post(bearer(credential), { subject: "ada" })).status).toBe(401);
    expect(await readGlobalReporter(globals.operator, { id })).toBeNull();
  });

  it("goes on where it stopped when a report that is too much for one answer is sent again", async () => {
    const globals = await globalWorld();
    const { id } = await globals.register();
    const { credential } = await makeGlobalReporter(globals.operator, { id });
    // Half a minute passes between one look at the clock and the next.
    const time = { stepMs: 30_000, looks: 0 };
    const slow = testDependencies({ clock: { now: () => new Date(Date.now() + time.stepMs * time.looks++) } });
    const slowPlane = await serveValidationPlane(slow);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const tokens = Array.from(
      { length: 1_000 },
      (_, index) => `${part({ alg: "none" })}.${part({ jti: `t-${String(index)}` })}.x`,
    );
    const report = { revocations: tokens.map((one) => ({ token: one })) };
    const send = () => post(bearer(credential), report, "revocations", slowPlane.address);
    const states = () =>
      Promise.all(
        [globals.here, globals.there].map(({ id: tenantId }) =>
          deps.database.inInstallation(async (tx) => {
            const db = installationDb(tx);
            const { configVersion } = await db.tenant.findUniqueOrThrow({ where: { id: tenantId } });
            return { configVersion, revoked: await db.revocation.count({ where: { tenantId } }) };
          }),
        ),
      );

    const { status, headers, body } = await send();
    expect({ status, body }).toMatchObject({ status: 503, body: { code: "unavailable" } });
    expect(headers.get("retry-after")).toBe("1");
    const between = await states();
    expect(between.map(({ revoked }) => revoked).sort()).toEqual([0, 2_000]);

    time.stepMs = 0;
    expect(await send()).toMatchObject({ status: 200, body: { accepted: 2_000 } });
    const after = await states();
    expect(after.map(({ revoked }) => revoked)).toEqual([2_000, 2_000]);
    // Where it was in force already, nothing changed.
    const first = between.findIndex(({ revoked }) => revoked > 0);
    expect(after[first]).toEqual(between[first]);
    await slowPlane.stop();
  });

  it("gets its credential from an operator and nobody else", async () => {
    const globals = await globalWorld();
    const { id } = await globals.register();
    const { actor, requestId } = await globals.here.caller("ADMINISTRATOR");
    const administrator = { actor, requestId, deps: globals.deps };
    for (const verb of [makeGlobalReporter, readGlobalReporter, removeGlobalReporter]) {
      await expect(verb(administrator, { id })).rejects.toMatchObject({ code: "auth.forbidden" });
      await expect(verb(globals.operator, { id: newId() })).rejects.toMatchObject({ code: "key_manager.not_found" });
    }
  });
});

describe("its credential", () => {
  it("opens nothing else, and no other opens its door; revoked, it ends at once", async () => {
    const { administrator, reporter, credential } = await world();
    expect(reporter.credential).toMatch(/^lkr_[A-Za-z0-9_-]{43}$/);
    const asGateway = `lkg_${reporter.credential.slice(4)}`;
    for (const wrong of [reporter.credential, asGateway]) {
      expect((await post(bearer(wrong), { token: "x" }, "validate")).status).toBe(401);
    }
    const wrongs = [undefined, "", bearer(credential), bearer("lkr_short"), bearer(`lkr_${credential.slice(4)}`)];
    for (const wrong of [...wrongs, bearer(`lkr_${"x".repeat(43)}`)]) {
      const { status, headers, body } = await post(wrong, { subject: "user-1" });
      expect({ status, body }).toMatchObject({ status: 401, body: { code: "auth.failed" } });
      expect(headers.get("www-authenticate")).toContain("Bearer");
    }
    expect((await post(bearer(reporter.credential), { subject: "user-1" })).status).toBe(200);
    await revokeGatewayCredential(administrator, { id: reporter.id });
    expect((await post(bearer(reporter.credential), { subject: "user-1" })).status).toBe(401);
  });

  it("is made for a key manager of the tenant, by its name in the list", async () => {
    const { administrator, reporter, ids } = await world();
    const reports = { id: ids.keyManager, displayName: "Shop identity" };
    expect(reporter).toMatchObject({ reports });
    const { items } = await listGatewayCredentials(administrator, {});
    expect(items).toMatchObject([
      { name: "Shop identity's reports", reports },
      { name: "Edge", reports: null },
    ]);
    const stranger = await world();
    for (const id of [newId(), stranger.ids.keyManager]) {
      await expect(createGatewayCredential(administrator, { name: "No", reports: id })).rejects.toMatchObject({
        fields: [{ path: "reports" }],
      });
    }
  });
});

describe("a report that is none", () => {
  it.each<[string, unknown, number]>([
    ["no JSON", "token=abc", 400],
    ["an array", [{ subject: "a" }], 400],
    ["a member named twice", '{"subject":"a","subject":"b"}', 400],
    ["something else", { hello: "world" }, 400],
    ["more than anybody reports at once", { token: "x".repeat(300_000) }, 413],
  ])("is refused: %s", async (_case, body, expected) => {
    const { administrator, reporter } = await world();
    const { status, body: answer } = await post(bearer(reporter.credential), body);
    expect({ status, answer }).toMatchObject({ status: expected, answer: { code: "input.invalid" } });
    expect((await listRevocations(administrator, {})).items).toEqual([]);
  });

  it("is refused by its method before anything else", async () => {
    const response = await fetch(`http://${plane.address}/gateway/v1/revocations`);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });
});
