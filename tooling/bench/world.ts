/** What benchmarks share: a database, the built portal on it, and a way to put things there directly. */
import { randomBytes } from "node:crypto";
import { encode } from "next-auth/jwt";
import { startLatchkey, type LatchkeyServer } from "#e2e/servers/latchkey.ts";
import { openDatabase, type Database } from "#lib/data/database.ts";
import { migrate } from "#lib/data/migrate.ts";
import { createVault } from "#lib/data/vault.ts";
import { openSession, sessionLifeSeconds } from "#lib/features/identity/session.ts";
import type { PersonId, TenantId } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { testDependencies, type TestDependencies } from "#tooling/testing/tenant.ts";
import { join } from "node:path";
import { root } from "../bootstrap/checkout.mjs";
import type { EmbeddedDatabase } from "../database/embedded.ts";
import { startTemporary } from "../database/temporary.ts";

export type World = {
  server: LatchkeyServer;
  embedded: EmbeddedDatabase;
  deps: TestDependencies;
  /** A cookie header that signs this person in. */
  cookieOf(personId: PersonId, tenantId: TenantId): Promise<string>;
  stop(): Promise<void>;
};

export async function openWorld(): Promise<World> {
  const embedded = await startTemporary();
  const random = () => randomBytes(32).toString("base64url");
  const [sessionSecret, vaultKey] = [random(), random()];
  await migrate(embedded.url, join(root, "prisma/migrations"));
  const server = await startLatchkey({
    environment: {
      DATABASE_URL: embedded.url.reveal(),
      NEXTAUTH_SECRET: sessionSecret,
      LATCHKEY_VAULT_KEYS: `bench=${vaultKey}`,
      LOG_LEVEL: "error",
    },
  });
  const database: Database = openDatabase({ url: embedded.url, poolSize: 4 });
  const deps = testDependencies({
    database,
    vault: createVault([{ id: "bench", key: new Secret(vaultKey) }]),
    origin: server.origin,
  });
  return {
    server,
    embedded,
    deps,
    async cookieOf(personId, tenantId) {
      const sid = await openSession(deps, { personId, tenantId });
      const token = await encode({ token: { sid }, secret: sessionSecret, maxAge: sessionLifeSeconds });
      return `latchkey.session=${token}`;
    },
    async stop() {
      await server.stop();
      await database.close();
      await embedded.stop();
    },
  };
}
