import { globSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const hostile: Record<string, unknown> = {
  "longer than any position": "a".repeat(501),
  "far longer": "x".repeat(100_000),
  empty: "",
  "a blank": " ",
  NUL: "a\0b",
  "half a surrogate pair": "a\ud83db",
  "another alphabet": "東京",
  "a line break": "a\r\nb",
  "written twice": ["a", "b"],
  "no text": { gt: "" },
  "a number": 7,
  null: null,
};

/** What lists give out: the base64url of a position, the name of a scope, the address of a tenant. */
const own = {
  "a position": Buffer.from(JSON.stringify(["-created", "東".repeat(100)])).toString("base64url"),
  "the name of a scope": `orders:read/~!{}${"x".repeat(84)}`,
  "the address of a tenant": "north-wind",
};

/** Every field of every contract that says where a page begins. */
const cursors = await fieldsNamed("cursor");

it("is found in every contract that has a list", () => {
  expect(cursors.length).toBeGreaterThan(10);
});

describe.each(cursors)("where a page of $of begins", ({ field }) => {
  it.each(Object.entries(own))("takes %s", (_what, value) => {
    expect(field.safeParse(value)).toEqual({ success: true, data: value });
  });

  it.each(Object.entries(hostile))("is the beginning of the list for what is %s", (_what, value) => {
    expect(field.safeParse(value)).toEqual({ success: true, data: undefined });
  });

  it("may be left out", () => {
    expect(field.safeParse(undefined)).toEqual({ success: true, data: undefined });
  });
});

async function fieldsNamed(name: string): Promise<{ of: string; field: z.ZodType }[]> {
  const contracts = globSync("*/contract.ts", { cwd: import.meta.dirname }).sort();
  const modules = await Promise.all(
    contracts.map((path) => import(/* @vite-ignore */ `./${path}`) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap((module) =>
    Object.entries(module).flatMap(([of, schema]) => {
      const field = schema instanceof z.ZodObject ? (schema.shape as Record<string, unknown>)[name] : undefined;
      return field instanceof z.ZodType ? [{ of, field }] : [];
    }),
  );
}
