/** What benchmarks share: a database, the built portal on it, and a way to put things there directly. */
import { randomBytes } from "node:crypto";
import { encode } from "next-auth/jwt";
import { startLatchkey, type LatchkeyServer } from "#e2e/servers/latchkey.ts";
import { openDatabase, type Database } from "#lib/data/database.ts";
import { createVault } from "#lib/data/vault.ts";
import { openSession, sessionLifeSeconds } from "#lib/features/identity/session.ts";
import type { PersonId, TenantId } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { testDependencies, type TestDependencies } from "#tooling/testing/tenant.ts";
import { startTemporary } from "../database/temporary.ts";

export type World = {
  server: LatchkeyServer;
  databaseUrl: Secret;
  /** What another process of this installation needs to know: the database, and the secrets. */
  environment: Readonly<Record<string, string>>;
  deps: TestDependencies;
  /** A cookie header that signs this person in. */
  cookieOf(personId: PersonId, tenantId: TenantId): Promise<string>;
  stop(): Promise<void>;
};

export async function openWorld(): Promise<World> {
  const opened: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of opened.reverse()) await part.stop();
  };
  try {
    return { ...(await open((part) => void opened.push(part))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function open(keep: (part: { stop(): Promise<void> }) => void): Promise<Omit<World, "stop">> {
  const embedded = await startTemporary();
  keep(embedded);
  const random = () => randomBytes(32).toString("base64url");
  const [sessionSecret, vaultKey] = [random(), random()];
  const environment = {
    DATABASE_URL: embedded.url.reveal(),
    NEXTAUTH_SECRET: sessionSecret,
    LATCHKEY_VAULT_KEYS: `bench=${vaultKey}`,
    LOG_LEVEL: "error",
  };
  const server = await startLatchkey({ environment });
  keep(server);
  const database: Database = openDatabase({ url: embedded.url, poolSize: 4 });
  keep({ stop: () => database.close() });
  const deps = testDependencies({
    database,
    vault: createVault([{ id: "bench", key: new Secret(vaultKey) }]),
    origin: server.origin,
  });
  return {
    server,
    databaseUrl: embedded.url,
    environment,
    deps,
    async cookieOf(personId, tenantId) {
      const sid = await openSession(deps, { personId, tenantId });
      const token = await encode({ token: { sid }, secret: sessionSecret, maxAge: sessionLifeSeconds });
      return `latchkey.session=${token}`;
    },
  };
}
