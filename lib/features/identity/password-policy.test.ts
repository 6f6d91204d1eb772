import { describe, expect, it } from "vitest";
import { requireGoodPassword } from "./password-policy.ts";

const ada = { email: "ada.lovelace@example.com", name: "Ada Lovelace" };
const refuses = (password: string) => expect(() => requireGoodPassword(password, ada)).toThrow();
const takes = (password: string) => expect(() => requireGoodPassword(password, ada)).not.toThrow();

describe("password policy", () => {
  it("takes long phrases without any composition rule", () => {
    takes("seven lanterns over the canal");
    takes("sevenlanternsoverthecanal");
    takes("ナイロビの朝は七時に始まるようです");
    takes("🦊🌲🌙🛶🔥🎻🍞🧭🪁🧵🕯️🗝️📚🌊🏔️");
    takes(`${"z q".repeat(5)} ${"pelican drum ".repeat(14)}`);
  });

  it("counts characters, not bytes or code units, and refuses fewer than fifteen", () => {
    refuses("fourteen chars");
    takes("fifteen letters");
    refuses("🦊🌲🌙🛶🔥🎻🍞");
  });

  it("refuses more than 1024 bytes", () => {
    takes("lantern canal 7 ".repeat(64));
    refuses("lantern canal 7 ".repeat(64) + "x");
  });

  it("refuses common ones whatever their spacing and case", () => {
    refuses("Correct-Horse-Battery-Staple");
    refuses("PasswordPassword1");
    refuses("qwertyuiopasdfghjkl");
  });

  it("refuses repetition and counting", () => {
    refuses("aaaaaaaaaaaaaaaaaaaa");
    refuses("abc123abc123abc123");
    refuses("12345678901234567");
    refuses("zyxwvutsrqponmlkji");
  });

  it("refuses what is only the person's name, address or the product's name", () => {
    refuses("Ada.Lovelace@example.com");
    refuses("lovelace-latchkey-2026");
    refuses("latchkeylatchkey1");
    takes("lovelace paints harbour walls");
  });

  it("names the field", () => {
    expect(() => requireGoodPassword("short", ada, "newPassword")).toThrow(
      expect.objectContaining({ fields: [expect.objectContaining({ path: "newPassword" })] }),
    );
  });
});
