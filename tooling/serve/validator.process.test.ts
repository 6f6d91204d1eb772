import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { exportSPKI, importJWK, type CryptoKey } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { openDatabase, tenantDb, type Database } from "#lib/data/database.ts";
import { migrate } from "#lib/data/migrate.ts";
import { createVault } from "#lib/data/vault.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { gatewayTenant, within5Seconds } from "#tooling/testing/gateway.ts";
import { openRoad } from "#tooling/testing/road.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";
import { signingPair, signToken, type SigningPair } from "#tooling/testing/validation.ts";
import { startValidator, type ValidatorProcess } from "#tooling/testing/validator-process.ts";
import { root } from "../bootstrap/checkout.mjs";
import type { EmbeddedDatabase } from "../database/embedded.ts";
import { startTemporary, temporaryFolder } from "../database/temporary.ts";

const random = () => randomBytes(32).toString("base64url");
const [vaultKey, sessionSecret] = [random(), random()];

let embedded: EmbeddedDatabase;
let database: Database;
let road: Awaited<ReturnType<typeof openRoad>>;
let tenant: Awaited<ReturnType<typeof gatewayTenant>>;
let pair: SigningPair;
let folder: string;
const validators: ValidatorProcess[] = [];

beforeAll(async () => {
  embedded = await startTemporary();
  await migrate(embedded.url, join(root, "prisma/migrations"));
  database = openDatabase({ url: embedded.url, poolSize: 2 });
  road = await openRoad(Number(new URL(embedded.url.reveal()).port));
  const deps = testDependencies({ database, vault: createVault([{ id: "k1", key: new Secret(vaultKey) }]) });
  tenant = await gatewayTenant(deps);
  pair = await signingPair();
  const value = await exportSPKI((await importJWK(pair.publicJwk, pair.algorithm)) as CryptoKey);
  await change((db) =>
    db.keyManager.update({
      where: { tenantId: tenant.tenantId, id: tenant.ids.keyManager },
      data: { signingKeys: { kind: "pem", value } },
    }),
  );
  folder = temporaryFolder();
});
afterEach(async () => {
  for (const validator of validators.splice(0)) await validator.stop();
  road.open();
});
afterAll(async () => {
  road.close();
  await database.close();
  await embedded.stop();
  rmSync(folder, { recursive: true, force: true });
});

type TenantTables = ReturnType<typeof tenantDb>;
const change = (work: (db: TenantTables) => Promise<unknown>) =>
  database.inTenant(tenant.tenantId, (ctx) => work(tenantDb(ctx)));

async function start(settings: Record<string, string> = {}): Promise<ValidatorProcess> {
  const url = new URL(embedded.url.reveal());
  url.port = String(road.port);
  const validator = await startValidator({
    DATABASE_URL: url.href,
    NEXTAUTH_SECRET: sessionSecret,
    LATCHKEY_VALIDATOR_STATE: join(folder, "validator.state"),
    LATCHKEY_VAULT_KEYS: `k1=${vaultKey}`,
    ...settings,
  });
  validators.push(validator);
  return validator;
}

const token = (claims: Record<string, unknown> = {}) => signToken(pair, { claims }, Math.floor(Date.now() / 1000));
const question = (presented: string) =>
  JSON.stringify({ token: presented, method: "GET", requestPath: "/orders/1.0.0/items/7" });

async function ask(origin: string, presented: string) {
  const headers = { "x-latchkey-gateway": tenant.credential };
  const answer = await fetch(`${origin}/gateway/v1/validate`, { method: "POST", headers, body: question(presented) });
  return (await answer.json()) as Record<string, unknown>;
}

const readiness = (origin: string, expected: number) =>
  within5Seconds(
    async () => (await fetch(`${origin}/health`)).status,
    (status) => status === expected,
  );

const rename = (name: string) =>
  change((db) =>
    db.application.update({ where: { tenantId: tenant.tenantId, id: tenant.ids.application }, data: { name } }),
  );
const nameOf = ({ application }: Record<string, unknown>) => (application as { name: string } | null)?.name;

