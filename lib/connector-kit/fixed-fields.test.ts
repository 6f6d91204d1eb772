import { describe, expect, it } from "vitest";
import { z } from "zod";
import { describeFields } from "./descriptors.ts";
import { field } from "./fields.ts";
import { fixedProblems, withFixedFields } from "./fixed-fields.ts";

const fields = describeFields(
  z.strictObject({
    version: field.choice({ label: "Token version", options: ["v1", "v2"], fallback: "v2", fixed: true }),
    api: field.text({ label: "API", optional: true, fixed: true }),
    note: field.text({ label: "Note", optional: true }),
    access: field.method({
      label: "Access",
      fallback: "key",
      options: {
        key: { label: "Key", fields: { keyId: field.text({ label: "Key id", fixed: true }) } },
        none: { label: "None", fields: {} },
      },
    }),
    place: field.method({
      label: "Place",
      fixed: true,
      fallback: "here",
      options: { here: { label: "Here", fields: {} }, there: { label: "There", fields: {} } },
    }),
  }),
);
const stored = { version: "v1", access: { method: "key", keyId: "a" }, place: { method: "here" } };
const problems = (after: Record<string, unknown>, before: Record<string, unknown> = stored) =>
  fixedProblems(fields, { before, after: { ...stored, ...after }, prefix: "connection" }).map(({ path }) => path);

describe("a fixed field", () => {
  it("stays as it was stored, and everything else may change", () => {
    expect(problems({})).toEqual([]);
    expect(problems({ note: "new" })).toEqual([]);
    expect(problems({ version: "v2" })).toEqual(["connection.version"]);
    expect(problems({ api: "https://api.example" })).toEqual(["connection.api"]);
  });

  it("is told with the value that it keeps", () => {
    expect(
      fixedProblems(fields, { before: stored, after: { ...stored, version: "v2" }, prefix: "connection" }),
    ).toEqual([
      {
        path: "connection.version",
        message: "“Token version” cannot be changed any more: it stays “v1”. Make a new one to have it otherwise.",
      },
    ]);
  });

  it("that was never stored has its default", () => {
    expect(problems({ version: "v2" }, { ...stored, version: undefined })).toEqual([]);
    expect(problems({ version: "v1" }, { ...stored, version: undefined })).toEqual(["connection.version"]);
  });

  it("may be a group's choice, or stand in a branch for as long as that is chosen", () => {
    expect(problems({ place: { method: "there" } })).toEqual(["connection.place.method"]);
    expect(problems({ access: { method: "key", keyId: "b" } })).toEqual(["connection.access.keyId"]);
    expect(problems({ access: { method: "none" } })).toEqual([]);
  });

  it("that is left out keeps what is stored", () => {
    expect(withFixedFields(fields, stored, { note: "new" })).toEqual({
      version: "v1",
      place: { method: "here" },
      note: "new",
    });
    expect(withFixedFields(fields, stored, { version: "v2" })).toMatchObject({ version: "v2" });
  });
});
