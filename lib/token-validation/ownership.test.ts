import { beforeAll, describe, expect, it } from "vitest";
import {
  consumerKey,
  grantData,
  ordersApi,
  signingPair,
  signToken,
  trustAnchor,
  validationWorld,
  type SigningPair,
} from "#tooling/testing/validation.ts";
import { Ownership, type TokenHandling } from "./ownership.ts";
import type { TrustAnchor } from "./snapshot.ts";

let pair: SigningPair;
beforeAll(async () => {
  pair = await signingPair();
});

const everyone = () => true;
const anchor = (keyManagerId: string, changes: Partial<TrustAnchor> = {}): TrustAnchor => ({
  ...trustAnchor,
  keyManagerId,
  fingerprint: `${keyManagerId}:1`,
  ...changes,
});
const claims = (claim: string, pattern: string): TokenHandling => ({ kind: "JWT", claims: [{ claim, pattern }] });
const reference = (pattern: string): TokenHandling => ({ kind: "REFERENCE", pattern });

const nameOf = (found: ReturnType<Ownership["ofJwt"]>) => ("reason" in found ? found.reason : found.keyManagerId);

describe("a JWT of an issuer that several key managers have", () => {
  const blue = anchor("blue", { handling: claims("tid", "blue-[0-9]+") });
  const green = anchor("green", { handling: claims("tid", "green") });
  const rest = anchor("rest");
  const ownerOf = (anchors: TrustAnchor[], tid: unknown, accepts: (id: string) => boolean = everyone) =>
    nameOf(new Ownership(anchors).ofJwt(trustAnchor.issuer, { tid }, accepts));

  it.each([
    ["blue-7", "blue"],
    ["green", "green"],
    [["x", "green"], "green"],
    ["blue-", "rest"],
    ["xblue-7", "rest"],
    ["blue-7\n", "rest"],
    [undefined, "rest"],
    [{ green: "green" }, "rest"],
    [["green", "blue-1"], "key_manager_ambiguous"],
  ])("with the claim %j belongs to %s, whatever their order", (tid, owner) => {
    for (const anchors of [
      [blue, green, rest],
      [rest, green, blue],
    ]) {
      expect(ownerOf(anchors, tid)).toBe(owner);
    }
  });

  it("belongs to nobody where every one has a rule and none matches, be it the only one", () => {
    expect(ownerOf([blue, green], "red")).toBe("key_manager_unmatched");
    expect(ownerOf([blue], "red")).toBe("key_manager_unmatched");
    expect(ownerOf([anchor("none", { handling: { kind: "JWT", claims: [] } })], "red")).toBe("key_manager_unmatched");
    expect(ownerOf([anchor("broken", { handling: claims("tid", "(") })], "(")).toBe("key_manager_unmatched");
  });

  it("needs every claim of a rule", () => {
    const handling: TokenHandling = { kind: "JWT", claims: [...claimsOf(blue), { claim: "level", pattern: "[12]" }] };
    const ownership = new Ownership([anchor("both", { handling }), rest]);
    const owner = (level: unknown) => nameOf(ownership.ofJwt(trustAnchor.issuer, { tid: "blue-7", level }, everyone));
    expect(owner(2)).toBe("both");
    expect(owner(3)).toBe("rest");
    expect(owner(undefined)).toBe("rest");
  });

  it("stays with the one that owns it while that one is disabled, or not accepted: nobody else steps in", () => {
    expect(ownerOf([{ ...blue, enabled: false }, rest], "blue-7")).toBe("blue");
    expect(ownerOf([blue, rest], "blue-7", (id) => id !== "blue")).toBe("blue");
  });

  it("goes to the first that is enabled and accepted where none has a rule", () => {
    const [first, second] = [anchor("first"), anchor("second")];
    expect(ownerOf([first, second], "x")).toBe("first");
    expect(ownerOf([{ ...first, enabled: false }, second], "x")).toBe("second");
    expect(ownerOf([first, second], "x", (id) => id === "second")).toBe("second");
    expect(ownerOf([first, second], "x", () => false)).toBe("first");
  });

  it("is judged with the keys of its owner alone, through the whole validator", async () => {
    const made = validationWorld([pair.publicJwk]);
    made.change({
      trustAnchors: [blue, green],
      keyMappings: grantData.keyMappings.map((mapping) => ({ ...mapping, keyManagerId: "green" })),
    });
    const ask = async (tid: string) => made.validate(await signToken(pair, { claims: { tid } }, made.nowSeconds()));
    expect(await ask("green")).toMatchObject({ allowed: true, keyManager: { id: "green" } });
    // The same client at the same issuer, but its token is another key manager's.
    expect(await ask("blue-1")).toMatchObject({ code: 900908, reason: "consumer_key_unknown" });
    expect(await ask("red")).toMatchObject({ code: 900901, status: 401, reason: "key_manager_unmatched" });
    made.change({ trustAnchors: [blue, { ...green, enabled: false, fingerprint: "green:2" }] });
    expect(await ask("green")).toMatchObject({ code: 900901, reason: "key_manager_disabled" });
  });

  it("belongs to the one that each API accepts, whichever was called before", async () => {
    const made = validationWorld([pair.publicJwk]);
    const [one, two] = [claims("tid", "blue-.*"), claims("tid", ".*-7")];
    made.change({
      trustAnchors: [anchor("one", { handling: one }), anchor("two", { handling: two })],
      apis: [["one"], ["two"], ["one", "two"]].map((keyManagerIds) => ({
        ...ordersApi,
        id: `api-${keyManagerIds.join("-")}`,
        context: `/${keyManagerIds.join("-")}`,
        subscriptionValidation: false,
        keyManagerIds,
      })),
    });
    const token = await signToken(pair, { claims: { tid: "blue-7" } }, made.nowSeconds());
    const ask = (name: string) => made.validate(token, { target: { requestPath: `/${name}/1.0.0/items` } });
    for (let turn = 0; turn < 2; turn++) {
      expect(await ask("one")).toMatchObject({ allowed: true, keyManager: { id: "one" } });
      expect(await ask("one-two")).toMatchObject({ code: 900901, reason: "key_manager_ambiguous" });
      expect(await ask("two")).toMatchObject({ allowed: true, keyManager: { id: "two" } });
    }
  });

  it("goes over to a key manager whose rule claims it from now on", async () => {
    const made = validationWorld([pair.publicJwk]);
    const token = await signToken(pair, { claims: { tid: "blue-7" } }, made.nowSeconds());
    expect(await made.validate(token)).toMatchObject({ allowed: true });
    made.change({ trustAnchors: [trustAnchor, { ...blue, enabled: false }] });
    expect(await made.validate(token)).toMatchObject({ code: 900901, reason: "key_manager_disabled" });
  });

  it("is remembered under a rule too", async () => {
    const made = validationWorld([pair.publicJwk]);
    made.change({
      trustAnchors: [{ ...trustAnchor, handling: claims("tid", "blue-.*") }, anchor("rest")],
    });
    const token = await signToken(pair, { claims: { tid: "blue-7" } }, made.nowSeconds());
    expect(await made.validate(token)).toMatchObject({ allowed: true });
    made.keySet = () => ({ keys: [] });
    made.cutOff();
    expect(await made.validate(token)).toMatchObject({ allowed: true });
  });
});

