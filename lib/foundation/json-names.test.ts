import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseUntrustedJson } from "./json.ts";
import { withPlainNames } from "./json-names.ts";

describe("names of members", () => {
  it.each([
    ['{"a":"\\u0062"}', '{"a":"\\u0062"}'],
    ['{"\\u0069ss" : 1}', '{"iss" : 1}'],
    ['{"https:\\/\\/x":{"\\u0061":["\\"a\\":", {"\\u0062":1}]}}', '{"https://x":{"a":["\\"a\\":", {"b":1}]}}'],
  ])("of %s are written without escapes", (text, plain) => {
    expect(withPlainNames(text)).toBe(plain);
  });

  it.each(['{"a\\"b":1}', '{"a\\\\b":1}', '{"a\\nb":1}', '{"\\ud800":1}', '{"\\x":1}'])(
    "of %s cannot be, so the text means nothing",
    (text) => {
      expect(() => withPlainNames(text)).toThrow(SyntaxError);
    },
  );

  it("change nothing of what a text says", () => {
    const name = fc.string().filter((text) => !JSON.stringify(text).includes("\\"));
    fc.assert(
      fc.property(fc.dictionary(name, fc.json()), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(withPlainNames(text))).toEqual(value);
      }),
    );
  });

  it("are read as they stand, whatever a stranger had parsed before", () => {
    for (let round = 0; round < 100; round++) JSON.parse('{"q":1,"\\\\u0":2}');
    expect(parseUntrustedJson('{"q":1,"\\u0069ss":2}')).toEqual({ q: 1, iss: 2 });
  });
});
