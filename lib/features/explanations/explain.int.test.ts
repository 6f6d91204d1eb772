import { beforeAll, describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { gatewayTenant, keySetOutbound } from "#tooling/testing/gateway.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import { consumerKey, signingPair, signToken, type SigningPair, type TokenParts } from "#tooling/testing/validation.ts";
import type { RevocableThing } from "../revocations/contract.ts";
import { revokeTokens } from "../revocations/revoke.ts";
import { explainCall } from "./explain.ts";

type World = Awaited<ReturnType<typeof gatewayTenant>>;

let pair: SigningPair;
let world: World;
const deps = testDependencies({ outbound: keySetOutbound(() => [pair.publicJwk]) });

beforeAll(async () => {
  pair = await signingPair();
  world = await gatewayTenant(deps);
});

const token = (parts: TokenParts = {}) => signToken(pair, parts, Math.floor(Date.now() / 1000));
const explain = async (parts: TokenParts = {}, call: { method?: "GET" | "DELETE"; address?: string } = {}) =>
  explainCall(world.administrator, {
    token: `Bearer ${await token(parts)}\n`,
    method: "GET",
    address: "https://gateway.example/orders/1.0.0/items/7?x=1",
    ...call,
  });
const failed = ({ checks }: Awaited<ReturnType<typeof explain>>) =>
  checks.filter(({ outcome }) => outcome === "failed").map(({ name }) => name);

describe("explaining a call", () => {
  it("says which application opens it, with every check", async () => {
    const { verdict, checks } = await explain();
    expect(verdict).toEqual({
      ...{ allowed: true, api: "Orders 1.0.0", keyManager: "Shop identity", application: "Läden & Co", plan: "Gold" },
    });
    expect(checks.map(({ name }) => name)).toContain("subscription");
  });

  it("names what is wrong, as the tenant is at this moment", async () => {
    expect(failed(await explain({}, { method: "DELETE" }))).toEqual(["scopes"]);
    expect(failed(await explain({}, { address: "/orders/1.0.0/nothing" }))).toEqual(["resource"]);
    expect(failed(await explain({ claims: { client_id: "nobody" } }))).toEqual(["application"]);
    const { tenantId, ids } = world;
    const enable = (enabled: boolean) =>
      deps.database.inTenant(tenantId, (tx) =>
        tenantDb(tx).keyManager.update({ where: { tenantId, id: ids.keyManager }, data: { enabled } }),
      );
    await enable(false);
    expect(failed(await explain())).toEqual(["acceptance"]);
    await enable(true);
    expect(failed(await explain())).toEqual([]);
  });

  it("says as what a token was revoked: alone by its id or its digest, with all of its client or of its subject", async () => {
    const { administrator, ids } = world;
    const revoke = (what: RevocableThing, value: string) =>
      revokeTokens(administrator, { keyManagerId: ids.keyManager, what, value });
    const iat = Math.floor(Date.now() / 1000) - 60;
    const seenOf = async (claims: Record<string, unknown>) => {
      const { checks } = await explain({ claims: { iat, ...claims } });
      return checks.find(({ name, outcome }) => name === "revocation" && outcome === "failed")?.seen;
    };
    await revoke("TOKEN_ID", "gone");
    expect(failed(await explain({ claims: { jti: "gone" } }))).toEqual(["revocation"]);
    expect(failed(await explain({ claims: { jti: "another" } }))).toEqual([]);
    await revoke("SUBJECT", "user-1");
    expect(await seenOf({ jti: "gone" })).toBe("the token is, by its id gone");
    expect(await seenOf({})).toBe("all earlier tokens of the subject user-1 are");
    await revoke("CONSUMER_KEY", consumerKey);
    expect(await seenOf({})).toBe(`all earlier tokens of the consumer key ${consumerKey} are`);
    const pasted = await token({ claims: { jti: undefined } });
    await revoke("TOKEN", pasted);
    const call = { token: pasted, method: "GET" as const, address: "/orders/1.0.0/items/7" };
    expect((await explainCall(administrator, call)).checks.at(-1)?.seen).toBe("the token is, by its digest");
  });

  it("knows nothing of another tenant's APIs", async () => {
    const stranger = await (await testTenant(deps)).caller("DEVELOPER");
    const call = { token: await token(), method: "GET" as const, address: "/orders/1.0.0/items/7" };
    expect(failed(await explainCall(stranger, call))).toEqual(["api"]);
  });

  it("refuses bad input at its field, and who may not", async () => {
    const { administrator } = world;
    const good = { token: "opaque", method: "GET" as const, address: "/orders/1.0.0" };
    const wrong = [
      [{ token: "  " }, "token"],
      [{ token: "two words" }, "token"],
      [{ address: "orders" }, "address"],
      [{ address: "" }, "address"],
    ] as const;
    for (const [change, path] of wrong) {
      await expect(explainCall(administrator, { ...good, ...change })).rejects.toMatchObject({
        code: "input.invalid",
        fields: [expect.objectContaining({ path })],
      });
    }
    const nobody = await (await testTenant(deps)).caller();
    await expect(explainCall(nobody, good)).rejects.toMatchObject({ code: "auth.forbidden" });
  });
});