describe("an opaque token", () => {
  const shop = anchor("shop", { handling: reference("shop_[a-z0-9]+") });
  const bank = anchor("bank", { validation: "INTROSPECT", handling: reference("bank_.*") });
  const any = anchor("any", { validation: "INTROSPECT" });
  const other = anchor("other", { validation: "INTROSPECT" });
  const jwts = anchor("jwts", { validation: "INTROSPECT", handling: claims("tid", ".*") });
  const signed = anchor("signed");
  const ownerOf = (anchors: TrustAnchor[], token: string, accepts: (id: string) => boolean = everyone) =>
    nameOf(new Ownership(anchors).ofOpaque(token, accepts));

  it.each([
    [[shop, bank, any], "shop_1", "shop"],
    [[any, bank, shop], "bank_1", "bank"],
    [[any, shop], "shop_1!", "any"],
    [[any, shop], "xshop_1", "any"],
    [[any, other, shop], "shop_1", "shop"],
    [[any, other, shop], "x", "key_manager_ambiguous"],
    [[shop, anchor("twin", { handling: reference("shop_.*") })], "shop_1", "key_manager_ambiguous"],
    [[shop, bank], "x", "issuer_unknown"],
    [[jwts, signed], "x", "issuer_unknown"],
    [[jwts, signed, any], "x", "any"],
  ])("goes to the one that it matches, or the only one without a pattern (%#)", (anchors, token, owner) => {
    expect(ownerOf(anchors, token)).toBe(owner);
    expect(ownerOf([...anchors].reverse(), token)).toBe(owner);
  });

  it("is never shown to another while its owner is disabled or not accepted", () => {
    expect(ownerOf([{ ...shop, enabled: false }, any], "shop_1")).toBe("shop");
    expect(ownerOf([shop, any], "shop_1", (id) => id === "any")).toBe("shop");
  });

  it("is introspected at its owner alone, beside JWTs that are checked by their signature", async () => {
    const made = validationWorld([pair.publicJwk]);
    made.change({
      trustAnchors: [{ ...shop, keyManagerId: "km-1" }, any],
      apis: [{ ...ordersApi, keyManagerIds: ["km-1", "any"] }],
    });
    made.introspect = () => ({ active: true, consumerKey, scopes: ["orders:read"], audiences: [], claims: {} });
    expect(await made.validate("shop_7")).toMatchObject({ allowed: true, keyManager: { id: "km-1" } });
    expect(made.introspections).toEqual([{ keyManagerId: "km-1", token: "shop_7" }]);
    expect(await made.validate(await signToken(pair, {}, made.nowSeconds()))).toMatchObject({ allowed: true });
    expect(made.introspections).toHaveLength(1);
    made.change({ trustAnchors: [{ ...shop, keyManagerId: "km-1", enabled: false, fingerprint: "2" }, any] });
    expect(await made.validate("shop_8")).toMatchObject({ reason: "key_manager_disabled" });
    expect(made.introspections).toHaveLength(1);
  });

  it("takes no time to speak of to match, whatever the pattern", () => {
    const hostile = new Ownership([anchor("slow", { handling: reference("(a*)*b|(a|aa)+c") }), any]);
    const startedAt = performance.now();
    expect(nameOf(hostile.ofOpaque("a".repeat(16_000), everyone))).toBe("any");
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

function claimsOf({ handling }: TrustAnchor) {
  return handling.kind === "JWT" ? handling.claims : [];
}
