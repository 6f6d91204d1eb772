import { afterEach, describe, expect, it } from "vitest";
import type { TenantId } from "#lib/foundation/ids.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { snapshotData } from "#tooling/testing/validation.ts";
import { defaultKeeperLimits, SnapshotKeeper, type LoadedTenant, type Revocation } from "./snapshot-keeper.ts";

const tenant = snapshotData.tenantId as TenantId;
const keepers: SnapshotKeeper[] = [];
afterEach(() => keepers.splice(0).forEach((keeper) => keeper.close()));

/** A database of one tenant, whose version and moods the test decides. */
function world() {
  const made = {
    time: 1_000_000,
    version: 1n,
    exists: true,
    isDown: false,
    loads: 0,
    revocations: [] as Revocation[],
    revocationsAskedSince: [] as Date[],
    /** What a load answers instead of the present version: a read replica that lags behind. */
    laggingVersion: undefined as bigint | undefined,
  };
  const keeper = new SnapshotKeeper({
    clock: { now: () => new Date(made.time) },
    log: silentLog,
    // The test compares when it wants to.
    limits: { ...defaultKeeperLimits, checkEveryMs: 1_000_000 },
    source: {
      async load(): Promise<LoadedTenant | null> {
        made.loads++;
        if (made.isDown) throw new Error("down");
        if (!made.exists) return null;
        const version = made.laggingVersion ?? made.version;
        return { snapshot: { ...snapshotData, version }, credentials: ["digest"], revokedTokens: [] };
      },
      async check(tenantIds, revokedSince) {
        if (made.isDown) throw new Error("down");
        made.revocationsAskedSince.push(revokedSince);
        const versions = new Map(made.exists ? tenantIds.map((id) => [id, made.version]) : []);
        return { versions, revocations: made.revocations };
      },
    },
  });
  keepers.push(keeper);
  const versionNow = async () => (await keeper.current(tenant))?.snapshot.version ?? null;
  return { made, keeper, versionNow };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("snapshots", () => {
  it("are loaded when first asked for, once for all who ask, and then answered without waiting", async () => {
    const { made, keeper } = world();
    await Promise.all([keeper.current(tenant), keeper.current(tenant), keeper.current(tenant)]);
    expect(made.loads).toBe(1);
    expect(keeper.current(tenant)).not.toBeInstanceOf(Promise);
  });

  it("follow an announcement", async () => {
    const { made, keeper, versionNow } = world();
    await versionNow();
    made.version = 2n;
    keeper.hear(tenant, 2n);
    await settled();
    expect(await versionNow()).toBe(2n);
  });

  it("follow the comparison where the announcement was lost", async () => {
    const { made, keeper, versionNow } = world();
    await versionNow();
    made.version = 2n;
    await keeper.compare();
    await settled();
    expect(await versionNow()).toBe(2n);
  });

  it("are not loaded again for what is known, nor for tenants that nobody asked for", async () => {
    const { made, keeper, versionNow } = world();
    keeper.hear("somebody-else" as TenantId, 9n);
    await versionNow();
    keeper.hear(tenant, 1n);
    await keeper.compare();
    await settled();
    expect(made.loads).toBe(1);
  });

  it("never go back to an older version", async () => {
    const { made, keeper, versionNow } = world();
    made.version = 5n;
    await versionNow();
    made.laggingVersion = 4n;
    await keeper.reload(tenant);
    expect(await versionNow()).toBe(5n);
  });

  it("serve for a minute without the database, then no longer; and again when it is back", async () => {
    const { made, keeper, versionNow } = world();
    await versionNow();
    made.isDown = true;
    made.time += 60_000;
    await keeper.compare();
    expect(await versionNow()).toBe(1n);
    made.time += 1;
    expect(await versionNow()).toBeNull();
    made.isDown = false;
    made.version = 3n;
    expect(await versionNow()).toBe(3n);
  });

  it("are no fresher for a comparison whose change could not be loaded", async () => {
    const { made, keeper, versionNow } = world();
    await versionNow();
    made.version = 2n;
    made.laggingVersion = 1n;
    made.time += 59_000;
    keeper.hear(tenant, 2n);
    made.isDown = true;
    await settled();
    made.time += 1_001;
    expect(await versionNow()).toBeNull();
  });

  it("are gone with their tenant", async () => {
    const { made, keeper, versionNow } = world();
    await versionNow();
    made.exists = false;
    await keeper.compare();
    expect(await versionNow()).toBeNull();
  });
});

describe("revoked tokens", () => {
  it("arrive with the comparison, asked for with an overlap", async () => {
    const { made, keeper, versionNow } = world();
    await versionNow();
    await keeper.compare();
    made.revocations = [{ tenantId: tenant, tokenId: "t-1", expiresAt: new Date(made.time + 60_000) }];
    made.time += 2_000;
    await keeper.compare();
    expect(keeper.isRevoked(tenant, "t-1")).toBe(true);
    expect(keeper.isRevoked(tenant, "t-2")).toBe(false);
    expect(keeper.isRevoked("somebody-else" as TenantId, "t-1")).toBe(false);
    const [since] = made.revocationsAskedSince.slice(-1);
    expect(since?.getTime()).toBe(made.time - 2_000 - defaultKeeperLimits.revocationOverlapMs);
  });

  it("are read again in full after a silence that the overlap does not cover", async () => {
    const { made, keeper, versionNow } = world();
    await versionNow();
    await keeper.compare();
    const before = made.loads;
    made.time += 120_000;
    await keeper.compare();
    await settled();
    expect(made.loads).toBe(before + 1);
  });
});
