/** What earlier versions stored about clients of the built-in key manager goes on meaning the same. */
import { readFile } from "node:fs/promises";
import pg from "pg";
import { expect, inject, it } from "vitest";
import { newId } from "#lib/foundation/ids.ts";
import { testTenant } from "#tooling/testing/tenant.ts";

/** Runs work in a transaction of the installation that is taken back. */
async function inPassing(work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: inject("databaseUrl") });
  await client.connect();
  try {
    await client.query("BEGIN");
    await client.query("SELECT set_config('app.scope', 'installation', true)");
    await work(client);
  } finally {
    await client.end();
  }
}

const migration = (name: string) => readFile(`prisma/migrations/${name}/migration.sql`, "utf8");

it("a client keeps the one secret that it had, with the time of its registration", async () => {
  const { id: tenantId } = await testTenant();
  await inPassing(async (client) => {
    await client.query("DROP TABLE client_secret");
    const insert = "INSERT INTO authorization_state (tenant_id, model, id, payload) VALUES ($1, $2, $3, $4)";
    const issued = 1_700_000_000;
    const payload = { client_id: "c", client_secret: "sha256.digest", client_id_issued_at: issued };
    await client.query(insert, [tenantId, "Client", "c", payload]);
    await client.query(insert, [tenantId, "Client", "public", { client_id: "public" }]);
    await client.query(insert, [tenantId, "Grant", "g", { client_secret: "sha256.digest" }]);
    await client.query(await migration("0021_client_secrets"));
    const { rows } = await client.query("SELECT * FROM client_secret WHERE tenant_id = $1", [tenantId]);
    expect(rows).toMatchObject([
      {
        ...{ client_id: "c", digest: "sha256.digest", hint: null, description: "", expires_at: null },
        created_at: new Date(issued * 1000),
      },
    ]);
  });
});

it("one lifetime of access tokens becomes that of both kinds, at the built-in key manager alone", async () => {
  const { id: tenantId, slug } = await testTenant();
  const before = { settings: { accessTokenLifetime: 600, applicationType: "web" } };
  const after = { settings: { applicationTokenLifetime: 600, userTokenLifetime: 600, applicationType: "web" } };
  await inPassing(async (client) => {
    async function newKeys(name: string, issuer: string): Promise<string> {
      const [keyManagerId, applicationId, id] = [newId(), newId(), newId()];
      await client.query(
        `INSERT INTO key_manager (id, tenant_id, name, display_name, connector_id, issuer, endpoints, signing_keys,
                                  connection, sealed_secrets, constraints, updated_at)
         VALUES ($1, $2, $3, $3, $3, $4, '{}', '{}', '{}', '{}', $5, now())`,
        [keyManagerId, tenantId, name, issuer, { accessTokenLifetime: { type: "MAXIMUM", maximum: 900 } }],
      );
      await client.query(
        "INSERT INTO application (id, tenant_id, owner_id, owner_name, name) VALUES ($1, $2, gen_random_uuid(), $3, $3)",
        [applicationId, tenantId, name],
      );
      await client.query(
        `INSERT INTO key_mapping (id, tenant_id, application_id, key_manager_id, key_type, mode, state, requested,
                                  registered, intent, created_by_id, updated_at)
         VALUES ($1, $2, $3, $4, 'PRODUCTION', 'PROVISIONED', 'ACTIVE', $5, NULL, $6, gen_random_uuid(), now())`,
        [id, tenantId, applicationId, keyManagerId, before, { operation: "update", previous: before }],
      );
      return id;
    }
    const [ours, theirs] = [
      await newKeys("own", `https://portal.example/t/${slug}/oidc`),
      await newKeys("other", "https://other.example/t/elsewhere/oidc"),
    ];
    await client.query(await migration("0024_token_lifetimes"));
    const read = async (id: string) =>
      (
        await client.query(
          `SELECT requested, registered, intent, constraints FROM key_mapping m
             JOIN key_manager k ON k.id = m.key_manager_id WHERE m.id = $1`,
          [id],
        )
      ).rows[0] as unknown;
    const limit = { type: "MAXIMUM", maximum: 900 };
    expect(await read(ours)).toEqual({
      requested: after,
      registered: null,
      intent: { operation: "update", previous: after },
      constraints: { applicationTokenLifetime: limit, userTokenLifetime: limit },
    });
    expect(await read(theirs)).toEqual({
      requested: before,
      registered: null,
      intent: { operation: "update", previous: before },
      constraints: { accessTokenLifetime: limit },
    });
  });
});
