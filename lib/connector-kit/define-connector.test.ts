import { describe, expect, it } from "vitest";
import { z } from "zod";
import { capabilities, type Connector } from "./contract.ts";
import { defineConnector } from "./define-connector.ts";
import { field } from "./fields.ts";

const sound: Connector = {
  id: "example",
  name: "Example",
  monogram: "Ex",
  summary: "For the test.",
  connection: z.strictObject({ token: field.secret({ label: "Token" }) }),
  client: z.strictObject({}),
  endpoints: {
    registration: "required",
    token: "required",
    authorization: "optional",
    introspection: "optional",
    revocation: "optional",
    userinfo: "unused",
    displayToken: "optional",
    displayRevocation: "optional",
    scopeManagement: "unused",
  },
  grantTypes: ["client_credentials"],
  trust: {
    consumerKeyClaims: ["client_id"],
    scopesClaims: ["scope"],
    algorithms: ["ES256"],
    tokenTypes: [],
    refusedClaims: {},
  },
  capabilities: [],
  missing: Object.fromEntries(capabilities.map((name) => [name, "This example can do nothing."])),
  consumerSecrets: { atOnce: 1, overlapSeconds: 0, readable: false },
  lifetimesPerClient: false,
  guide: "guide.md",
  open: () => {
    throw new Error("not opened here");
  },
};

describe("defineConnector", () => {
  it("accepts a sound declaration and freezes it", () => {
    expect(Object.isFrozen(defineConnector({ ...sound }))).toBe(true);
  });

  it.each<[string, Partial<Connector>, RegExp]>([
    ["a leaf without a descriptor", { client: z.strictObject({ name: z.string() }) }, /client: The field “name”/],
    [
      "a leaf that was wrapped after its builder",
      { client: z.strictObject({ name: field.text({ label: "Name" }).optional() }) },
      /“name” has no descriptor/,
    ],
    ["a form that lets unknown keys pass", { client: z.object({}) }, /strict object/],
    ["a form that is no object", { connection: z.string() }, /strict object/],
    [
      "a fallback that its own field refuses",
      { client: z.strictObject({ n: field.number({ label: "N", maximum: 5, fallback: 9 }) }) },
      /“n” refuses its own fallback/,
    ],
    [
      "a hidden leaf inside a branch",
      {
        client: z.strictObject({
          how: field.method({ label: "How", fallback: "a", options: { a: { label: "A", fields: { x: z.string() } } } }),
        }),
      },
      /“how.a.x” has no descriptor/,
    ],
    [
      "a method that falls back to nothing",
      {
        client: z.strictObject({
          how: field.method({ label: "How", fallback: "b", options: { a: { label: "A", fields: {} } } }),
        }),
      },
      /falls back to a branch/,
    ],
    [
      "a chosen identity of clients that cannot be found again",
      { preset: { consumerKey: { pattern: "[a-z]+", words: "small letters" } } },
      /can be made and found/,
    ],
    [
      "a part of the identity that is chosen and missing at once",
      {
        preset: { consumerSecret: { pattern: "[a-z]+", words: "small letters" } },
        missing: { ...sound.missing, consumerSecret: "Not here." },
      },
      /either taken or missing/,
    ],
    [
      "a form of the identity that is no pattern",
      { preset: { consumerKey: { pattern: "[a-z", words: "small letters" } } },
      /no regular expression/,
    ],
    ["a bad id", { id: "Not An Id" }, /the id must be/],
    ["a capability named twice", { capabilities: ["issueToken", "issueToken"] }, /named twice/],
  ])("refuses %s", (_name, change, message) => {
    expect(() => defineConnector({ ...sound, ...change })).toThrow(message);
  });
});
