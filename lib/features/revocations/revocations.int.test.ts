import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectors } from "#connectors/registry.ts";
import { tenantDb } from "#lib/data/database.ts";
import { isOwnTokenRevoked } from "#lib/data/revocations.ts";
import { newId } from "#lib/foundation/ids.ts";
import { gatewayTenant, keySetOutbound, serveValidationPlane, within5Seconds } from "#tooling/testing/gateway.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import { consumerKey, signingPair, signToken, type SigningPair, type TokenParts } from "#tooling/testing/validation.ts";
import type { Context } from "../context.ts";
import type { RevokeTokensInput } from "./contract.ts";
import { listRevocations } from "./list.ts";
import { revokeApplicationTokens, revokeKeyTokens, revokeOwnApplicationTokens } from "./revoke-issued.ts";
import { revokeTokens } from "./revoke.ts";

let pair: SigningPair;
let plane: Awaited<ReturnType<typeof serveValidationPlane>>;
const deps = testDependencies({ outbound: keySetOutbound(() => [pair.publicJwk]) });

beforeAll(async () => {
  pair = await signingPair();
  plane = await serveValidationPlane(deps);
});
afterAll(() => plane.stop());

type Tenant = Awaited<ReturnType<typeof gatewayTenant>>;
const token = (parts: TokenParts = {}) => signToken(pair, parts, Math.floor(Date.now() / 1000));

async function ask({ credential }: Tenant, asked: string) {
  const response = await fetch(`http://${plane.address}/gateway/v1/validate`, {
    method: "POST",
    headers: { Authorization: `Bearer ${credential}` },
    body: JSON.stringify({ token: asked, method: "GET", requestPath: "/orders/1.0.0/items/7" }),
  });
  return (await response.json()) as { allowed: boolean; reason?: string };
}

const auditOf = (ctx: Context, action: string) =>
  deps.database.inTenant(ctx.tenant.id, (tx) => tenantDb(tx).auditEvent.findMany({ where: { action } }));

