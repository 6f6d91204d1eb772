import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { freePort } from "#e2e/servers/ports.ts";
import { root } from "../bootstrap/checkout.mjs";
import { temporaryFolder } from "../database/temporary.ts";

it("a start whose words nobody reads any more ends, and its database with it", async () => {
  const folder = temporaryFolder();
  const port = await freePort();
  const secret = () => randomBytes(32).toString("base64url");
  try {
    const child = spawn(process.execPath, ["tooling/serve/main.ts"], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...{ PATH: process.env["PATH"], HOME: process.env["HOME"], NODE_ENV: "production" },
        ...{ HOST: "127.0.0.1", PORT: String(port), LATCHKEY_ORIGIN: `http://localhost:${port}` },
        ...{ LATCHKEY_DATA: join(folder, "data"), NEXTAUTH_SECRET: secret(), LATCHKEY_VAULT_KEYS: `test=${secret()}` },
      },
    });
    const gone = once(child, "exit");
    await once(child.stdout, "data");
    child.stdout.destroy();
    child.stderr.destroy();
    await gone;
    expect(existsSync(join(folder, "data/postgres/PG_VERSION"))).toBe(true);
    expect(existsSync(join(folder, "data/postgres/postmaster.pid"))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
