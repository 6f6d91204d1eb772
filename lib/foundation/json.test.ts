import { describe, expect, it } from "vitest";
import { parseUntrustedJson } from "./json.ts";

describe("parseUntrustedJson", () => {
  it("reads what JSON.parse reads", () => {
    for (const text of ['{"a":[1,2,{"b":"c\\"d,{}"}],"e":null}', "[]", '"x"', "1e3", '{"":0}']) {
      expect(parseUntrustedJson(text)).toEqual(JSON.parse(text));
    }
  });

  it.each([
    ["nothing", ""],
    ["HTML", "<html></html>"],
    ["an unfinished text", '{"a":"b'],
    ["an unfinished object", '{"a":1'],
    ["two documents", "{}{}"],
    ["a doubled key", '{"a":1,"a":2}'],
    ["a doubled key behind an escape", '{"a":1,"\\u0061":2}'],
    ["a doubled key in a nested object", '[{"x":{"b":1,"c":2,"b":3}}]'],
  ])("refuses %s", (_name, text) => {
    expect(() => parseUntrustedJson(text)).toThrow(SyntaxError);
  });

  it("allows one key in several objects", () => {
    expect(parseUntrustedJson('[{"a":1},{"a":{"a":2}}]')).toEqual([{ a: 1 }, { a: { a: 2 } }]);
  });

  it("refuses a million levels and a million items at once", () => {
    const started = performance.now();
    expect(() => parseUntrustedJson("[".repeat(1_000_000))).toThrow(/deeper/);
    expect(() => parseUntrustedJson(`[${"0,".repeat(1_000_000)}0]`)).toThrow(/more than/);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it("drops keys that reach for prototypes", () => {
    const value = parseUntrustedJson('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"b":1}');
    expect(value).toEqual({ b: 1 });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});
