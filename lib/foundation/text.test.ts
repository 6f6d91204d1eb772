import { describe, expect, it } from "vitest";
import { cut, readWords, searchText, text } from "./text.ts";

describe("free text", () => {
  it.each([
    ["several lines", "first\r\n\tsecond\n"],
    ["other alphabets", "Ünïcödé – 東京 – שלום – مرحبا"],
    ["characters of two units", "🔑 𐍈"],
  ])("takes %s, trimmed", (_what, value) => {
    expect(text(100).parse(` ${value} `)).toBe(value.trim());
  });

  it.each([
    ["NUL", "a\0b"],
    ["an escape", "a\u001bb"],
    ["a control character beyond ASCII", "a\u0085b"],
    ["the first half of a pair", "a\ud83d"],
    ["the second half of a pair", "\udd11b"],
  ])("refuses %s", (_what, value) => {
    expect(
      text(100)
        .safeParse(value)
        .error?.issues.map(({ message }) => message),
    ).toEqual(["Remove the invisible control characters."]);
  });

  it("has a longest length, and words for it", () => {
    expect(text(3).safeParse("abcd").error?.issues[0]?.message).toBe("Use at most 3 characters.");
    expect(text(3, "Too long a word.").safeParse("abcd").error?.issues[0]?.message).toBe("Too long a word.");
    expect(text(3).safeParse(" abc ").success).toBe(true);
  });
});

describe("words of a search in an address", () => {
  const search = searchText(120);

  it.each([
    ["are trimmed", "  Ada 東京 ", "Ada 東京"],
    ["are cut where they are too many", "x".repeat(121), "x".repeat(120)],
    ["are cut after spaces before them", `   ${"x".repeat(120)}`, "x".repeat(120)],
    ["are cut before a character that is half in", `${"x".repeat(119)}🔑`, "x".repeat(119)],
    ["narrow nothing where there are none", undefined, undefined],
    ["narrow nothing where they are blank", "  ", undefined],
    ["narrow nothing with NUL among them", "a\0b", undefined],
    ["narrow nothing with half a character", "a\ud83db", undefined],
  ])("%s", (_what, words, expected) => {
    expect(readWords(search, words)).toBe(expected);
  });
});

describe("the beginning of a text", () => {
  it.each([
    ["short enough already", "ab", 3, "ab"],
    ["cut between characters", "abcd", 3, "abc"],
    ["cut after a whole pair", "a🔑b", 3, "a🔑"],
    ["cut before a pair that does not fit", "ab🔑", 3, "ab"],
  ])("is %s", (_what, value, maximum, expected) => {
    expect(cut(value, maximum)).toBe(expected);
  });
});
