import { describe, expect, it } from "vitest";
import { Secret } from "#lib/foundation/secret.ts";
import { quotableReason, scrub } from "./reason.ts";

describe("quotableReason", () => {
  it("prefers the words for people over the code", () => {
    expect(quotableReason({ error: "invalid_scope", error_description: "Scope x is unknown" })).toBe(
      "Scope x is unknown",
    );
    expect(quotableReason({ errorMessage: "Client a already exists" })).toBe("Client a already exists");
    expect(quotableReason({ error: "invalid_scope" })).toBe("invalid_scope");
    for (const nothing of [undefined, null, "text", 7, [], {}, { error: { code: 1 } }, { error: " " }]) {
      expect(quotableReason(nothing)).toBeUndefined();
    }
  });

  it("prefers what is wrong with each field over the sentence above it", () => {
    const message = "Validation error(s) occurred.";
    const items = [
      { message: "Give a name." },
      { message: "Give a name." },
      null,
      { errorId: "x" },
      { message: "Too long." },
    ];
    expect(quotableReason({ message, validationErrors: items })).toBe("Give a name. Too long.");
    for (const nothing of [[], [{}], "none", { message: "no list" }]) {
      expect(quotableReason({ message, validationErrors: nothing })).toBe(message);
    }
    const secret = new Secret("hunter22");
    expect(quotableReason({ validationErrors: [{ message: "bad hunter22" }] }, [secret])).toBe("bad [secret]");
  });

  it("removes what was sent, tokens, and credentials of the header", () => {
    const secret = new Secret("p@ss word/1");
    const words = `secret p@ss word/1 or ${encodeURIComponent("p@ss word/1")}, Bearer abcdefgh12345, eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln`;
    expect(scrub("client_secret=p%7Eq+r%2Fs", [new Secret("p~q r/s")])).toBe("client_secret=[secret]");
    expect(scrub(words, [secret])).toBe("secret [secret] or [secret], Bearer [secret], [token]");
  });

  it("keeps one short, visible line", () => {
    expect(scrub("a\r\nb\u0000c\u001b[31md\u202ee\tf")).toBe("a b c [31md e f");
    expect(scrub("x".repeat(10_000))).toHaveLength(300);
  });

  it("finds the words of an error that is an object", () => {
    const body = { error: { code: "Request_BadRequest", message: "Invalid value for displayName." } };
    expect(quotableReason(body)).toBe("Invalid value for displayName.");
    expect(quotableReason({ error: { code: "x", error: [] } })).toBeUndefined();
  });
});
