/** What tests of keys start from: a tenant with a key manager, a developer with an application, a clock that moves. */
import { Writable } from "node:stream";
import { oidcSimulator, type SimulatedOidc, type OidcOptions } from "#connectors/oidc/simulator.ts";
import { tenantDb } from "#lib/data/database.ts";
import { createApplication } from "#lib/features/applications/create.ts";
import type { Context } from "#lib/features/context.ts";
import type { RegisterKeyManagerInput } from "#lib/features/key-managers/contract.ts";
import { registerKeyManager } from "#lib/features/key-managers/register.ts";
import type { GenerateKeysInput } from "#lib/features/key-mappings/contract.ts";
import { createLog } from "#lib/foundation/log.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { registrationOf } from "./key-managers.ts";
import { testDependencies, testTenant, type TestDependencies, type TestTenant } from "./tenant.ts";

export type KeysWorld = {
  server: SimulatedOidc;
  deps: TestDependencies;
  tenant: TestTenant;
  admin: Context;
  developer: Context;
  keyManagerId: string;
  applicationId: string;
  /** Everything logged so far. */
  logged(): string;
  /** Moves the clock forward. */
  pass(seconds: number): void;
  /** Stands between us and the server until it is set back to undefined. */
  interfere(outbound: OutboundFetch | undefined): void;
  /** Audit rows about some keys or an application, oldest first. */
  audit(subjectId: string): Promise<{ action: string; actorName: string; before: unknown; after: unknown }[]>;
  /** What generating keys needs. */
  request(changes?: Partial<GenerateKeysInput>): GenerateKeysInput;
};

/** @param changes to the key manager's registration; @param options of the server in memory */
export async function keysWorld(
  changes: Partial<RegisterKeyManagerInput> = {},
  options: OidcOptions = {},
): Promise<KeysWorld> {
  const server = oidcSimulator(options);
  return keysWorldAt(server, registrationOf(server, { grantTypes: grantTypes, ...changes }));
}

const grantTypes = ["client_credentials", "authorization_code", "refresh_token"];

/** The same with any server and registration. */
export async function keysWorldAt(server: SimulatedOidc, registration: RegisterKeyManagerInput): Promise<KeysWorld> {
  let offsetMs = 0;
  let between: OutboundFetch | undefined;
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString("utf8"));
      done();
    },
  });
  const deps = testDependencies({
    outbound: (url, init) => (between ?? server.fetch)(url, init),
    clock: { now: () => new Date(Date.now() + offsetMs) },
    log: createLog("debug", destination),
  });
  const tenant = await testTenant(deps);
  const [admin, developer] = [await tenant.caller("ADMINISTRATOR"), await tenant.caller("DEVELOPER")];
  const { id: keyManagerId } = await registerKeyManager(admin, registration);
  const { id: applicationId } = await createApplication(developer, { name: "Shop" });
  // What is asked while a key manager is connected is not what these tests count.
  server.requests.length = 0;
  return {
    ...{ server, deps, tenant, admin, developer, keyManagerId, applicationId },
    logged: () => lines.join(""),
    pass(seconds) {
      offsetMs += seconds * 1_000;
    },
    interfere(outbound) {
      between = outbound;
    },
    audit: (subjectId) =>
      deps.database.inTenant(tenant.id, (tx) =>
        tenantDb(tx).auditEvent.findMany({
          where: { subjectId },
          orderBy: { id: "asc" },
          select: { action: true, actorName: true, before: true, after: true },
        }),
      ),
    request: (wanted = {}) => ({
      applicationId,
      keyManagerId,
      keyType: "PRODUCTION",
      grantTypes: ["client_credentials"],
      ...wanted,
    }),
  };
}
