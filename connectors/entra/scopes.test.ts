import { describe, expect, it } from "vitest";
import { scopeId } from "./names.ts";
import type { SimulatedEntra } from "./simulator.ts";
import { bodies, calls, failureOf, openedOn, specOf, tokenRequests, world } from "./testing.ts";

const patch = "PATCH /applications(appId='{id}')";

function opened(options: Parameters<typeof world>[0] = {}) {
  const all = world(options);
  const { scopes } = all.adapter;
  if (!scopes) throw new Error("The connector manages no scopes.");
  return { ...all, scopes };
}

const rolesOf = ({ api }: SimulatedEntra) => api.appRoles;
const permissionsOf = ({ api }: SimulatedEntra) => api.api.oauth2PermissionScopes;

const theirRole = {
  id: crypto.randomUUID(),
  value: "theirs",
  displayName: "Theirs",
  description: "Made by hand",
  isEnabled: true,
  allowedMemberTypes: ["Application"],
};

describe("a scope", () => {
  it("is a role for applications and a permission for people, with one id that follows from its name", async () => {
    const { vendor, scopes } = opened({ apiVersion: null });
    await scopes.save({ name: "orders:read", description: "" });
    const id = scopeId(vendor.api.appId, "orders:read");
    expect(rolesOf(vendor)).toMatchObject([
      { id, value: "orders:read", isEnabled: true, allowedMemberTypes: ["Application"] },
    ]);
    expect(permissionsOf(vendor)).toMatchObject([{ id, value: "orders:read", isEnabled: true, type: "Admin" }]);
    expect(vendor.api.api.requestedAccessTokenVersion).toBe(2);
    // Entra wants a description; ours was empty.
    expect(await scopes.list()).toEqual([{ name: "orders:read", description: "" }]);
  });

  it("is written once where nothing changes, and disabled first where something does", async () => {
    const { vendor, scopes } = opened();
    for (const description of ["Read", "Read", "Read orders"]) await scopes.save({ name: "orders", description });
    const written = bodies(vendor, patch).map((body) => {
      const [role] = body["appRoles"] as { description: string; isEnabled: boolean }[];
      return [role?.description, role?.isEnabled];
    });
    expect(written).toEqual([
      ["Read", true],
      ["Read", false],
      ["Read orders", true],
    ]);
  });

  it("takes its grants along when it goes, so that none comes back with it", async () => {
    const { vendor, directory, scopes, adapter } = opened();
    await scopes.save({ name: "orders", description: "" });
    await scopes.save({ name: "stock", description: "" });
    const { ref } = await adapter.registerClient(specOf());
    await scopes.grant(ref, ["orders", "stock"]);
    await scopes.remove("orders");
    expect(rolesOf(vendor).map(({ value }) => value)).toEqual(["stock"]);
    expect(permissionsOf(vendor).map(({ value }) => value)).toEqual(["stock"]);
    expect([...directory.consents.values()].map(({ scope }) => scope)).toEqual(["stock"]);
    await scopes.save({ name: "orders", description: "" });
    expect((await failureOf(adapter.issueToken?.(ref, { scopes: ["orders"] }))).kind).toBe("rejected");
    expect((await adapter.issueToken?.(ref, { scopes: ["stock"] }))?.scopes).toEqual(["stock"]);
  });

  it("is refused in Entra's words where its name cannot be one", async () => {
    const { scopes } = opened();
    expect(await failureOf(scopes.save({ name: "two words", description: "" }))).toMatchObject({
      kind: "rejected",
      reason: expect.stringContaining("Invalid value"),
    });
  });

  it("survives others that are saved at the same moment, and replicas that show an old list", async () => {
    for (const staleReads of [0, 1]) {
      const { vendor, scopes } = opened({ staleReads });
      await Promise.all(["a", "b", "c"].map((name) => scopes.save({ name, description: name })));
      expect(rolesOf(vendor).map(({ value }) => value)).toEqual(["a", "b", "c"]);
    }
  });
});

describe("scopes that others made", () => {
  it("are listed, may be granted, and are never changed, taken away or removed", async () => {
    const { vendor, directory, scopes, adapter } = opened();
    rolesOf(vendor).push({ ...theirRole });
    const permission = { id: crypto.randomUUID(), value: "access_as_user", isEnabled: true, type: "User" };
    permissionsOf(vendor).push({ ...permission, adminConsentDisplayName: "Access", adminConsentDescription: "Access" });
    expect((await scopes.list()).map(({ name }) => name)).toEqual(["theirs", "access_as_user"]);
    for (const call of [scopes.save({ name: "theirs", description: "ours" }), scopes.remove("theirs")]) {
      expect((await failureOf(call)).kind).toBe("conflict");
    }
    const { ref } = await adapter.registerClient(specOf());
    await scopes.grant(ref, ["theirs", "access_as_user"]);
    await scopes.grant(ref, []);
    expect((await adapter.issueToken?.(ref, { scopes: ["theirs"] }))?.scopes).toEqual(["theirs"]);
    expect([...directory.consents.values()]).toMatchObject([{ scope: "access_as_user", consentType: "AllPrincipals" }]);
    expect(rolesOf(vendor)).toEqual([theirRole]);
  });

  it("must exist before they are granted", async () => {
    const { scopes, adapter } = opened();
    const { ref } = await adapter.registerClient(specOf());
    expect((await failureOf(scopes.grant(ref, ["nowhere"]))).kind).toBe("not_found");
  });
});

