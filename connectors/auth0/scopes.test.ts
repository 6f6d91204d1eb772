import { describe, expect, it } from "vitest";
import { apiIdentifier } from "./simulator.ts";
import { addApi, addClient, addGrant, findApi, type Tenant } from "./simulator-tenant.ts";
import { calls, failureOf, openedOn, specOf, world } from "./testing.ts";

const namesAt = (tenant: Tenant, audience = apiIdentifier) =>
  findApi(tenant, audience)?.scopes.map(({ value }) => value);

async function scopedWorld() {
  const opened = await world();
  const { scopes } = opened.adapter;
  if (!scopes) throw new Error("The connector manages no scopes.");
  return { ...opened, scopes };
}

describe("scopes of the API", () => {
  it("are added one by one to those that are there", async () => {
    const { tenant, scopes } = await scopedWorld();
    findApi(tenant, apiIdentifier)?.scopes.push({ value: "theirs", description: "Theirs" });
    await Promise.all(["a", "b", "c"].map((name) => scopes.save({ name, description: name })));
    expect(namesAt(tenant)).toEqual(["theirs", "a", "b", "c"]);
  });

  it("that stand already are not written again", async () => {
    const { vendor, scopes } = await scopedWorld();
    await scopes.save({ name: "a", description: "A" });
    const written = () => calls(vendor).filter((call) => call.startsWith("PATCH")).length;
    const before = written();
    await scopes.save({ name: "a", description: "A" });
    await scopes.remove("never-there");
    expect(written()).toBe(before);
  });

  it("survive another program that writes the list at the same time", async () => {
    const { vendor, tenant } = await scopedWorld();
    const original = vendor.fetch;
    let interferences = 1;
    const interfering: typeof original = async (url, init) => {
      const answer = await original(url, init);
      if (init?.method === "PATCH" && interferences > 0) {
        interferences -= 1;
        // The other one had read the list before, and replaces it with its own.
        const api = findApi(tenant, apiIdentifier);
        if (api) api.scopes = [{ value: "others" }];
      }
      return answer;
    };
    const { scopes } = openedOn({ ...vendor, fetch: interfering });
    await scopes?.save({ name: "ours", description: "" });
    expect(namesAt(tenant)).toEqual(["others", "ours"]);
    interferences = Infinity;
    expect((await failureOf(scopes?.save({ name: "more", description: "" }))).kind).toBe("conflict");
  });

  it("of one that failed do not stop the next", async () => {
    const { vendor, tenant, scopes } = await scopedWorld();
    vendor.fail({ status: 500 }, { method: "PATCH", times: 1 });
    const results = await Promise.allSettled([
      scopes.save({ name: "a", description: "" }),
      scopes.save({ name: "b", description: "" }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(namesAt(tenant)).toEqual(["b"]);
  });

  it("are kept at every API that the connection names", async () => {
    const { vendor, tenant } = await scopedWorld();
    addApi(tenant, { identifier: "urn:payments" });
    const { scopes } = openedOn(vendor, { furtherAudiences: ["urn:payments"] });
    await scopes?.save({ name: "a", description: "A" });
    expect([namesAt(tenant), namesAt(tenant, "urn:payments")]).toEqual([["a"], ["a"]]);
    await scopes?.remove("a");
    expect([namesAt(tenant), namesAt(tenant, "urn:payments")]).toEqual([[], []]);
  });

  it("cannot be those of an API of Auth0's own, or of one that is not there", async () => {
    const { vendor, tenant } = await scopedWorld();
    addApi(tenant, { identifier: "urn:system", is_system: true });
    const save = (audience: string) => openedOn(vendor, { audience }).scopes?.save({ name: "a", description: "" });
    expect((await failureOf(save("urn:system"))).kind).toBe("misconfigured");
    expect(await failureOf(save("urn:absent"))).toMatchObject({
      kind: "not_found",
      message: "Auth0 has no API with the identifier “urn:absent”.",
    });
  });
});

describe("grants", () => {
  it("lose a scope before the API does, whoever holds it", async () => {
    const { vendor, tenant, adapter, scopes } = await scopedWorld();
    for (const name of ["a", "b"]) await scopes.save({ name, description: "" });
    const { ref } = await adapter.registerClient(specOf());
    await scopes.grant(ref, ["a", "b"]);
    const theirs = addClient(tenant, { name: "Theirs" });
    const held = addGrant(tenant, { client_id: theirs.client_id, audience: apiIdentifier, scope: ["a"] });
    vendor.requests.length = 0;
    await scopes.remove("a");
    expect(held.scope).toEqual([]);
    expect([...tenant.grants.values()].find((grant) => grant.client_id === ref.consumerKey)?.scope).toEqual(["b"]);
    const writes = calls(vendor).filter((call) => call.startsWith("PATCH"));
    expect(writes.map((call) => call.split("/")[1])).toEqual(["client-grants", "client-grants", "resource-servers"]);
  });

  it("are cleaned by the next attempt where the API failed after them", async () => {
    const { vendor, tenant, scopes } = await scopedWorld();
    await scopes.save({ name: "a", description: "" });
    vendor.fail({ status: 500 }, { method: "PATCH", path: /resource-servers/ });
    expect((await failureOf(scopes.remove("a"))).kind).toBe("unreachable");
    vendor.recover();
    await scopes.remove("a");
    expect(namesAt(tenant)).toEqual([]);
  });

  it("hold exactly what was granted, where every scope was allowed too", async () => {
    const { tenant, scopes } = await scopedWorld();
    for (const name of ["a", "b"]) await scopes.save({ name, description: "" });
    const theirs = addClient(tenant, { name: "Theirs", token_endpoint_auth_method: "client_secret_post" });
    const audience = apiIdentifier;
    const grant = addGrant(tenant, { client_id: theirs.client_id, audience, scope: [], allow_all_scopes: true });
    await scopes.grant({ consumerKey: theirs.client_id }, ["a"]);
    expect(grant).toMatchObject({ scope: ["a"] });
    expect(grant.allow_all_scopes).toBeUndefined();
  });

  it("are made for an attached client when it is given scopes", async () => {
    const { tenant, scopes } = await scopedWorld();
    await scopes.save({ name: "a", description: "" });
    const theirs = addClient(tenant, { name: "Theirs" });
    await scopes.grant({ consumerKey: theirs.client_id }, ["a"]);
    const grants = [...tenant.grants.values()].filter((grant) => grant.client_id === theirs.client_id);
    expect(grants).toMatchObject([{ subject_type: "client", scope: ["a"] }]);
  });

  it("of scopes that the API does not have are refused in Auth0's words", async () => {
    const { adapter, scopes } = await scopedWorld();
    const { ref } = await adapter.registerClient(specOf());
    expect(await failureOf(scopes.grant(ref, ["nowhere"]))).toMatchObject({
      kind: "rejected",
      reason: expect.stringContaining("nowhere"),
    });
  });

  it("for a client that is gone are not found", async () => {
    const { scopes } = await scopedWorld();
    expect((await failureOf(scopes.grant({ consumerKey: "gone" }, []))).kind).toBe("not_found");
  });
});
