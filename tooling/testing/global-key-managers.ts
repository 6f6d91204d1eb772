/** What tests of global key managers start from: a server in memory, an operator, and two tenants. */
import { inject } from "vitest";
import pg from "pg";
import { fileURLToPath } from "node:url";
import { oidcSimulator, type SimulatedOidc } from "#connectors/oidc/simulator.ts";
import { openDatabase, type Database } from "#lib/data/database.ts";
import { migrate } from "#lib/data/migrate.ts";
import { createApplication } from "#lib/features/applications/create.ts";
import type { Context, InstallationCaller } from "#lib/features/context.ts";
import type {
  GlobalKeyManagerView,
  RegisterGlobalKeyManagerInput,
} from "#lib/features/global-key-managers/contract.ts";
import { registerGlobalKeyManager } from "#lib/features/global-key-managers/register.ts";
import { listKeyManagers } from "#lib/features/key-managers/list.ts";
import type { KeyManagerListItem } from "#lib/features/key-managers/contract.ts";
import { generateKeys } from "#lib/features/key-mappings/generate.ts";
import { newId, type PersonId } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { registrationOf } from "./key-managers.ts";
import { testDependencies, testTenant, type TestDependencies, type TestTenant } from "./tenant.ts";

export type GlobalWorld = {
  server: SimulatedOidc;
  deps: TestDependencies;
  operator: InstallationCaller;
  here: TestTenant;
  there: TestTenant;
  /** Registers the server for both tenants unless told otherwise. */
  register(changes?: Partial<RegisterGlobalKeyManagerInput>): Promise<GlobalKeyManagerView>;
};

/** Two tenants and a server that no other test knows: issuers are compared over all tenants. */
export async function globalWorld(overrides: { database?: Database } = {}): Promise<GlobalWorld> {
  const server = oidcSimulator({ issuer: `https://as-${newId().slice(-10)}.test` });
  const deps = testDependencies({ outbound: server.fetch, ...overrides });
  const [here, there] = [await testTenant(deps), await testTenant(deps)];
  const operator = operatorWith(deps);
  return {
    ...{ server, deps, operator, here, there },
    register: (changes = {}) =>
      registerGlobalKeyManager(operator, {
        ...registrationOf(server),
        displayName: "Group login",
        serves: "LISTED",
        tenants: [here.slug, there.slug],
        ...changes,
      }),
  };
}

/** A person who operates the installation and belongs to no tenant. */
function operatorWith(deps: TestDependencies): InstallationCaller {
  const personId = newId<PersonId>();
  return {
    actor: { kind: "person", personId, name: "Olive", email: `${personId}@example.com`, isOperator: true },
    requestId: newId(),
    deps,
  };
}

/** A tenant's global key managers, as its administrator sees them in the list. */
export async function globalsOf(administrator: Context): Promise<KeyManagerListItem[]> {
  return (await listKeyManagers(administrator, { limit: 100 })).items.filter(({ global }) => global);
}

/** A new application with keys at a key manager of its tenant. */
export async function applicationWithKeys(developer: Context, keyManagerId: string, name = "Shop") {
  const { id: applicationId } = await createApplication(developer, { name });
  const outcome = await generateKeys(developer, {
    applicationId,
    keyManagerId,
    keyType: "PRODUCTION",
    grantTypes: ["client_credentials"],
    firstToken: true,
  });
  if (outcome.outcome !== "done" || !outcome.token) throw new Error("The keys or their first token were not made.");
  return { applicationId, keyMappingId: outcome.keys.id, token: outcome.token.accessToken };
}

const migrations = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));

/** A database that no other suite shares: what serves every tenant would reach theirs too. */
export async function ownDatabase(): Promise<{ database: Database; drop(): Promise<void> }> {
  const shared = inject("databaseUrl");
  const name = `latchkey_own_${newId().slice(-12)}`;
  await run(shared, `CREATE DATABASE ${name}`);
  const url = new URL(shared);
  url.pathname = `/${name}`;
  await migrate(new Secret(url.href), migrations);
  const database = openDatabase({ url: new Secret(url.href), poolSize: 4 });
  return {
    database,
    async drop() {
      await database.close();
      await run(shared, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
