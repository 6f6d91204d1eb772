/** Tokens exchanged at a vendor's server with keys of an application: at Keycloak's simulator. */
import { expect, it } from "vitest";
import { simulator as keycloak } from "#connectors/keycloak/simulator.ts";
import { vendorKeysWorld } from "#tooling/testing/vendor-keys.ts";
import { exchangeToken } from "./exchange-token.ts";
import { generateKeys } from "./generate.ts";
import { issueToken } from "./issue-token.ts";

const exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";

async function keysWith(grantTypes: string[]) {
  // The administrator chose no grant types: all of the kind's are offered.
  const world = await vendorKeysWorld(keycloak, { grantTypes: [] });
  const outcome = await generateKeys(world.developer, {
    ...{ applicationId: await world.newApplication(), keyManagerId: world.keyManagerId, keyType: "PRODUCTION" },
    ...{ grantTypes, firstToken: false },
  });
  if (outcome.outcome !== "done") throw new Error(outcome.message);
  return { world, keys: outcome.keys };
}

it("gives another token for one that the server trusts, and passes on whom it is for", async () => {
  const { world, keys } = await keysWith(["client_credentials", exchangeGrant]);
  expect(keys.can.exchangeToken).toBe(true);
  const { id } = keys;
  const { accessToken: subjectToken } = await issueToken(world.developer, { id });
  const exchanged = await exchangeToken(world.developer, { id, subjectToken });
  expect(exchanged.accessToken).not.toBe("");
  expect(exchanged.accessToken).not.toBe(subjectToken);
  const audience = "https://nobody.example";
  await expect(exchangeToken(world.developer, { id, subjectToken, audience })).rejects.toMatchObject({
    message: expect.stringContaining(audience) as string,
  });
  const sent = world.vendor.requests.filter(({ body }) => body.includes(encodeURIComponent(exchangeGrant)));
  expect(sent.map(({ body }) => new URLSearchParams(body).get("audience"))).toEqual([null, audience]);
});

it("is refused with the server's words for a token that it does not trust, and for keys without the grant", async () => {
  const { world, keys } = await keysWith(["client_credentials", exchangeGrant]);
  await expect(exchangeToken(world.developer, { id: keys.id, subjectToken: "made.up.token" })).rejects.toMatchObject({
    message: expect.stringContaining("It said") as string,
  });
  const other = await keysWith(["client_credentials"]);
  expect(other.keys.can.exchangeToken).toBe(false);
});
