import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  constrainableFields,
  hasPattern,
  limitProblems,
  narrowFields,
  readConstraints,
  withNearestDefaults,
  type Constraints,
} from "./constraints.ts";
import { describeFields, initialValues } from "./descriptors.ts";
import { field } from "./fields.ts";
import { patterns } from "./patterns.ts";

const schema = z.strictObject({
  lifetime: field.number({ label: "Tokens live", unit: "seconds", minimum: 60, maximum: 86_400, fallback: 3_600 }),
  days: field.number({ label: "Secrets live", minimum: 1, optional: true }),
  proofKey: field.choice({ label: "PKCE", options: ["optional", "required"], fallback: "optional" }),
  responses: field.multiChoice({ label: "Responses", options: ["code", "token", "id_token"], fallback: ["code"] }),
  homePage: field.url({ label: "Home page", optional: true }),
  audience: field.text({ label: "Audience", fallback: "N/A" }),
  origins: field.list({ label: "Origins", items: "url", optional: true }),
  secretly: field.secret({ label: "Secret", optional: true }),
  consent: field.flag({ label: "Consent" }),
  authentication: field.method({
    label: "Authentication",
    fallback: "secret",
    options: {
      secret: { label: "Secret", fields: { secretDays: field.number({ label: "Secret days", fallback: 365 }) } },
      key: { label: "Key", fields: { jwksUri: field.url({ label: "Key set" }) } },
    },
  }),
});
const fields = describeFields(schema);
const { matches } = patterns;
const read = (raw: Record<string, unknown>) => readConstraints(fields, raw, patterns);
const problemsOf = (constraints: Constraints, values: Record<string, unknown>) =>
  limitProblems(narrowFields(fields, constraints), values, { prefix: "settings", matches });

describe("what can be limited", () => {
  it("is every number, choice, text, address and list, in groups too, and the callback URLs", () => {
    expect(constrainableFields(fields).map(({ key, types }) => [key, types.join(" ")])).toEqual([
      ["redirectUris", "REGEX"],
      ["lifetime", "MIN MAX RANGE"],
      ["days", "MIN MAX RANGE"],
      ["proofKey", "ENUM"],
      ["responses", "ENUM"],
      ["homePage", "REGEX"],
      ["audience", "REGEX"],
      ["origins", "REGEX"],
      ["authentication", "ENUM"],
      ["authentication/secret/secretDays", "MIN MAX RANGE"],
      ["authentication/key/jwksUri", "REGEX"],
    ]);
  });
});

