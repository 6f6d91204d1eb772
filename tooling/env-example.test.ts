import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { envSchema, parseEnv, type Env } from "#lib/foundation/env.ts";

const lines = readFileSync(new URL("../.env.example", import.meta.url), "utf8").split("\n");

it(".env.example describes every setting of the schema, and no other", () => {
  const names = lines.flatMap((line) => /^(?:# )?([A-Z][A-Z0-9_]*)=/.exec(line)?.[1] ?? []);
  expect(names.sort()).toEqual(Object.keys(envSchema.shape).sort());
});

it(".env.example shows the defaults that the schema has", () => {
  const shown = Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value ?? ""]];
    }),
  );
  const required = {
    DATABASE_URL: "postgresql://latchkey@localhost/latchkey",
    NEXTAUTH_SECRET: "x".repeat(32),
    LATCHKEY_VAULT_KEYS: `k1=${Buffer.alloc(32).toString("base64url")}`,
  };
  const plain = (env: Env) => JSON.parse(JSON.stringify(env)) as unknown;
  expect(plain(parseEnv({ ...shown, ...required }))).toEqual(plain(parseEnv(required)));
});
