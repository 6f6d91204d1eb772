import { createApplication } from "#lib/features/applications/create.ts";
import type { Context } from "#lib/features/context.ts";
import { discoverKeyManager } from "#lib/features/key-managers/discover.ts";
import { managing } from "#lib/connector-kit/contract.ts";
import { openKeyManager } from "#lib/features/key-managers/open.ts";
import { registerKeyManager } from "#lib/features/key-managers/register.ts";
import { generateKeys } from "#lib/features/key-mappings/generate.ts";
import { openJobStore } from "#lib/data/jobs.ts";
import { newId, type KeyManagerId } from "#lib/foundation/ids.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { createOutbound } from "#lib/foundation/outbound.ts";
import { keycloakUnavailable, startKeycloak, type Keycloak } from "#e2e/servers/keycloak.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import { figure, ratioOf, type Figure } from "./figures.ts";
import type { World } from "./world.ts";

/** Why it cannot be measured here, in one sentence; null where it can. */
export const generationUnavailable = keycloakUnavailable;

/**
 * Generating keys at a real Keycloak through Latchkey, against the registration call alone, made directly. They
 * take turns, so that whatever slows the machine slows both.
 */
export async function benchGeneration(world: World, smoke: boolean): Promise<Figure[]> {
  const keycloak = await startKeycloak();
  const outbound = createOutbound({ allow: [keycloak.address], log: silentLog });
  const jobs = openJobStore({ url: world.databaseUrl, log: silentLog });
  try {
    const tenant = await testTenant({ ...world.deps, outbound, jobs });
    const [administrator, developer] = [await tenant.caller("ADMINISTRATOR"), await tenant.caller("DEVELOPER")];
    const keyManagerId = await connect(administrator, keycloak);
    const times = { direct: [] as number[], connector: [] as number[], through: [] as number[] };
    const rounds = smoke ? 2 : 60;
    const warmUp = smoke ? 1 : 10;
    for (let round = -warmUp; round < rounds; round++) {
      const { id: applicationId } = await createApplication(developer, { name: `Measured ${round}` });
      const direct = await registerDirectly(keycloak);
      const connector = await registerByConnector(developer, keyManagerId);
      const through = await timed(async () => {
        const { outcome } = await generateKeys(developer, {
          applicationId,
          keyManagerId,
          keyType: "PRODUCTION",
          grantTypes: ["client_credentials"],
          firstToken: false,
        });
        if (outcome !== "done") throw new Error(`Generating keys ended with "${outcome}".`);
      });
      if (round < 0) continue;
      times.direct.push(direct);
      times.connector.push(connector);
      times.through.push(through);
    }
    const added = times.through.map((through, index) => through - (times.direct[index] ?? 0));
    const ratio = (values: number[]) => ({ value: ratioOf(values, times.direct), to: "directly" });
    return [
      figure("keys at Keycloak", "registration call, directly", { values: times.direct, unit: "ms" }),
      figure("keys at Keycloak", "what the connector says: sign-in, registration, read-back", {
        values: times.connector,
        unit: "ms",
        ratio: ratio(times.connector),
      }),
      figure("keys at Keycloak", "keys generated through Latchkey", {
        values: times.through,
        unit: "ms",
        ratio: ratio(times.through),
      }),
      figure("keys at Keycloak", "added time", { values: added, unit: "ms" }),
    ];
  } finally {
    await jobs.stop(1_000);
    await outbound.close();
    await keycloak.stop();
  }
}

async function connect(ctx: Context, { wellKnownUrl, portalClient }: Keycloak): Promise<string> {
  const { connector, values } = await discoverKeyManager(ctx, { wellKnownUrl });
  const connection = { signIn: { method: "client_secret", ...portalClient } };
  const created = await registerKeyManager(ctx, {
    ...values,
    name: "measured",
    displayName: "Measured",
    connectorId: connector.id,
    connection,
  });
  return created.id;
}

/** The same client as Latchkey's, registered with an administrator's token that is at hand already. */
async function registerDirectly({ origin, realm, issuer, portalClient }: Keycloak): Promise<number> {
  const { clientId, clientSecret } = portalClient;
  const signIn = await fetch(`${issuer}/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret }),
  });
  const { access_token: token } = (await signIn.json()) as { access_token: string };
  return timed(async () => {
    const response = await fetch(`${origin}/admin/realms/${realm}/clients`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({
        clientId: newId(),
        name: "Measured",
        protocol: "openid-connect",
        publicClient: false,
        serviceAccountsEnabled: true,
        standardFlowEnabled: false,
        implicitFlowEnabled: false,
        directAccessGrantsEnabled: false,
        fullScopeAllowed: false,
        clientAuthenticatorType: "client-secret",
        redirectUris: [],
      }),
    });
    await response.text();
    if (response.status !== 201) throw new Error(`The registration was answered with ${response.status}.`);
  });
}

/** The conversation that Latchkey has with the server, without anything that it does for itself. */
async function registerByConnector(ctx: Context, keyManagerId: string): Promise<number> {
  const { adapter, connector } = await openKeyManager(ctx, keyManagerId as KeyManagerId);
  const settings = connector.client.parse({});
  const client = { name: "Measured", grantTypes: ["client_credentials"], redirectUris: [], settings };
  return timed(async () => void (await managing(adapter).registerClient({ ...client, marker: newId() })));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
