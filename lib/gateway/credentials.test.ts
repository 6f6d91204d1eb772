import { afterEach, describe, expect, it } from "vitest";
import { tokenDigest, type GatewayCredentialId, type TenantId } from "#lib/foundation/ids.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { compileSnapshot } from "#lib/token-validation/snapshot.ts";
import { snapshotData } from "#tooling/testing/validation.ts";
import { GatewayCredentials, type CredentialOwner } from "./credentials.ts";
import type { KeptTenant } from "./tenant-entry.ts";

const tenantId = snapshotData.tenantId as TenantId;
const credential = `lkg_${"a".repeat(43)}`;
const digest = tokenDigest(credential);
const owner: CredentialOwner = { id: "credential-1" as GatewayCredentialId, tenantId };
const minuteMs = 60_000;

const kept: GatewayCredentials[] = [];
afterEach(async () => {
  for (const credentials of kept.splice(0)) await credentials.close();
});

const tenantWith = (...credentials: string[]): KeptTenant => ({
  snapshot: compileSnapshot(snapshotData),
  credentials: new Set(credentials),
  backendJwt: null,
});

/** One credential, and a tenant that the test decides about. */
function world() {
  const made = {
    time: 1_000_000,
    isDown: false,
    owner: owner as CredentialOwner | null,
    /** What is known of the tenant, and what would be if it were loaded now. */
    present: tenantWith(digest) as KeptTenant | null,
    reloaded: null as KeptTenant | null,
    lookUps: 0,
    reloads: 0,
    noted: [] as [string, number][],
  };
  const credentials = new GatewayCredentials({
    source: {
      findOwner: () => {
        made.lookUps++;
        return made.isDown ? Promise.reject(new Error("down")) : Promise.resolve(made.owner);
      },
      noteUse: (used) => {
        if (made.isDown) return Promise.reject(new Error("down"));
        made.noted.push(...[...used].map(([id, at]): [string, number] => [id, at.getTime()]));
        return Promise.resolve();
      },
    },
    keeper: {
      current: () => made.present,
      reload: () => {
        made.reloads++;
        return Promise.resolve(made.reloaded);
      },
    },
    clock: { now: () => new Date(made.time) },
    log: silentLog,
  });
  kept.push(credentials);
  return { made, credentials };
}

describe("gateway credentials", () => {
  it("admit whom they belong to, and are looked up once", async () => {
    const { made, credentials } = world();
    expect(await credentials.admit(credential)).toBe(owner);
    expect(credentials.admit(credential)).toBe(owner);
    expect(made.lookUps).toBe(1);
  });

  it("refuse what is missing, has another shape, or is nobody's", async () => {
    const { made, credentials } = world();
    expect(credentials.admit(undefined)).toBe("refused");
    expect(credentials.admit("lkg_short")).toBe("refused");
    expect(made.lookUps).toBe(0);
    made.owner = null;
    expect(await credentials.admit(credential)).toBe("refused");
  });

  it("refuse one that is revoked, from the moment that its tenant is known without it", async () => {
    const { made, credentials } = world();
    await credentials.admit(credential);
    made.present = tenantWith();
    expect(await credentials.admit(credential)).toBe("refused");
  });

  it("load the tenant anew for a credential that is younger than what is known", async () => {
    const { made, credentials } = world();
    made.present = tenantWith();
    made.reloaded = tenantWith(digest);
    expect(await credentials.admit(credential)).toBe(owner);
    expect(made.reloads).toBe(1);
  });

  it("cannot tell while the tenant is not known, and do not wait for it a second time", async () => {
    const { made, credentials } = world();
    made.present = null;
    made.reloaded = tenantWith(digest);
    expect(await credentials.admit(credential)).toBe("unavailable");
    expect(made.reloads).toBe(0);
    expect(await credentials.admit(credential)).toBe("unavailable");
  });

  it("cannot tell whose one is while the database is away, and admit those that were known before", async () => {
    const { made, credentials } = world();
    made.isDown = true;
    expect(await credentials.admit(credential)).toBe("unavailable");
    credentials.restore([[digest, owner]]);
    expect(credentials.admit(credential)).toBe(owner);
    expect(credentials.save()).toEqual([[digest, owner]]);
  });

  it("note when they are used, once a minute", async () => {
    const { made, credentials } = world();
    await credentials.admit(credential);
    made.time += minuteMs - 1;
    await credentials.admit(credential);
    await credentials.flush();
    expect(made.noted).toEqual([[owner.id, 1_000_000]]);
    made.time += 1;
    await credentials.admit(credential);
    made.isDown = true;
    await expect(credentials.flush()).resolves.toBeUndefined();
  });
});