describe("a validator of its own", () => {
  it("answers gateways with several workers, follows changes, and tells the metrics of all", async () => {
    const { origin, stop } = await start({ LATCHKEY_VALIDATOR_WORKERS: "2" });
    const good = await token();
    // New connections go to the workers in turn.
    const all = await Promise.all(Array.from({ length: 8 }, () => ask(origin, good)));
    expect(all.map(({ allowed }) => allowed)).toEqual(Array.from({ length: 8 }, () => true));
    await rename("Renamed");
    const answers = await within5Seconds(
      () => Promise.all(Array.from({ length: 8 }, () => ask(origin, good))),
      (seen) => seen.every((verdict) => nameOf(verdict) === "Renamed"),
    );
    expect(answers.map(nameOf)).toEqual(Array.from({ length: 8 }, () => "Renamed"));
    expect(await readiness(origin, 200)).toBe(200);
    const metrics = await (await fetch(`${origin}/metrics`)).text();
    const counted = Number(/^latchkey_validation_verdicts_total\{code="0"\} (\d+)$/m.exec(metrics)?.[1]);
    expect(counted).toBeGreaterThanOrEqual(16);
    expect(metrics).toMatch(/^process_resident_memory_bytes /m);
    expect(await stop()).toBe(0);
  });

  it("replaces a worker that was killed", async () => {
    const { child, origin, output } = await start({ LATCHKEY_VALIDATOR_WORKERS: "2" });
    const listed = execFileSync("ps", ["-o", "pid=", "--ppid", String(child.pid)], { encoding: "utf8" });
    const workers = listed.trim().split(/\s+/).map(Number);
    expect(workers).toHaveLength(2);
    process.kill(workers[0] ?? 0, "SIGKILL");
    const good = await token();
    const seen = await within5Seconds(
      () => Promise.resolve(output()),
      (text) => text.includes("is started again"),
    );
    expect(seen).toContain("SIGKILL");
    const again = await within5Seconds(
      // The other one may still be on its way up.
      () => ask(origin, good).catch(() => ({ allowed: undefined })),
      ({ allowed }) => allowed === true,
    );
    expect(again).toMatchObject({ allowed: true });
  });

  it("answers gateways at a socket too, which one that was killed leaves to the next", async () => {
    const socketPath = join(folder, "validator.sock");
    const settings = { LATCHKEY_VALIDATOR_SOCKET: socketPath };
    const asked = { method: "POST", path: "/gateway/v1/validate", body: question(await token()) };
    const first = await start({ ...settings, LATCHKEY_VALIDATOR_WORKERS: "2" });
    expect(await overSocket(socketPath, asked)).toMatch(/^200 .*"allowed":true/);
    // Metrics are for this machine alone, which nobody can tell by a socket.
    expect(await overSocket(socketPath, { path: "/metrics" })).toMatch(/^404 /);
    await expect(start(settings)).rejects.toThrow(`Another process listens at ${socketPath}`);
    await first.stop();
    expect(existsSync(socketPath)).toBe(false);

    const second = await start(settings);
    second.child.kill("SIGKILL");
    await once(second.child, "exit");
    expect(existsSync(socketPath)).toBe(true);
    const third = await start(settings);
    expect(await overSocket(socketPath, asked)).toMatch(/^200 .*"allowed":true/);
    await third.stop();
    writeFileSync(socketPath, "");
    await expect(start(settings)).rejects.toThrow("no socket");
  });

  it("goes on while its database is away, starts again from what it knew, and follows when it is back", async () => {
    const good = await token();
    const first = await start();
    expect(await ask(first.origin, good)).toMatchObject({ allowed: true });
    road.block();
    expect(await ask(first.origin, good)).toMatchObject({ allowed: true });
    await first.stop();

    const second = await start();
    expect(await ask(second.origin, await token({ jti: "fresh" }))).toMatchObject({ allowed: true });
    expect(await readiness(second.origin, 200)).toBe(200);
    // Whose key this is was never read: nothing is guessed.
    expect(await ask(second.origin, await token({ client_id: "never-seen" }))).toMatchObject({ code: 900900 });
    await change((db) =>
      db.subscription.update({
        where: { tenantId: tenant.tenantId, id: tenant.ids.subscription },
        data: { state: "BLOCKED" },
      }),
    );
    expect(await ask(second.origin, good)).toMatchObject({ allowed: true });
    road.open();
    const refused = await within5Seconds(
      () => ask(second.origin, good),
      ({ allowed }) => allowed === false,
    );
    expect(refused).toMatchObject({ code: 900907 });
    await change((db) =>
      db.subscription.update({
        where: { tenantId: tenant.tenantId, id: tenant.ids.subscription },
        data: { state: "ACTIVE" },
      }),
    );
  });

  it("goes on while its database says nothing, and follows when another answers in its place", async () => {
    const good = await token();
    const { origin } = await start({ LATCHKEY_VALIDATOR_STATE: "" });
    expect(await ask(origin, good)).toMatchObject({ allowed: true });
    road.silence();
    await change((db) =>
      db.subscription.update({
        where: { tenantId: tenant.tenantId, id: tenant.ids.subscription },
        data: { state: "BLOCKED" },
      }),
    );
    expect(await ask(origin, good)).toMatchObject({ allowed: true });
    // Each comes alone and is a reading of its own, which hangs: more than are under way at a time.
    const askedAt = performance.now();
    const strangers = Array.from({ length: 8 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, 100 * index));
      return ask(origin, await token({ client_id: `never-seen-${index}` }));
    });
    for (const verdict of await Promise.all(strangers)) expect(verdict).toMatchObject({ code: 900900 });
    expect(performance.now() - askedAt).toBeLessThan(10_000);
    // What is connected already hears nothing any more; a new connection does.
    road.open();
    const refused = await vi.waitUntil(
      async () => {
        const verdict = await ask(origin, good);
        return verdict["allowed"] === false && verdict;
      },
      { timeout: 30_000, interval: 250 },
    );
    expect(refused).toMatchObject({ code: 900907 });
    await change((db) =>
      db.subscription.update({
        where: { tenantId: tenant.tenantId, id: tenant.ids.subscription },
        data: { state: "ACTIVE" },
      }),
    );
  });

  it("refuses everything once what it knows is too old, and says that it is not ready", async () => {
    const { origin } = await start({ LATCHKEY_STALE_SECONDS: "5", LATCHKEY_VALIDATOR_STATE: "" });
    const good = await token();
    expect(await ask(origin, good)).toMatchObject({ allowed: true });
    road.block();
    await new Promise((resolve) => setTimeout(resolve, 7_500));
    expect(await ask(origin, good)).not.toMatchObject({ allowed: true });
    expect((await fetch(`${origin}/health`)).status).toBe(503);
    expect((await fetch(`${origin}/health/live`)).status).toBe(200);
  });

  it("stops under load without dropping a call", async () => {
    const { origin, stop } = await start({ LATCHKEY_DRAIN_SECONDS: "1" });
    const good = await token();
    await ask(origin, good);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const outcomes: string[] = [];
    // A load balancer sends calls until it hears that there is a better place for them.
    let isInUse = true;
    const callers = Array.from({ length: 8 }, async () => {
      while (isInUse) outcomes.push(await call(origin, good, agent));
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = outcomes.length;
    const stopped = stop();
    expect(await readiness(origin, 503)).toBe(503);
    isInUse = false;
    const code = await stopped;
    await Promise.all(callers);
    agent.destroy();
    expect(code).toBe(0);
    expect(outcomes.length).toBeGreaterThan(before);
    expect(outcomes.filter((outcome) => outcome !== "200")).toEqual([]);
  });

  it("says what is missing", async () => {
    const child = spawn(process.execPath, ["tooling/serve/validator.ts"], {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env["PATH"], NODE_ENV: "production" },
    });
    const chunks: string[] = [];
    child.stderr.on("data", (chunk) => chunks.push(String(chunk)));
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(1);
    expect(chunks.join("")).toContain("DATABASE_URL is not set");
  });
});

/** @returns status and body */
function overSocket(socketPath: string, { body, ...asked }: { path: string; method?: string; body?: string }) {
  const options = { ...asked, socketPath, headers: { "x-latchkey-gateway": tenant.credential } };
  return new Promise<string>((resolve, reject) => {
    const sent = request(
      options,
      (answer) => void text(answer).then((said) => resolve(`${answer.statusCode} ${said}`)),
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

/** One call over a connection that may be in use already. @returns its status, or how it failed */
function call(origin: string, presented: string, agent: Agent): Promise<string> {
  const headers = { "x-latchkey-gateway": tenant.credential };
  return new Promise((resolve) => {
    const asked = request(`${origin}/gateway/v1/validate`, { method: "POST", headers, agent }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(String(answer.statusCode)));
      answer.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    asked.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.end(question(presented));
  });
}
