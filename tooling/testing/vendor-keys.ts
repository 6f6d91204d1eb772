/** What tests of keys at a vendor start from: its simulator as a key manager, a developer with an application. */
import type { SimulatedVendor, Simulator } from "#lib/connector-kit/simulator.ts";
import { tenantDb } from "#lib/data/database.ts";
import { createApplication } from "#lib/features/applications/create.ts";
import type { Context } from "#lib/features/context.ts";
import type { RegisterKeyManagerInput } from "#lib/features/key-managers/contract.ts";
import { registerKeyManager } from "#lib/features/key-managers/register.ts";
import { newId } from "#lib/foundation/ids.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { testDependencies, testTenant, type TestDependencies, type TestTenant } from "./tenant.ts";

export type VendorKeysWorld<Vendor extends Pick<SimulatedVendor, "fetch" | "pass"> = SimulatedVendor> = {
  vendor: Vendor;
  deps: TestDependencies;
  tenant: TestTenant;
  admin: Context;
  developer: Context;
  keyManagerId: string;
  newApplication(): Promise<string>;
  /** Moves our clock forward. */
  pass(seconds: number): void;
  /** Stands between us and the vendor until it is set back to undefined. */
  interfere(outbound: OutboundFetch | undefined): void;
  /** Audit rows about some keys or an application, oldest first. */
  audit(subjectId: string): Promise<{ action: string; actorName: string; after: unknown }[]>;
};

/** @param changes to the key manager's registration */
export async function vendorKeysWorld<Vendor extends SimulatedVendor>(
  simulator: Omit<Simulator, "open"> & { open(place: { origin: string }): Promise<Vendor> | Vendor },
  changes: Partial<RegisterKeyManagerInput> = {},
): Promise<VendorKeysWorld<Vendor>> {
  // A host of its own: issuers are compared over all tenants.
  const vendor = await simulator.open({ origin: `https://as-${newId().slice(-10)}.test` });
  let offsetMs = 0;
  let between: OutboundFetch | undefined;
  const deps = testDependencies({
    outbound: (url, init) => (between ?? vendor.fetch)(url, init),
    clock: { now: () => new Date(Date.now() + offsetMs) },
  });
  const tenant = await testTenant(deps);
  const [admin, developer] = [await tenant.caller("ADMINISTRATOR"), await tenant.caller("DEVELOPER")];
  const { issuer, endpoints, signingKeys } = vendor.settings;
  const { id: keyManagerId } = await registerKeyManager(admin, {
    ...{ issuer, endpoints, signingKeys },
    name: `vendor-${newId().slice(-8)}`,
    displayName: "Vendor",
    connectorId: simulator.connectorId,
    wellKnownUrl: vendor.wellKnownUrl,
    grantTypes: ["client_credentials"],
    connection: vendor.connectionInput,
    ...changes,
  });
  return {
    ...{ vendor, deps, tenant, admin, developer, keyManagerId },
    async newApplication() {
      return (await createApplication(developer, { name: `App ${newId().slice(-8)}` })).id;
    },
    pass(seconds) {
      offsetMs += seconds * 1_000;
    },
    interfere(outbound) {
      between = outbound;
    },
    audit: (subjectId) => auditOf(deps, tenant, subjectId),
  };
}

/** Audit rows about a subject, oldest first. */
export function auditOf({ database }: Pick<TestDependencies, "database">, { id }: TestTenant, subjectId: string) {
  return database.inTenant(id, (tx) =>
    tenantDb(tx).auditEvent.findMany({
      where: { subjectId },
      orderBy: { id: "asc" },
      select: { action: true, actorName: true, after: true },
    }),
  );
}
