/** What tests of keys at a tenant's own authorization server start from: the real server, in this process. */
import { connectors } from "#connectors/registry.ts";
import { createAuthorizationServer } from "#lib/authorization-server/server.ts";
import { createApplication } from "#lib/features/applications/create.ts";
import { listUsableKeyManagers } from "#lib/features/key-managers/list-usable.ts";
import { newId } from "#lib/foundation/ids.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { testDependencies, testTenant } from "./tenant.ts";
import { auditOf, type VendorKeysWorld } from "./vendor-keys.ts";

/** @returns a world whose two clocks are one: `pass` moves the server's too */
export async function builtInKeysWorld(): Promise<VendorKeysWorld<{ fetch: OutboundFetch }>> {
  let offsetMs = 0;
  let between: OutboundFetch | undefined;
  const vendor = { fetch: ((url, init) => server.fetch(url, init)) satisfies OutboundFetch };
  const deps = testDependencies({
    outbound: (url, init) => (between ?? vendor.fetch)(url, init),
    clock: { now: () => new Date(Date.now() + offsetMs) },
  });
  const connectorIds = connectors.filter(({ permanent }) => permanent).map(({ id }) => id);
  const server = createAuthorizationServer({ ...deps, connectorIds });
  const tenant = await testTenant(deps);
  const [admin, developer] = [await tenant.caller("ADMINISTRATOR"), await tenant.caller("DEVELOPER")];
  const [own] = await listUsableKeyManagers(developer, {});
  if (!own) throw new Error("The tenant has no key manager of its own.");
  return {
    ...{ vendor, deps, tenant, admin, developer, keyManagerId: own.id },
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
