import { describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { findCredentialOwner } from "#lib/data/gateway-credentials.ts";
import { tokenDigest } from "#lib/foundation/ids.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import { createGatewayCredential } from "./create.ts";
import { listGatewayCredentials } from "./list.ts";
import { revokeGatewayCredential } from "./revoke.ts";

const administrator = async () => (await testTenant()).caller("ADMINISTRATOR");

describe("gateway credentials", () => {
  it("are shown once; what is stored, listed and audited does not contain them", async () => {
    const ctx = await administrator();
    const { credential, ...view } = await createGatewayCredential(ctx, { name: "Edge" });
    expect(credential).toMatch(/^lkg_[A-Za-z0-9_-]{43}$/);
    expect(credential.startsWith(view.prefix)).toBe(true);
    expect((await listGatewayCredentials(ctx, {})).items).toEqual([view]);

    const stored = await ctx.deps.database.inTenant(ctx.tenant.id, async (tx) => ({
      rows: await tenantDb(tx).gatewayCredential.findMany(),
      audit: await tenantDb(tx).auditEvent.findMany({ where: { subjectId: view.id } }),
    }));
    expect(stored.audit).toMatchObject([{ action: "gateway_credential.create", subjectName: "Edge" }]);
    expect(JSON.stringify(stored)).not.toContain(credential.slice(12));
  });

  it("belong to one tenant, and to nobody once they are revoked", async () => {
    const ctx = await administrator();
    const { id, credential } = await createGatewayCredential(ctx, { name: "Edge" });
    const owner = () => ctx.deps.database.inInstallation((tx) => findCredentialOwner(tx, tokenDigest(credential)));
    expect(await owner()).toEqual({ id, tenantId: ctx.tenant.id });
    const { revokedAt } = await revokeGatewayCredential(ctx, { id });
    expect(await owner()).toBeNull();
    expect(await revokeGatewayCredential(ctx, { id })).toMatchObject({ revokedAt });
  });

  it("have names of their own", async () => {
    const ctx = await administrator();
    await createGatewayCredential(ctx, { name: "Edge" });
    await expect(createGatewayCredential(ctx, { name: " Edge " })).rejects.toMatchObject({
      code: "gateway_credential.conflict",
      fields: [{ path: "name" }],
    });
    await expect(createGatewayCredential(ctx, { name: " " })).rejects.toMatchObject({ code: "input.invalid" });
  });

  it("of another tenant do not exist", async () => {
    const [ctx, stranger] = await Promise.all([administrator(), administrator()]);
    const { id } = await createGatewayCredential(ctx, { name: "Edge" });
    expect((await listGatewayCredentials(stranger, {})).items).toEqual([]);
    await expect(revokeGatewayCredential(stranger, { id })).rejects.toMatchObject({
      code: "gateway_credential.not_found",
    });
  });

  it("are listed in pages, newest first, and found by name", async () => {
    const ctx = await administrator();
    for (const name of ["One", "Two", "Three"]) await createGatewayCredential(ctx, { name });
    const first = await listGatewayCredentials(ctx, { limit: 2 });
    expect(first.items.map(({ name }) => name)).toEqual(["Three", "Two"]);
    const second = await listGatewayCredentials(ctx, { limit: 2, cursor: first.nextCursor ?? "" });
    expect(second).toMatchObject({ items: [{ name: "One" }], nextCursor: null });
    expect((await listGatewayCredentials(ctx, { search: "tw" })).items).toMatchObject([{ name: "Two" }]);
  });

  it("are for administrators only", async () => {
    const ctx = await (await testTenant()).caller("CREATOR", "DEVELOPER");
    const refusal = { code: "auth.forbidden" };
    await expect(createGatewayCredential(ctx, { name: "Edge" })).rejects.toMatchObject(refusal);
    await expect(listGatewayCredentials(ctx, {})).rejects.toMatchObject(refusal);
  });
});