describe("an administrator", () => {
  it.each<[string, (asked: string) => Pick<RevokeTokensInput, "what" | "value">]>([
    ["one token", (value) => ({ what: "TOKEN", value: ` ${value}\n` })],
    ["one token by its id", () => ({ what: "TOKEN_ID", value: "token-1" })],
    ["all tokens of a consumer key", () => ({ what: "CONSUMER_KEY", value: consumerKey })],
    ["all tokens of a subject", () => ({ what: "SUBJECT", value: "user-1" })],
  ])(
    "revokes %s: gateways refuse what passed before, within five seconds, and what comes later passes",
    async (...of) => {
      const [, input] = of;
      const tenant = await gatewayTenant(deps);
      const [passed, later] = [await token(), await token({ claims: { jti: "later", iat: Date.now() / 1000 + 30 } })];
      expect(await ask(tenant, passed)).toMatchObject({ allowed: true });
      await revokeTokens(tenant.administrator, { keyManagerId: tenant.ids.keyManager, ...input(passed) });
      const refused = await within5Seconds(
        () => ask(tenant, passed),
        ({ allowed }) => !allowed,
      );
      expect(refused).toMatchObject({ reason: "token_revoked" });
      expect(await ask(tenant, later)).toMatchObject({ allowed: true });
    },
  );

  it("leaves nothing of a pasted token but its id and digest, in the list and in the audit", async () => {
    const { administrator, ids } = await gatewayTenant(deps);
    const pasted = await token();
    await revokeTokens(administrator, { keyManagerId: ids.keyManager, what: "TOKEN", value: pasted });
    const { items } = await listRevocations(administrator, {});
    const { name } = administrator.actor;
    const common = { keyManager: "Shop identity", revokedBy: name, issuedBefore: null };
    expect(items).toHaveLength(2);
    expect(items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...common, kind: "TOKEN_ID", value: "token-1" }),
        expect.objectContaining({ ...common, kind: "TOKEN_DIGEST" }),
      ]),
    );
    const audit = await auditOf(administrator, "revocation.create");
    expect(audit).toMatchObject([{ subjectName: "Shop identity", actorName: name }]);
    expect(JSON.stringify([items, audit])).not.toContain(pasted.split(".")[2]);
  });

  it("is told what is wrong with a token, without the token", async () => {
    const { administrator, ids } = await gatewayTenant(deps);
    const paste = (value: string) =>
      revokeTokens(administrator, { keyManagerId: ids.keyManager, what: "TOKEN", value });
    for (const claims of [{ iss: "https://elsewhere.example" }, { exp: 1_600_000_000 }]) {
      const pasted = await token({ claims });
      const refusal: unknown = await paste(pasted).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: "input.invalid", fields: [{ path: "value" }] });
      expect(JSON.stringify(refusal)).not.toContain(pasted.slice(-40));
    }
    await expect(paste("two words")).rejects.toMatchObject({ fields: [{ path: "value" }] });
    await expect(
      revokeTokens(administrator, { keyManagerId: newId(), what: "SUBJECT", value: "user-1" }),
    ).rejects.toMatchObject({ code: "key_manager.not_found" });
  });

  it("learns whom the revocation of a consumer key hits, at this key manager and not another, then and in the list", async () => {
    const { administrator, tenantId, ids } = await gatewayTenant(deps);
    const elsewhere = newId();
    const connectorId = connectors.find(({ permanent }) => !permanent)?.id ?? "";
    await deps.database.inTenant(tenantId, (tx) =>
      tenantDb(tx).keyManager.create({
        data: {
          ...{ tenantId, id: elsewhere, name: "elsewhere", displayName: "Elsewhere", connectorId },
          ...{ issuer: "https://elsewhere.example", endpoints: {}, grantTypes: [], signingKeys: { kind: "none" } },
          ...{ connection: {}, sealedSecrets: {} },
        },
      }),
    );
    const revoke = (keyManagerId: string, value: string) =>
      revokeTokens(administrator, { keyManagerId, what: "CONSUMER_KEY", value });
    const holder = { id: ids.application, name: "Läden & Co", keyType: "PRODUCTION" };
    const [shop, other] = [
      { what: "CONSUMER_KEY", keyManager: "Shop identity" },
      { what: "CONSUMER_KEY", keyManager: "Elsewhere" },
    ];
    expect(await revoke(ids.keyManager, consumerKey)).toEqual({ ...shop, holder });
    expect(await revoke(ids.keyManager, "mistyped")).toEqual({ ...shop, holder: null });
    expect(await revoke(elsewhere, consumerKey)).toEqual({ ...other, holder: null });
    await revokeTokens(administrator, { keyManagerId: ids.keyManager, what: "SUBJECT", value: consumerKey });
    const { items } = await listRevocations(administrator, {});
    expect(items.map((item) => [item.kind, item.keyManager, item.value, item.holder])).toEqual([
      ["SUBJECT", "Shop identity", consumerKey, null],
      ["CONSUMER_KEY", "Elsewhere", consumerKey, null],
      ["CONSUMER_KEY", "Shop identity", "mistyped", null],
      ["CONSUMER_KEY", "Shop identity", consumerKey, holder],
    ]);
  });

  it("learns whether a pasted token was revoked as an opaque one", async () => {
    const { administrator, ids } = await gatewayTenant(deps);
    const paste = (value: string) =>
      revokeTokens(administrator, { keyManagerId: ids.keyManager, what: "TOKEN", value });
    expect(await paste(await token())).toEqual({ what: "TOKEN", isOpaque: false });
    expect(await paste("6be6cb01-fd7e-3fa8-bf42-1d6b2f9c0a3e")).toEqual({ what: "TOKEN", isOpaque: true });
  });

  it("sees what is revoked page by page, newest first, and finds it by a part of it", async () => {
    const { administrator, ids } = await gatewayTenant(deps);
    for (const value of ["ada", "ben", "100%"]) {
      await revokeTokens(administrator, { keyManagerId: ids.keyManager, what: "SUBJECT", value });
    }
    const first = await listRevocations(administrator, { limit: 2 });
    expect(first.items.map(({ value }) => value)).toEqual(["100%", "ben"]);
    const second = await listRevocations(administrator, { limit: 2, cursor: first.nextCursor ?? "" });
    expect(second).toMatchObject({ items: [{ value: "ada" }], nextCursor: null });
    expect((await listRevocations(administrator, { search: "0%" })).items).toHaveLength(1);
    expect((await listRevocations(administrator, { search: "%" })).items).toHaveLength(1);
    const stranger = await (await testTenant(deps)).caller("ADMINISTRATOR");
    expect(await listRevocations(stranger, {})).toEqual({ items: [], nextCursor: null });
  });

  it("revokes what the tenant's own server issued: its introspection says so", async () => {
    const tenant = await testTenant(deps);
    const ctx = await tenant.caller("ADMINISTRATOR");
    const keyManagerId = newId();
    const connectorId = connectors.find(({ permanent }) => permanent)?.id ?? "";
    await deps.database.inTenant(tenant.id, (tx) =>
      tenantDb(tx).keyManager.create({
        data: {
          ...{ tenantId: tenant.id, id: keyManagerId, name: "own", displayName: "Own", connectorId },
          ...{ issuer: `http://latchkey.test/t/${tenant.slug}/oidc`, endpoints: {}, grantTypes: [] },
          ...{ signingKeys: { kind: "none" }, connection: {}, sealedSecrets: {} },
        },
      }),
    );
    await revokeTokens(ctx, { keyManagerId, what: "SUBJECT", value: "ada" });
    const issued = (issuedAt: Date) => ({ tokenId: "t", consumerKey: "c", subject: "ada", issuedAt });
    const isRevoked = (issuedAt: Date) =>
      deps.database.inTenant(tenant.id, (tx) => isOwnTokenRevoked(tx, issued(issuedAt)));
    expect(await isRevoked(new Date(Math.floor(Date.now() / 1000) * 1000 - 1000))).toBe(true);
    expect(await isRevoked(new Date(Date.now() + 1_000))).toBe(false);
  });
});

