/** Tenants of the sizes that the validator is measured with, written directly. */
import pg from "pg";
import { gatewayTenant } from "#tooling/testing/gateway.ts";
import type { SigningPair } from "#tooling/testing/validation.ts";
import { trustPem, type Tenant } from "./questions.ts";
import type { World } from "./world.ts";

/** What there is of a tenant besides its one API, one key manager and one client. */
export type Size = { mappings?: number; apis?: number; revocations?: number };

/**
 * Makes a tenant whose key manager signs with the pair. Its clients are `client-1`, `client-2` and so on, each subscribed to
 * the API.
 */
export async function makeTenant({ deps, databaseUrl }: World, pair: SigningPair, size: Size): Promise<Tenant> {
  const tenant = await gatewayTenant(deps);
  await trustPem(deps, tenant, pair);
  // Past the time limit that the portal sets itself for a statement.
  const client = new pg.Client({ connectionString: databaseUrl.reveal() });
  await client.connect();
  try {
    await client.query("SELECT set_config('app.scope', 'installation', false)");
    await client.query("BEGIN");
    const restore = await lighten(client);
    await addMappings(client, tenant, size.mappings ?? 0);
    await addApis(client, tenant, size.apis ?? 0);
    await addRevocations(client, tenant, size.revocations ?? 0);
    for (const statement of restore) await client.query(statement);
    await client.query("COMMIT");
    await client.query(`ANALYZE ${tables.join(", ")}`);
  } finally {
    await client.end();
  }
  return tenant;
}

const tables = ["application", "key_mapping", "subscription", "api", "api_resource", "revocation"];

/**
 * Takes away what would be done for each row: indexes are made faster as a whole, what is written here refers to what there
 * is, and triggers tell validators that run, of which none knows the tenant yet.
 *
 * @returns the statements that bring it back
 */
async function lighten(client: pg.Client): Promise<string[]> {
  await client.query("SET LOCAL maintenance_work_mem = '256MB'");
  const { rows } = await client.query<{ drop: string; restore: string }>(
    `SELECT format('ALTER TABLE %s DISABLE TRIGGER USER', name) AS drop,
            format('ALTER TABLE %s ENABLE TRIGGER USER', name) AS restore
       FROM unnest($1::text[]) AS name
     UNION ALL
     SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
            format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', conrelid::regclass, conname, pg_get_constraintdef(oid))
       FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY ($1)
     UNION ALL
     SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
       FROM pg_index WHERE NOT indisunique AND indrelid::regclass::text = ANY ($1)`,
    [tables],
  );
  for (const { drop } of rows) await client.query(drop);
  return rows.map(({ restore }) => restore);
}

async function addMappings(client: pg.Client, { tenantId, ids, administrator }: Tenant, amount: number): Promise<void> {
  const ownerId = administrator.actor.kind === "person" ? administrator.actor.personId : "";
  await client.query(
    `WITH made AS (
       INSERT INTO application (id, tenant_id, name, owner_id, owner_name)
       SELECT uuidv7(), $1::uuid, 'Application ' || n, $2::uuid, 'Somebody' FROM generate_series(1, $3::int) AS n
       RETURNING id, name
     ), mapped AS (
       INSERT INTO key_mapping (id, tenant_id, application_id, key_manager_id, key_type, mode, state, consumer_key,
                                requested, created_by_id, updated_at)
       SELECT uuidv7(), $1::uuid, id, $4::uuid, 'PRODUCTION', 'MAPPED', 'ACTIVE', 'client-' || substr(name, 13), '{}',
              $2::uuid, now()
         FROM made
     )
     INSERT INTO subscription (id, tenant_id, application_id, api_id, plan_id)
     SELECT uuidv7(), $1::uuid, id, $5::uuid, $6::uuid FROM made`,
    [tenantId, ownerId, amount, ids.keyManager, ids.api, ids.plan],
  );
}

async function addApis(client: pg.Client, { ids }: Tenant, amount: number): Promise<void> {
  await client.query(
    `WITH made AS (
       INSERT INTO api (id, tenant_id, name, context, version, status, created_by_id, updated_at)
       SELECT uuidv7(), tenant_id, 'API ' || n, '/api-' || n, '1.0.0', 'PUBLISHED', created_by_id, now()
         FROM api, generate_series(1, $2::int) AS n WHERE id = $1::uuid
       RETURNING id, tenant_id
     )
     INSERT INTO api_resource (id, tenant_id, api_id, verb, path, scopes, position)
     SELECT uuidv7(), tenant_id, id, verb, '/items/{id}', ARRAY['orders:read'], row_number() OVER (PARTITION BY id)
       FROM made CROSS JOIN (VALUES ('GET'), ('PUT'), ('DELETE')) AS verbs(verb)`,
    [ids.api, amount],
  );
}

async function addRevocations(client: pg.Client, { tenantId, ids }: Tenant, amount: number): Promise<void> {
  await client.query(
    `INSERT INTO revocation (tenant_id, key_manager, kind, value, expires_at, revoked_at)
     SELECT $1::uuid, $2, 'TOKEN_ID', uuidv7()::text, now() + interval '1 day', now() - interval '1 hour'
       FROM generate_series(1, $3::int)`,
    [tenantId, ids.keyManager, amount],
  );
}
