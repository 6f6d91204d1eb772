import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { jwtVerify } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { assertionExample } from "./assertion-example.ts";

const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "assertion-"));
});
afterAll(() => rm(folder, { recursive: true }));

it("the example signs an assertion that RFC 7523 accepts", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const consumerKey = `it's "5 $HOME" & \\ \`x\``;
  const tokenEndpoint = "https://login.example.com/token";
  await writeFile(join(folder, "client-key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(join(folder, "sign.mjs"), assertionExample({ consumerKey, tokenEndpoint }));
  const { stdout } = await run(process.execPath, ["sign.mjs"], { cwd: folder });
  const { payload } = await jwtVerify(stdout.trim(), publicKey, {
    issuer: consumerKey,
    subject: consumerKey,
    audience: tokenEndpoint,
    maxTokenAge: "1 minute",
    requiredClaims: ["exp", "jti"],
  });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
});