describe("a developer", () => {
  it.each(["of the application", "of one of its keys"])("revokes the tokens %s issued so far", async (what) => {
    const tenant = await gatewayTenant(deps);
    const passed = await token();
    expect(await ask(tenant, passed)).toMatchObject({ allowed: true });
    const result =
      what === "of the application"
        ? await revokeOwnApplicationTokens(tenant.administrator, { id: tenant.ids.application })
        : await revokeKeyTokens(tenant.administrator, { id: tenant.ids.keyMapping });
    expect(result).toEqual({ count: 1, issuedBefore: expect.stringMatching(/:\d\d\.000Z$/) });
    const refused = await within5Seconds(
      () => ask(tenant, passed),
      ({ allowed }) => !allowed,
    );
    expect(refused).toMatchObject({ reason: "token_revoked" });
    const audit = await deps.database.inTenant(tenant.tenantId, (tx) =>
      tenantDb(tx).auditEvent.findMany({ where: { action: { endsWith: ".revoke_tokens" } } }),
    );
    expect(audit).toMatchObject([{ after: { consumerKeys: [consumerKey] } }]);
  });

  it("revokes nothing of somebody else's; an administrator may, and nobody of another tenant", async () => {
    const owner = await gatewayTenant(deps);
    const { id } = owner.administrator.tenant;
    const colleague = { ...(await (await testTenant(deps)).caller("DEVELOPER")), tenant: owner.administrator.tenant };
    const application = { id: owner.ids.application };
    await expect(revokeOwnApplicationTokens(colleague, application)).rejects.toMatchObject({
      code: "application.not_found",
    });
    await expect(revokeKeyTokens(colleague, { id: owner.ids.keyMapping })).rejects.toMatchObject({
      code: "key_mapping.not_found",
    });
    await expect(revokeApplicationTokens(colleague, application)).rejects.toMatchObject({ code: "auth.forbidden" });
    await expect(
      revokeTokens(colleague, { keyManagerId: owner.ids.keyManager, what: "SUBJECT", value: "user-1" }),
    ).rejects.toMatchObject({ code: "auth.forbidden" });
    await expect(listRevocations(colleague, {})).rejects.toMatchObject({ code: "auth.forbidden" });
    const stranger = await (await testTenant(deps)).caller("ADMINISTRATOR");
    await expect(revokeApplicationTokens(stranger, application)).rejects.toMatchObject({
      code: "application.not_found",
    });
    expect(await deps.database.inTenant(id, (tx) => tenantDb(tx).revocation.count())).toBe(0);
    expect(await revokeApplicationTokens(owner.administrator, application)).toMatchObject({ count: 1 });
  });
});