describe("granting", () => {
  it("assigns roles and consents for everybody, page by page, and takes back what is no longer asked for", async () => {
    const { directory, scopes, adapter } = opened({ pageSize: 1 });
    for (const name of ["a", "b", "c"]) await scopes.save({ name, description: "" });
    const { ref } = await adapter.registerClient(specOf());
    const held = async (names: string[]) => {
      await scopes.grant(ref, names);
      return [...directory.consents.values()].map(({ scope }) => scope);
    };
    expect(await held(["a", "b"])).toEqual(["a b"]);
    expect((await adapter.issueToken?.(ref, { scopes: ["b", "a"] }))?.scopes).toEqual(["a", "b"]);
    expect(await held(["b", "c"])).toEqual(["b c"]);
    expect((await adapter.issueToken?.(ref, { scopes: [] }))?.scopes).toEqual(["b", "c"]);
    expect(await held([])).toEqual([]);
    expect(directory.assignments.size).toBe(0);
  });

  it("does without permissions for people where the connection says so", async () => {
    const { vendor, scopes, adapter } = opened({
      connection: { delegatedScopes: false },
      permissions: ["Application.ReadWrite.OwnedBy", "Application.Read.All", "AppRoleAssignment.ReadWrite.All"],
    });
    await scopes.save({ name: "orders", description: "" });
    const { ref } = await adapter.registerClient(specOf());
    await scopes.grant(ref, ["orders"]);
    expect((await adapter.issueToken?.(ref, { scopes: ["orders"] }))?.scopes).toEqual(["orders"]);
    await scopes.remove("orders");
    expect(permissionsOf(vendor)).toEqual([]);
    expect(calls(vendor).filter((call) => call.includes("oauth2PermissionGrants"))).toEqual([]);
  });

  it("waits for a role that is not known everywhere, and takes one that is assigned already", async () => {
    const { vendor, scopes, adapter } = opened();
    await scopes.save({ name: "orders", description: "" });
    const { ref } = await adapter.registerClient(specOf());
    const refuse = (message: string) => ({ status: 400, body: { error: { code: "Request_BadRequest", message } } });
    const assigning = { method: "POST", path: /appRoleAssignedTo$/, times: 1 };
    vendor.fail(refuse("Permission being assigned was not found on application 'x'."), assigning);
    await scopes.grant(ref, ["orders"]);
    expect((await adapter.issueToken?.(ref, { scopes: ["orders"] }))?.scopes).toEqual(["orders"]);
    const { ref: second } = await adapter.registerClient(specOf());
    vendor.fail(refuse("Permission being assigned already exists on the object"), assigning);
    await expect(scopes.grant(second, ["orders"])).resolves.toBeUndefined();
  });

  it.each([
    ["AppRoleAssignment.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"],
    ["DelegatedPermissionGrant.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"],
    ["Application.ReadWrite.OwnedBy", "Application.ReadWrite.All (or Application.ReadWrite.OwnedBy"],
  ])("names the permission %s where it is missing", async (permission, words) => {
    const { vendor, scopes, adapter } = opened();
    await scopes.save({ name: "orders", description: "" });
    const { ref } = await adapter.registerClient(specOf());
    vendor.portalPermissions.splice(vendor.portalPermissions.indexOf(permission), 1);
    const later = openedOn(vendor);
    const call = permission.startsWith("Application")
      ? later.scopes?.save({ name: "x", description: "" })
      : later.scopes?.grant(ref, ["orders"]);
    expect(await failureOf(call)).toMatchObject({
      kind: "credentials_refused",
      message: expect.stringContaining(`lacks ${words}`),
    });
  });

  it("says what is missing where the client has no service principal or the API is not there", async () => {
    const { vendor, scopes, adapter } = opened();
    const lonely = vendor.directory.create({ displayName: "Lonely" }, "somebody");
    const refused = await failureOf(scopes.grant({ consumerKey: lonely.appId }, []));
    expect(refused).toMatchObject({
      kind: "rejected",
      message: expect.stringContaining(`az ad sp create --id ${lonely.appId}`),
    });
    vendor.directory.applications.delete(vendor.api.id);
    expect(await failureOf(scopes.list())).toMatchObject({
      kind: "misconfigured",
      message: expect.stringContaining("Application id of the API"),
    });
    expect((await failureOf(adapter.scopes?.save({ name: "x", description: "" }))).kind).toBe("misconfigured");
  });
});

describe("asking for scopes", () => {
  it("asks for everything that was granted, never for a scope by its name", async () => {
    const { vendor, scopes, adapter } = opened();
    await scopes.save({ name: "orders", description: "" });
    const { ref } = await adapter.registerClient(specOf());
    await scopes.grant(ref, ["orders"]);
    await adapter.issueToken?.(ref, { scopes: ["orders"] });
    const [form] = tokenRequests(vendor, `${vendor.api.appId}/.default`);
    expect(form?.get("grant_type")).toBe("client_credentials");
  });

  it("does not take a token without the role for one with it", async () => {
    const { scopes, adapter } = opened();
    await scopes.save({ name: "orders", description: "" });
    const { ref } = await adapter.registerClient(specOf());
    // Entra issues it all the same.
    expect((await adapter.issueToken?.(ref, { scopes: [] }))?.scopes).toEqual([]);
    const refused = await failureOf(adapter.issueToken?.(ref, { scopes: ["orders"] }));
    expect(refused).toMatchObject({ kind: "rejected", message: expect.stringContaining("was not granted “orders”") });
  });
});
