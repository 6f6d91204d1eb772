import { beforeAll, describe, expect, it } from "vitest";
import {
  signingPair,
  signToken,
  trustAnchor,
  validationWorld,
  type SigningPair,
  type ValidationWorld,
} from "#tooling/testing/validation.ts";
import { backendTokenType } from "./facts.ts";

const claimMappings = [
  { remote: "dept", local: "department" },
  { remote: "https://id.example/roles", local: "roles" },
  { remote: "profile", local: "__proto__" },
];

const nested = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels)) as unknown;

describe("mapped claims", () => {
  let pair: SigningPair;
  let world: ValidationWorld;

  beforeAll(async () => {
    pair = await signingPair();
    world = validationWorld([pair.publicJwk]);
    world.change({ trustAnchors: [{ ...trustAnchor, claimMappings }] });
  });

  async function claimsOf(claims: Record<string, unknown>): Promise<unknown> {
    const verdict = await world.validate(await signToken(pair, { claims }, world.nowSeconds()));
    return verdict.allowed ? verdict.claims : verdict;
  }

  it("appear in the verdict under their local names, and no other claim does", async () => {
    const claims = await claimsOf({ dept: { id: 7 }, "https://id.example/roles": ["a"], department: "forged", x: 1 });
    expect(claims).toEqual({ department: { id: 7 }, roles: ["a"] });
    expect(await claimsOf({})).toEqual({});
  });

  it("may be called anything without becoming something else", async () => {
    const claims = await claimsOf({ profile: { admin: true } });
    expect(Object.keys(claims as object)).toEqual(["__proto__"]);
    expect((claims as { admin?: unknown }).admin).toBeUndefined();
  });

  it("stand for one token: the same object on each call with it", async () => {
    const token = await signToken(pair, { claims: { dept: "North" } }, world.nowSeconds());
    const [first, second] = [await world.validate(token), await world.validate(token)];
    expect(first.allowed && second.allowed && first.claims === second.claims).toBe(true);
  });

  it("that are too long or nested too deep are left out, one by one, and never harm the call", async () => {
    expect(await claimsOf({ dept: nested(100), "https://id.example/roles": ["a"] })).toEqual({ roles: ["a"] });
    expect(await claimsOf({ dept: "x".repeat(4_096), "https://id.example/roles": ["a"] })).toEqual({ roles: ["a"] });
    const long = "x".repeat(3_000);
    expect(await claimsOf({ dept: long, "https://id.example/roles": long })).toEqual({ department: long });
  });

  it("come with an introspection answer too", async () => {
    world.change({ trustAnchors: [{ ...trustAnchor, claimMappings, validation: "INTROSPECT" }] });
    world.introspect = () => ({
      active: true,
      consumerKey: "shop-client",
      scopes: ["orders:read"],
      audiences: [],
      claims: { dept: "North", "https://id.example/roles": nested(5_000), other: 1 },
    });
    const verdict = await world.validate("opaque");
    expect(verdict.allowed && verdict.claims).toEqual({ department: "North" });
  });
});

it("a backend JWT is no access token, even where its issuer and its keys were trusted", async () => {
  const pair = await signingPair();
  const world = validationWorld([pair.publicJwk]);
  world.change({ trustAnchors: [{ ...trustAnchor, tokenTypes: [] }] });
  const good = await signToken(pair, { header: { typ: "jwt" } }, world.nowSeconds());
  expect(await world.validate(good)).toMatchObject({ allowed: true });
  for (const typ of [backendTokenType, `application/${backendTokenType.toUpperCase()}`]) {
    const token = await signToken(pair, { header: { typ } }, world.nowSeconds());
    expect(await world.validate(token)).toMatchObject({ reason: "token_type_wrong" });
  }
});