describe("an administrator's limits", () => {
  it("are read with what their type needs, and nothing else", () => {
    const { constraints, problems } = read({
      lifetime: { type: "RANGE", minimum: "300", maximum: 1_800, pattern: "left over" },
      days: { type: "" },
      proofKey: { type: "ENUM", allowed: ["required"] },
      redirectUris: { type: "REGEX", pattern: " https://[a-z]+\\.example\\.com/.* ", words: "on example.com" },
      "authentication/secret/secretDays": { type: "MAX", maximum: 90 },
    });
    expect(problems).toEqual([]);
    expect(constraints).toEqual({
      lifetime: { type: "RANGE", minimum: 300, maximum: 1_800 },
      proofKey: { type: "ENUM", allowed: ["required"] },
      redirectUris: { type: "REGEX", pattern: "https://[a-z]+\\.example\\.com/.*", words: "on example.com" },
      "authentication/secret/secretDays": { type: "MAX", maximum: 90 },
    });
  });

  it("are refused with every problem at its place", () => {
    const { constraints, problems } = read({
      lifetime: { type: "RANGE", minimum: 900, maximum: 600 },
      days: { type: "MIN", minimum: "soon" },
      proofKey: { type: "ENUM", allowed: ["required", "never"] },
      responses: { type: "ENUM", allowed: [] },
      homePage: { type: "REGEX", pattern: "a(" },
      origins: { type: "MAX", maximum: 3 },
      nothing: { type: "MAX", maximum: 3 },
      consent: { type: "ENUM", allowed: ["true"] },
      secretly: { type: "REGEX", pattern: "a+" },
      authentication: "secret",
      "authentication/secret/secretDays": { type: "MAX", maximum: 1.5 },
    });
    expect(constraints).toEqual({});
    expect(problems.map(({ path }) => path)).toEqual([
      "constraints.lifetime.maximum",
      "constraints.days.minimum",
      "constraints.proofKey.allowed",
      "constraints.responses.allowed",
      "constraints.homePage.pattern",
      "constraints.origins.type",
      "constraints.nothing",
      "constraints.consent",
      "constraints.secretly",
      "constraints.authentication",
      "constraints.authentication/secret/secretDays.maximum",
    ]);
    expect(problems[2]?.message).toBe("“PKCE” does not have the value never. It has: optional, required.");
  });

  it("may not go beyond what the field itself takes", () => {
    expect(read({ lifetime: { type: "RANGE", minimum: 1, maximum: 90_000 } }).problems).toEqual([
      { path: "constraints.lifetime.minimum", message: "The field itself takes at least 60." },
      { path: "constraints.lifetime.maximum", message: "The field itself takes at most 86400." },
    ]);
  });

  it("may not exclude a text that the field begins with: there is no nearest one", () => {
    const [problem] = read({ audience: { type: "REGEX", pattern: "https://.*" } }).problems;
    expect(problem).toMatchObject({
      path: "constraints.audience.pattern",
      message: expect.stringContaining("N/A") as string,
    });
  });

  it.each(["(?=a)b", "(a)\\1", "[z-a]", "a{2000}", "(a{1,30}){1,30}", "x".repeat(201), ""])(
    "refuse the pattern %j",
    (pattern) => {
      expect(read({ homePage: { type: "REGEX", pattern } }).problems).toMatchObject([
        { path: "constraints.homePage.pattern" },
      ]);
    },
  );

  it("are matched in linear time", () => {
    const began = performance.now();
    expect(
      problemsOf({ homePage: { type: "REGEX", pattern: "(a+)+" } }, { homePage: `${"a".repeat(2_000)}!` }),
    ).toHaveLength(1);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe("a narrowed form", () => {
  const constraints: Constraints = {
    lifetime: { type: "MAX", maximum: 1_800 },
    proofKey: { type: "ENUM", allowed: ["required"] },
    responses: { type: "ENUM", allowed: ["token", "id_token"] },
    authentication: { type: "ENUM", allowed: ["key"] },
    "authentication/secret/secretDays": { type: "RANGE", minimum: 30, maximum: 90 },
  };
  const narrowed = narrowFields(fields, constraints);

  it("begins with the nearest allowed values", () => {
    expect(initialValues(narrowed)).toMatchObject({
      lifetime: 1_800,
      proofKey: "required",
      responses: ["token"],
      authentication: { method: "key", jwksUri: "" },
      audience: "N/A",
    });
  });

  it("says what is allowed before anything is typed", () => {
    expect(narrowed.find(({ name }) => name === "lifetime")).toMatchObject({
      maximum: 1_800,
      limit: { words: "The administrator allows at most 1,800 seconds." },
    });
    expect(narrowed.find(({ name }) => name === "proofKey")).toMatchObject({
      options: [{ value: "required", label: "required" }],
      limit: { words: "The administrator allows: required." },
    });
  });

  it("leaves fields without a limit as they are", () => {
    expect(narrowFields(fields, {})).toEqual(fields);
    expect(hasPattern(narrowed)).toBe(false);
    expect(
      hasPattern(narrowFields(fields, { "authentication/key/jwksUri": { type: "REGEX", pattern: "https:.*" } })),
    ).toBe(true);
  });
});

describe("developers' values", () => {
  it("outside a limit are told at their field, in groups too", () => {
    const problems = problemsOf(
      {
        lifetime: { type: "RANGE", minimum: 300, maximum: 1_800 },
        proofKey: { type: "ENUM", allowed: ["required"] },
        origins: { type: "REGEX", pattern: "https://[a-z.]+", words: "https only." },
        "authentication/secret/secretDays": { type: "MAX", maximum: 90 },
      },
      {
        lifetime: "299",
        proofKey: "optional",
        origins: ["https://a.example", "http://b.example"],
        authentication: { method: "secret", secretDays: 91 },
      },
    );
    expect(problems).toEqual([
      { path: "settings.lifetime", message: "The administrator allows 300 to 1,800 seconds." },
      { path: "settings.proofKey", message: "The administrator allows: required." },
      { path: "settings.origins", message: "Set by the administrator: https only." },
      { path: "settings.authentication.secretDays", message: "The administrator allows at most 90." },
    ]);
  });

  it("of a group's branch that was taken away are told at the choice", () => {
    const constraints: Constraints = { authentication: { type: "ENUM", allowed: ["key"] } };
    expect(problemsOf(constraints, { authentication: { method: "secret" } })).toEqual([
      { path: "settings.authentication.method", message: "The administrator allows: Key." },
    ]);
  });

  it("must match as a whole", () => {
    const constraints: Constraints = { homePage: { type: "REGEX", pattern: "https://a|https://ab" } };
    expect(problemsOf(constraints, { homePage: "https://ab" })).toEqual([]);
    expect(problemsOf(constraints, { homePage: "x https://a" })).toHaveLength(1);
    expect(problemsOf(constraints, { homePage: "https://a\nhttps://evil" })).toHaveLength(1);
  });

  it("may be blank: whether a field is needed is its own matter", () => {
    const constraints: Constraints = { days: { type: "MAX", maximum: 3 }, homePage: { type: "REGEX", pattern: "x" } };
    for (const blank of [undefined, null, ""])
      expect(problemsOf(constraints, { days: blank, homePage: blank })).toEqual([]);
  });
});

describe("an untouched default", () => {
  const constraints: Constraints = {
    lifetime: { type: "MAX", maximum: 1_800 },
    authentication: { type: "ENUM", allowed: ["key"] },
    "authentication/secret/secretDays": { type: "MAX", maximum: 90 },
  };
  const narrowed = narrowFields(fields, constraints);
  const onlySecretDays = narrowFields(fields, { "authentication/secret/secretDays": { type: "MAX", maximum: 90 } });

  it("gives way to the nearest value where nothing was sent", () => {
    expect(withNearestDefaults(narrowed, {})).toEqual({ lifetime: 1_800, authentication: { method: "key" } });
    expect(withNearestDefaults(onlySecretDays, {})).toEqual({ authentication: { method: "secret", secretDays: 90 } });
    expect(withNearestDefaults(fields, {})).toEqual({});
  });

  it("gives way where it was stored before the limit and is sent back", () => {
    expect(withNearestDefaults(narrowed, { lifetime: 3_600 }, { lifetime: 3_600 })).toMatchObject({ lifetime: 1_800 });
    expect(withNearestDefaults(narrowed, { lifetime: 3_600 }, { lifetime: 600 })).toMatchObject({ lifetime: 3_600 });
    const stored = { authentication: { method: "secret", secretDays: 365 } };
    expect(withNearestDefaults(onlySecretDays, stored, stored)).toMatchObject({
      authentication: { method: "secret", secretDays: 90 },
    });
  });

  it("does not touch what somebody chose", () => {
    const chosen = { lifetime: 7_200, authentication: { method: "secret", secretDays: 365 } };
    expect(withNearestDefaults(narrowed, chosen)).toEqual(chosen);
  });
});

const bound = fc.integer({ min: 60, max: 86_400 });
const subset = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });
/** Limits that an administrator may set. */
const anyConstraints = fc.record(
  {
    lifetime: fc.oneof(
      bound.map((minimum) => ({ type: "MIN", minimum })),
      bound.map((maximum) => ({ type: "MAX", maximum })),
      fc.tuple(bound, bound).map(([a, b]) => ({ type: "RANGE", minimum: Math.min(a, b), maximum: Math.max(a, b) })),
    ),
    proofKey: subset(["optional", "required"]).map((allowed) => ({ type: "ENUM", allowed })),
    responses: subset(["code", "token", "id_token"]).map((allowed) => ({ type: "ENUM", allowed })),
    authentication: subset(["secret", "key"]).map((allowed) => ({ type: "ENUM", allowed })),
    "authentication/secret/secretDays": fc.integer({ min: 1, max: 900 }).map((maximum) => ({ type: "MAX", maximum })),
  },
  { requiredKeys: [] },
);

describe("for all limits", () => {
  it("that are accepted, a form left as it began is within them", () => {
    fc.assert(
      fc.property(anyConstraints, (raw) => {
        const { constraints, problems } = read(raw);
        const narrowed = narrowFields(fields, constraints);
        const untouched = withNearestDefaults(narrowed, {});
        // What the schema fills in by itself counts too; only an address has no default.
        const isKey = JSON.stringify(untouched["authentication"] ?? "").includes('"key"');
        const authentication = { method: "key", jwksUri: "https://app.example.com/keys" };
        const filled = schema.parse({ ...untouched, ...(isKey && { authentication }) });
        const begun = initialValues(narrowed);
        return (
          problems.length === 0 &&
          limitProblems(narrowed, untouched, { prefix: "", matches }).length === 0 &&
          limitProblems(narrowed, begun, { prefix: "", matches }).length === 0 &&
          limitProblems(narrowed, filled, { prefix: "", matches }).length === 0
        );
      }),
    );
  });

  it("a number passes exactly where it is between the bounds", () => {
    fc.assert(
      fc.property(bound, bound, bound, (a, b, value) => {
        const [minimum, maximum] = [Math.min(a, b), Math.max(a, b)];
        const refused = problemsOf({ lifetime: { type: "RANGE", minimum, maximum } }, { lifetime: value }).length > 0;
        return refused === (value < minimum || value > maximum);
      }),
    );
  });

  it("nothing that is read from anybody's input throws", () => {
    const member = fc.oneof(fc.string(), fc.double(), fc.constant(null), fc.array(fc.string()), fc.boolean());
    const limit = fc.record(
      {
        type: fc.oneof(fc.constantFrom("", "MIN", "MAX", "RANGE", "ENUM", "REGEX"), member),
        minimum: member,
        maximum: member,
        allowed: member,
        pattern: member,
        words: member,
      },
      { requiredKeys: [] },
    );
    const key = fc.oneof(fc.constantFrom(...constrainableFields(fields).map((known) => known.key)), fc.string());
    fc.assert(
      fc.property(fc.dictionary(key, fc.oneof(limit, member)), (raw) => {
        const { constraints } = read(raw);
        narrowFields(fields, constraints);
        return true;
      }),
    );
  });
});
