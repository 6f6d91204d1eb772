import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  goodClaims,
  issuer,
  signingPair,
  signToken,
  snapshotData,
  trustAnchor,
  validationWorld,
  type SigningPair,
  type TokenParts,
  type ValidationWorld,
} from "#tooling/testing/validation.ts";

let pair: SigningPair;
let stranger: SigningPair;
let world: ValidationWorld;
beforeAll(async () => {
  [pair, stranger] = await Promise.all([signingPair(), signingPair()]);
});
beforeEach(() => {
  world = validationWorld([pair.publicJwk]);
});
const sign = (parts: TokenParts = {}, by = pair) => signToken(by, parts, world.nowSeconds());
const introspecting = { ...trustAnchor, validation: "INTROSPECT" as const };

describe("what is true about a token, whatever it opens", () => {
  it("is told with its key manager, and the second time without reaching out", async () => {
    const token = await sign();
    const expected = {
      facts: {
        consumerKey: "shop-client",
        subject: "user-1",
        scopes: ["orders:read", "orders:write"],
        tokenId: "token-1",
      },
      anchor: { keyManagerId: "km-1", issuer },
    };
    expect(await world.inspect(token)).toMatchObject(expected);
    world.cutOff();
    expect(await world.inspect(token)).toMatchObject(expected);
    expect(world.keySetFetches).toHaveLength(1);
  });

  it("does not ask for an application, a subscription or an API", async () => {
    world.change({ keyMappings: [], subscriptions: [], apis: [] });
    expect(await world.inspect(await sign())).toMatchObject({ facts: { consumerKey: "shop-client" } });
  });

  it("says what the token is bound to: whoever asks must hold the caller to it", async () => {
    const jkt = "A".repeat(43);
    expect(await world.inspect(await sign({ claims: { cnf: { jkt } } }))).toMatchObject({
      facts: { binding: { key: jkt } },
    });
  });

  it("is learned of an opaque token from the one key manager that introspects, and from none of several", async () => {
    const claims = goodClaims(world.nowSeconds());
    world.introspect = () => ({ active: true, consumerKey: "shop-client", scopes: ["a"], audiences: [], claims });
    world.change({ trustAnchors: [introspecting] });
    expect(await world.inspect("opaque")).toMatchObject({ facts: { scopes: ["a"] }, anchor: { keyManagerId: "km-1" } });
    world.change({
      trustAnchors: [introspecting, { ...introspecting, keyManagerId: "km-2", issuer: "https://b.example" }],
    });
    expect(await world.inspect("opaque-2")).toMatchObject({ allowed: false });
    expect(world.introspections).toHaveLength(1);
  });
});

describe("nothing is told of a token", () => {
  it.each<[string, TokenParts, string]>([
    ["that has expired", { claims: { exp: 1 } }, "token_expired"],
    ["of an unknown issuer", { claims: { iss: "https://other.example" } }, "issuer_unknown"],
    ["of another kind", { header: { typ: "refresh+jwt" } }, "token_type_wrong"],
  ])("%s", async (_name, parts, reason) => {
    expect(await world.inspect(await sign(parts))).toMatchObject({ allowed: false, reason });
  });

  it("that somebody else signed, or that is none", async () => {
    expect(await world.inspect(await sign({}, stranger))).toMatchObject({ reason: "signature_invalid" });
    expect(await world.inspect("")).toMatchObject({ reason: "token_missing" });
    expect(await world.inspect("eyJ.x.y")).toMatchObject({ reason: "token_malformed" });
  });

  it("that was good a moment ago: expired, revoked, its key manager disabled, its tenant suspended", async () => {
    const token = await sign();
    expect(await world.inspect(token)).toMatchObject({ facts: {} });
    world.change({ trustAnchors: [{ ...trustAnchor, enabled: false }] });
    expect(await world.inspect(token)).toMatchObject({ reason: "key_manager_disabled" });
    world.change({ suspended: true });
    expect(await world.inspect(token)).toMatchObject({ reason: "tenant_suspended" });
    world.change(snapshotData);
    world.revoked.add("token-1");
    expect(await world.inspect(token)).toMatchObject({ reason: "token_revoked" });
    world.revoked.clear();
    expect(await world.inspect(token)).toMatchObject({ facts: {} });
    world.time += 3_600_000;
    expect(await world.inspect(token)).toMatchObject({ reason: "token_expired" });
  });
});
