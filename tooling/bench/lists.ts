import { installationDb } from "#lib/data/database.ts";
import { connectors } from "#connectors/registry.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import { figure, ratioOf, type Figure } from "./figures.ts";
import type { World } from "./world.ts";

const pages = ["/developer/applications", "/admin/key-managers"];

/** Server time of list pages in a tenant with 10,000 applications and 20,000 key mappings, beside one with 100. */
export async function benchLists(world: World, smoke: boolean): Promise<Figure[]> {
  const [small, large] = [100, smoke ? 500 : 10_000];
  const [few, many] = [await seed(world, small), await seed(world, large)];
  const rounds = smoke ? 3 : 40;
  const figures: Figure[] = [];
  for (const path of pages) {
    const times = { few: [] as number[], many: [] as number[] };
    for (let round = -3; round < rounds; round++) {
      const [one, other] = [await timePage(world, few, path), await timePage(world, many, path)];
      // The first rounds warm up.
      if (round < 0) continue;
      times.few.push(one);
      times.many.push(other);
    }
    const to = `with ${small}`;
    figures.push(
      figure("lists", `${path}, ${small} applications`, { values: times.few, unit: "ms" }),
      figure("lists", `${path}, ${large.toLocaleString("en")} applications`, {
        values: times.many,
        unit: "ms",
        ratio: { value: ratioOf(times.many, times.few), to },
      }),
    );
  }
  return figures;
}

/** A tenant with this many applications, each with production and sandbox keys; written directly. */
async function seed(world: World, applications: number): Promise<string> {
  const connector = connectors.find(({ permanent }) => !permanent);
  if (!connector) throw new Error("There is no connector for the key manager of the measurement.");
  const caller = await (await testTenant(world.deps)).caller("ADMINISTRATOR", "CREATOR", "DEVELOPER");
  const { actor, tenant } = caller;
  if (actor.kind !== "person") throw new Error("A tenant's caller is a person.");
  await world.deps.database.inInstallation(async (ctx) => {
    const db = installationDb(ctx);
    await db.$executeRaw`
      INSERT INTO key_manager (id, tenant_id, name, display_name, connector_id, issuer, endpoints, grant_types,
                               signing_keys, connection, sealed_secrets, updated_at)
      VALUES (gen_random_uuid(), ${tenant.id}::uuid, 'measured', 'Measured', ${connector.id}, 'https://measured.example',
              '{}', ARRAY['client_credentials'], '{"kind":"none"}', '{}', '{}', now())`;
    await db.$executeRaw`
      INSERT INTO application (id, tenant_id, name, owner_id, owner_name, created_at)
      SELECT gen_random_uuid(), ${tenant.id}::uuid, 'Application ' || n, ${actor.personId}::uuid, ${actor.name},
             now() - n * interval '1 minute'
        FROM generate_series(1, ${applications}::int) AS n`;
    await db.$executeRaw`
      INSERT INTO key_mapping (id, tenant_id, application_id, key_manager_id, key_type, mode, state, consumer_key,
                               requested, created_by_id, updated_at)
      SELECT gen_random_uuid(), a.tenant_id, a.id, k.id, t.key_type, 'PROVISIONED', 'ACTIVE',
             a.id || '-' || t.key_type, '{}', ${actor.personId}::uuid, now()
        FROM application a
        JOIN key_manager k ON k.tenant_id = a.tenant_id AND k.name = 'measured'
       CROSS JOIN (SELECT unnest(enum_range(NULL::"KeyType")) AS key_type) t
       WHERE a.tenant_id = ${tenant.id}::uuid`;
    await db.$executeRaw`ANALYZE`;
  });
  return world.cookieOf(actor.personId, tenant.id);
}

async function timePage({ server }: World, cookie: string, path: string): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(server.origin + path, { headers: { cookie }, redirect: "manual" });
  await response.text();
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}.`);
  return performance.now() - startedAt;
}
