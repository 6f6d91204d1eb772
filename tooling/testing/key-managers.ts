/** Key managers for integration tests: the in-memory server of the standards' connector behind the outbound door. */
import { oidcSimulator, type SimulatedOidc, type OidcOptions } from "#connectors/oidc/simulator.ts";
import type { RegisterKeyManagerInput } from "#lib/features/key-managers/contract.ts";
import { newId } from "#lib/foundation/ids.ts";
import { testDependencies, testTenant, type TestDependencies, type TestTenant } from "./tenant.ts";

export type KeyManagerWorld = { server: SimulatedOidc; deps: TestDependencies; tenant: TestTenant };

/** A tenant whose outbound door leads to one in-memory authorization server. */
export async function keyManagerWorld(options: OidcOptions = {}): Promise<KeyManagerWorld> {
  const server = oidcSimulator(options);
  const deps = testDependencies({ outbound: server.fetch });
  return { server, deps, tenant: await testTenant(deps) };
}

/** What an administrator would send to connect this server. */
export function registrationOf(
  server: SimulatedOidc,
  changes: Partial<RegisterKeyManagerInput> = {},
): RegisterKeyManagerInput {
  return {
    name: `server-${newId().slice(-8)}`,
    displayName: "Orders server",
    connectorId: "oidc",
    wellKnownUrl: `${server.issuer}/.well-known/openid-configuration`,
    issuer: server.issuer,
    endpoints: server.endpoints,
    grantTypes: ["client_credentials"],
    signingKeys: { kind: "jwks", url: `${server.issuer}/jwks` },
    connection: server.connectionInput,
    ...changes,
  };
}
