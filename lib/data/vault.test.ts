import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Secret } from "../foundation/secret.ts";
import { createVault } from "./vault.ts";

const key = (id: string) => ({ id, key: new Secret(randomBytes(32).toString("base64url")) });
const place = { tenantId: "t1", table: "key_manager", recordId: "r1", field: "connection.clientSecret" };

describe("vault", () => {
  it("opens what it sealed, and the sealed form does not hold the value", () => {
    const vault = createVault([key("a")]);
    const sealed = vault.seal(place, new Secret("canary"));
    expect(sealed).not.toContain("canary");
    expect(vault.open(place, sealed).reveal()).toBe("canary");
  });

  it.each([["tenantId"], ["table"], ["recordId"], ["field"]])("refuses a value moved to another %s", (part) => {
    const vault = createVault([key("a")]);
    const sealed = vault.seal(place, new Secret("canary"));
    expect(() => vault.open({ ...place, [part]: "elsewhere" }, sealed)).toThrow();
  });

  it("refuses a value in which any part was altered", () => {
    const vault = createVault([key("a")]);
    const parts = vault.seal(place, new Secret("canary")).split(".");
    for (const index of parts.keys()) {
      const altered = parts.map((part, at) =>
        at === index ? (part.startsWith("A") ? "B" : "A") + part.slice(1) : part,
      );
      expect(() => vault.open(place, altered.join("."))).toThrow();
    }
  });

  it("opens values of an older key and calls them stale", () => {
    const [older, newer] = [key("older"), key("newer")];
    const sealed = createVault([older]).seal(place, new Secret("canary"));
    const vault = createVault([newer, older]);
    expect(vault.open(place, sealed).reveal()).toBe("canary");
    expect(vault.isStale(sealed)).toBe(true);
    expect(vault.isStale(vault.seal(place, new Secret("x")))).toBe(false);
  });
});
