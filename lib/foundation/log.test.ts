import { expect, it } from "vitest";
import { AppError } from "./errors.ts";
import { createLog, type LogFields } from "./log.ts";
import { Secret } from "./secret.ts";

function logged(fields: LogFields): Record<string, unknown> {
  const lines: string[] = [];
  createLog("info", { write: (line: string) => void lines.push(line) }).info(fields, "said");
  return JSON.parse(lines.join("")) as Record<string, unknown>;
}

it("hides what never belongs in a log, by its name and by its kind", () => {
  const hidden = "[secret]";
  expect(logged({ token: "a", body: { client_secret: "b", code: "c" }, code: "SplxlOBeZQQYbYS6WxSbIA" })).toMatchObject(
    {
      token: hidden,
      body: { client_secret: hidden, code: hidden },
      code: hidden,
    },
  );
  expect(JSON.stringify(logged({ held: new Secret("sesame") }))).not.toContain("sesame");
});

it.each(["ECONNREFUSED", "P2010", "57P01", "40001"])("tells by which code something broke: %s", (code) => {
  expect(logged({ error: Object.assign(new Error("broken"), { code }) })).toMatchObject({ error: { errorCode: code } });
});

it("tells the code of a refusal, and of none that looks like an authorization code", () => {
  const refusal = { errorCode: "key_manager.unreachable", message: "It is away." };
  expect(logged({ error: new AppError("key_manager.unreachable", { message: "It is away." }) })).toMatchObject({
    error: refusal,
  });
  const error = Object.assign(new Error("broken"), { code: "SplxlOBeZQQYbYS6WxSbIA" });
  expect(JSON.stringify(logged({ error }))).not.toContain(error.code);
});
