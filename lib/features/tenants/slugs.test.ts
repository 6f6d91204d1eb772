import { describe, expect, it } from "vitest";
import { SlugInput } from "./contract.ts";
import { confusableWith } from "./slugs.ts";

describe("slug", () => {
  it("takes plain ones", () => {
    for (const slug of ["acme", "acme-2", "north-sea-energy"]) expect(SlugInput.safeParse(slug).success).toBe(true);
  });

  it("refuses every spelling that another could be taken for", () => {
    const composed = "ac\u0327me";
    for (const slug of [
      "Acme",
      "açme",
      composed,
      "acme ",
      " acme",
      "аcme",
      "ａcme",
      "acme-",
      "-acme",
      "ac--me",
      "a",
      "2acme",
      "ac.me",
      "ac/me",
    ]) {
      expect(SlugInput.safeParse(slug).success, slug).toBe(false);
    }
  });

  it("refuses words of the portal", () => {
    for (const slug of ["admin", "oidc", "latchkey"]) expect(SlugInput.safeParse(slug).success).toBe(false);
  });

  it("tells look-alikes", () => {
    expect(confusableWith("paypa1", ["acme", "paypal"])).toBe("paypal");
    expect(confusableWith("acrne", ["acme"])).toBe("acme");
    expect(confusableWith("ac-me", ["acme"])).toBe("acme");
    expect(confusableWith("acne", ["acme"])).toBeUndefined();
  });
});
