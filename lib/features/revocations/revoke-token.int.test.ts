/** One token of some keys, revoked: at the tenant's own server, at Auth0's and Entra's simulators, and at gateways. */
import { expect, it } from "vitest";
import { openAuth0, simulator as auth0 } from "#connectors/auth0/simulator.ts";
import { addRefreshToken } from "#connectors/auth0/simulator-tenant.ts";
import { simulator as entra } from "#connectors/entra/simulator.ts";
import { OutboundError } from "#lib/foundation/outbound-error.ts";
import type { KeyType } from "#lib/features/key-mappings/contract.ts";
import { generateKeys } from "#lib/features/key-mappings/generate.ts";
import { issueToken } from "#lib/features/key-mappings/issue-token.ts";
import { builtInKeysWorld } from "#tooling/testing/built-in-keys.ts";
import { vendorKeysWorld, type VendorKeysWorld } from "#tooling/testing/vendor-keys.ts";
import { listRevocations } from "./list.ts";
import { revokeToken } from "./revoke-token.ts";

type World = Pick<VendorKeysWorld, "developer" | "newApplication" | "keyManagerId">;

async function newKeys({ developer, newApplication, keyManagerId }: World, keyType: KeyType = "PRODUCTION") {
  const outcome = await generateKeys(developer, {
    ...{ applicationId: await newApplication(), keyManagerId, keyType },
    ...{ grantTypes: ["client_credentials"], firstToken: false },
  });
  if (outcome.outcome !== "done") throw new Error(outcome.message);
  return outcome.keys;
}

/** What gateways would say of a token, whatever it opens. */
const judged = ({ deps, tenant }: Pick<VendorKeysWorld, "deps" | "tenant">, token: string) =>
  deps.inspectToken(tenant.id, token);
const isRevoked = { usable: false, reason: "token_revoked" };

it("ends an access token at the server and at gateways, and keeps nothing of it but its id and digest", async () => {
  const world = await builtInKeysWorld();
  const { id } = await newKeys(world);
  const [{ accessToken }, other] = [
    await issueToken(world.developer, { id }),
    await issueToken(world.developer, { id }),
  ];
  expect(await judged(world, accessToken)).toMatchObject({ usable: true });

  const revoke = () => revokeToken(world.developer, { id, kind: "access_token", token: ` ${accessToken}\n` });
  expect(await revoke()).toEqual({ atGateways: true, atKeyManager: true });
  expect(await judged(world, accessToken)).toMatchObject(isRevoked);
  expect(await judged(world, other.accessToken)).toMatchObject({ usable: true });
  // A second time changes nothing.
  expect(await revoke()).toEqual({ atGateways: true, atKeyManager: true });

  const audit = (await world.audit(id)).filter(({ action }) => /_token$/.test(action) && !action.includes("issue"));
  expect(audit.map(({ action }) => action)).toEqual([
    "key_mapping.refuse_token",
    "key_mapping.revoke_token",
    "key_mapping.revoke_token",
  ]);
  const { items } = await listRevocations(world.admin, {});
  expect(items.map(({ kind }) => kind).sort()).toEqual(["TOKEN_DIGEST", "TOKEN_ID"]);
  expect(JSON.stringify([audit, items])).not.toContain(accessToken.split(".")[2]);
});

it("refuses a token of other keys, one that is over and one that is none, and stores nothing", async () => {
  const world = await builtInKeysWorld();
  const [{ id }, others] = [await newKeys(world), await newKeys(world, "SANDBOX")];
  const { accessToken } = await issueToken(world.developer, { id: others.id });
  const [head, payload, signature = ""] = accessToken.split(".");
  const forged = [head, payload, signature.replace(/(?<=^.{10})./, (one) => (one === "A" ? "B" : "A"))].join(".");
  const revoke = (token: string) => revokeToken(world.developer, { id, kind: "access_token", token });
  const atToken = (message: RegExp) => ({
    code: "input.invalid",
    fields: [{ path: "token", message: expect.stringMatching(message) as string }],
  });
  await expect(revoke(accessToken)).rejects.toMatchObject(atToken(/Other keys got this token/));
  await expect(revoke(forged)).rejects.toMatchObject(atToken(/nothing to revoke\. The signature .* is wrong\.$/));
  await expect(revoke("two words")).rejects.toMatchObject(atToken(/Paste the token alone/));
  await expect(revoke("")).rejects.toMatchObject(atToken(/Paste the token/));
  const own = await issueToken(world.developer, { id });
  world.pass(2 * 24 * 60 * 60);
  await expect(revoke(own.accessToken)).rejects.toMatchObject(atToken(/has expired/));
  expect((await listRevocations(world.admin, {})).items).toEqual([]);
});

it("is for the keys of one's own applications", async () => {
  const world = await builtInKeysWorld();
  const { id } = await newKeys(world);
  const { accessToken: token } = await issueToken(world.developer, { id });
  const stranger = await world.tenant.caller("DEVELOPER");
  await expect(revokeToken(stranger, { id, kind: "access_token", token })).rejects.toMatchObject({
    code: "key_mapping.not_found",
  });
  expect(await judged(world, token)).toMatchObject({ usable: true });
});

it("at Auth0 ends refresh tokens there, and access tokens at gateways alone", async () => {
  const world = await vendorKeysWorld({ ...auth0, open: openAuth0 });
  const { id, consumerKey } = await newKeys(world);
  const { accessToken } = await issueToken(world.developer, { id });
  expect(await revokeToken(world.developer, { id, kind: "access_token", token: accessToken })).toEqual({
    atGateways: true,
    atKeyManager: expect.stringContaining("refresh tokens only") as string,
  });
  expect(await judged(world, accessToken)).toMatchObject(isRevoked);

  const { refreshTokens } = world.vendor.tenant;
  const held = { clientId: consumerKey ?? "", audience: "any", subject: "auth0|ada" };
  const token = addRefreshToken(world.vendor.tenant, held);
  expect(await revokeToken(world.developer, { id, kind: "refresh_token", token })).toEqual({
    atGateways: false,
    atKeyManager: true,
  });
  expect(refreshTokens.has(token)).toBe(false);
});

it("says why where a server ends no refresh tokens", async () => {
  const world = await vendorKeysWorld(entra);
  const keys = await newKeys(world);
  expect(keys.keyManager.cannotRevoke.refresh_token).toContain("no revocation endpoint");
  await expect(
    revokeToken(world.developer, { id: keys.id, kind: "refresh_token", token: "any" }),
  ).rejects.toMatchObject({
    code: "key_manager.unsupported",
    message: `Not supported by Vendor: ${keys.keyManager.cannotRevoke.refresh_token ?? ""}`,
  });
});

it("has gateways refuse an access token although the server is away, and says that it does not know", async () => {
  const world = await builtInKeysWorld();
  const { id } = await newKeys(world);
  const { accessToken: token } = await issueToken(world.developer, { id });
  world.interfere((url) => Promise.reject(new OutboundError("unreachable", `${url} is away.`)));
  const { atGateways, atKeyManager } = await revokeToken(world.developer, { id, kind: "access_token", token });
  expect(atGateways).toBe(true);
  expect(atKeyManager).toMatch(/could not be reached/);
  await expect(revokeToken(world.developer, { id, kind: "refresh_token", token: "any" })).rejects.toMatchObject({
    code: "key_manager.unreachable",
  });
  world.interfere(undefined);
  expect(await judged(world, token)).toMatchObject(isRevoked);
});
