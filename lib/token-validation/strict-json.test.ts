import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStrictObject } from "./strict-json.ts";

const parse = (text: string) => parseStrictObject(Buffer.from(text));

/** Names that are inherited by every object, or hold what JSON is made of; none that must be spelled with escapes. */
const name = fc
  .oneof(fc.constantFrom("__proto__", "constructor", "iss", "", ":", "{", "1"), fc.string())
  .filter((text) => !JSON.stringify(text).includes("\\"));
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(name, tie("tree"), { maxKeys: 4 }),
  ),
}));
const object = fc.dictionary(name, tree, { minKeys: 1, maxKeys: 5 });

/** A text of JSON in which every character is an escape. */
const escaped = (text: string) =>
  `"${text.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;

describe("strict JSON", () => {
  it("is what JSON.parse says of every object that names each member once", () => {
    fc.assert(
      fc.property(object, fc.constantFrom(undefined, 1, "\t"), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("is nothing where a member is named twice, at any level, however it is spelled", () => {
    fc.assert(
      fc.property(object, tree, fc.boolean(), fc.nat(6), (value, other, isEscaped, level) => {
        const text = JSON.stringify(value);
        const [first = ""] = Object.keys(value);
        const again = `{${isEscaped ? escaped(first) : JSON.stringify(first)} : ${JSON.stringify(other)},${text.slice(1)}`;
        const within = (inner: string) => (level % 2 === 0 ? `{"a:b":[1,${inner}]}` : `{"c":${inner},"d":{}}`);
        let nested = again;
        for (let at = 0; at < level; at++) nested = within(nested);
        expect(parse(nested)).toBeNull();
      }),
    );
  });

  it.each([
    '{"a":{"x":1},"a":1}',
    '{"a":1,"a":{"x":1}}',
    '{"b":[{"a":1,"\\u0061":1}]}',
    '{"__proto__":1,"__proto__":1}',
  ])("is nothing for %s", (text) => {
    expect(parse(text)).toBeNull();
  });

  it("is nothing where a name holds what must be spelled with an escape", () => {
    for (const text of ['{"\\"":1}', '{"a":[{"b\\\\":1}]}', '{"\\u0000":1}']) expect(parse(text)).toBeNull();
  });

  it("spells names as they are meant, whatever a stranger's token had parsed before", () => {
    for (let round = 0; round < 100; round++) parse('{"q":1,"\\\\u0":2}');
    for (let round = 0; round < 100; round++) JSON.parse('{"q":1,"\\\\u0":2}');
    expect(parse('{"q":1,"\\u0069ss":2}')).toEqual({ q: 1, iss: 2 });
  });

  it("reads the same name in different objects, and what looks like a name within a text", () => {
    for (const text of ['{"a":{"a":1},"b":[{"a":1},{"a":1}]}', '{"a":"\\"a\\":1","b":"https://a:1"}', '{"":{"":""}}']) {
      expect(parse(text)).toEqual(JSON.parse(text));
    }
  });

  it("is nothing for what is no object, no JSON or no UTF-8", () => {
    for (const text of ["", "null", "[]", '"a"', "{", "{}{}", "{'a':1}", '{"a":1,}']) expect(parse(text)).toBeNull();
    expect(parseStrictObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBeNull();
  });

  it("is read however deeply it is nested", () => {
    const text = `{"a":${"[".repeat(6_000)}${"]".repeat(6_000)}}`;
    expect(parse(text)).not.toBeNull();
  });
});
