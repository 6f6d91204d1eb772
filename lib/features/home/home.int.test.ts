import { describe, expect, it } from "vitest";
import { testTenant } from "#tooling/testing/tenant.ts";
import { changeApiStatus } from "../apis/change-status.ts";
import { createApi } from "../apis/create.ts";
import { createApplication } from "../applications/create.ts";
import { createGatewayCredential } from "../gateway-credentials/create.ts";
import { listKeyManagers } from "../key-managers/list.ts";
import { setKeyManagerEnabled } from "../key-managers/set-enabled.ts";
import { readAdministratorHome, readCreatorHome, readDeveloperHome } from "./read.ts";

const done = ({ steps }: { steps: { done: boolean }[] }) => steps.map((step) => step.done);

describe("home", () => {
  it("shows an administrator what is set up, and a disabled key manager that a published API names", async () => {
    const tenant = await testTenant();
    const admin = await tenant.caller("ADMINISTRATOR");
    expect(done(await readAdministratorHome(admin))).toEqual([true, false, false]);
    const creator = await tenant.caller("CREATOR");
    await createGatewayCredential(admin, { name: "Edge" });
    const home = await readAdministratorHome(admin);
    expect(done(home)).toEqual([true, true, true]);
    expect(home.attention).toEqual([]);

    const [keyManager] = (await listKeyManagers(admin, {})).items;
    const api = await createApi(creator, {
      name: "Orders",
      version: "1.0.0",
      context: "/orders",
      subscriptionValidation: false,
      acceptAllKeyManagers: false,
      keyManagerIds: [keyManager?.id ?? ""],
      resources: [{ verb: "GET", path: "/orders", scopes: [] }],
    });
    await changeApiStatus(creator, { id: api.id, change: "publish" });
    expect((await readCreatorHome(creator, {})).attention).toEqual([]);
    const { id, revision } = keyManager ?? { id: "", revision: 0 };
    await setKeyManagerEnabled(admin, { id, revision, enabled: false });
    expect((await readAdministratorHome(admin)).attention).toMatchObject([
      { href: `/admin/key-managers/${keyManager?.id ?? ""}` },
    ]);
    const creators = await readCreatorHome(creator, {});
    expect(creators.attention).toMatchObject([{ href: `/creator/apis/${api.id}` }]);
    expect(done(creators)).toEqual([true, true]);
  });

  it("shows a developer their own applications, and nobody else's", async () => {
    const tenant = await testTenant();
    const [one, two] = await Promise.all([tenant.caller("DEVELOPER"), tenant.caller("DEVELOPER")]);
    await createApplication(one, { name: "Web shop", description: "" });
    expect((await readDeveloperHome(one, {})).applications).toMatchObject([{ name: "Web shop" }]);
    expect(done(await readDeveloperHome(one, {}))).toEqual([true, false, false]);
    const other = await readDeveloperHome(two, {});
    expect(other.applications).toEqual([]);
    expect(done(other)).toEqual([false, false, false]);
  });

  it("keeps each role to its own part", async () => {
    const tenant = await testTenant();
    const forbidden = { code: "auth.forbidden" };
    await expect(readAdministratorHome(await tenant.caller("DEVELOPER"))).rejects.toMatchObject(forbidden);
    await expect(readCreatorHome(await tenant.caller("ADMINISTRATOR"), {})).rejects.toMatchObject(forbidden);
    await expect(readDeveloperHome(await tenant.caller("CREATOR"), {})).rejects.toMatchObject(forbidden);
  });
});
