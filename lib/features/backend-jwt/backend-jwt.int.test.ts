import { describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import { defaultBackendJwt, type BackendJwtInput } from "./contract.ts";
import { readBackendJwt } from "./read.ts";
import { updateBackendJwt } from "./update.ts";

const administrator = async () => (await testTenant()).caller("ADMINISTRATOR");
const chosen: BackendJwtInput = {
  enabled: true,
  algorithm: "RS256",
  header: "X-Caller",
  ttlSeconds: 120,
  dialect: "WSO2",
  omittedClaims: ["sub", "department"],
};

describe("what backends are told", () => {
  it("is nothing until somebody chooses it; then it stays, with an audit of what changed", async () => {
    const ctx = await administrator();
    const address = `http://latchkey.test/t/${ctx.tenant.slug}/gateway`;
    const addresses = { issuer: address, keySetAddress: `${address}/keys` };
    expect(await readBackendJwt(ctx, {})).toEqual({ ...defaultBackendJwt, ...addresses });
    expect(defaultBackendJwt.enabled).toBe(false);

    const saved = await updateBackendJwt(ctx, { ...chosen, omittedClaims: ["sub", "department", "sub"] });
    expect(saved).toEqual({ ...chosen, ...addresses });
    expect(await readBackendJwt(ctx, {})).toEqual(saved);
    await updateBackendJwt(ctx, { ...chosen, enabled: false });
    const audit = await ctx.deps.database.inTenant(ctx.tenant.id, (tx) =>
      tenantDb(tx).auditEvent.findMany({ where: { action: "backend_jwt.update" }, orderBy: { at: "asc" } }),
    );
    expect(audit).toMatchObject([
      { subjectName: "Backend JWT", before: defaultBackendJwt, after: chosen },
      { before: chosen, after: { ...chosen, enabled: false } },
    ]);
  });

  it("is each tenant's own", async () => {
    const [here, there] = [await administrator(), await administrator()];
    await updateBackendJwt(here, chosen);
    expect(await readBackendJwt(there, {})).toMatchObject({ enabled: false });
  });

  it("is for administrators only", async () => {
    const ctx = await (await testTenant()).caller("CREATOR", "DEVELOPER");
    const refusal = { code: "auth.forbidden" };
    await expect(readBackendJwt(ctx, {})).rejects.toMatchObject(refusal);
    await expect(updateBackendJwt(ctx, chosen)).rejects.toMatchObject(refusal);
  });
});
