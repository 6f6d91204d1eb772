/**
 * The process dies: at every call to the server that an operation makes, before the call and after it, and
 * again while that is being repaired. The server is the real built-in one.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { simulator as entra } from "#connectors/entra/simulator.ts";
import { simulator as okta } from "#connectors/okta/simulator.ts";
import { connectors } from "#connectors/registry.ts";
import { simulator as wso2is7 } from "#connectors/wso2is7/simulator.ts";
import type { SimulatedVendor } from "#lib/connector-kit/simulator.ts";
import { createAuthorizationServer } from "#lib/authorization-server/server.ts";
import { tenantDb } from "#lib/data/database.ts";
import { createApplication } from "#lib/features/applications/create.ts";
import type { Context } from "#lib/features/context.ts";
import { listUsableKeyManagers } from "#lib/features/key-managers/list-usable.ts";
import { openKeyManager } from "#lib/features/key-managers/open.ts";
import { createOpenedAdapters } from "#lib/features/key-managers/opened.ts";
import type { KeyManagerId } from "#lib/foundation/ids.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { OutboundError } from "#lib/foundation/outbound-error.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { builtInKeysWorld } from "#tooling/testing/built-in-keys.ts";
import { keysWorld } from "#tooling/testing/key-mappings.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import { vendorKeysWorld, type VendorKeysWorld } from "#tooling/testing/vendor-keys.ts";
import { addSecret, readSecrets, removeSecret } from "./consumer-secrets.ts";
import { generateKeys } from "./generate.ts";
import { issueToken } from "./issue-token.ts";
import { getKeys, listKeys } from "./list.ts";
import { reconcileForgotten, reconcileKeyMapping } from "./reconcile.ts";
import { regenerateSecret } from "./regenerate-secret.ts";
import { removeKeys } from "./remove.ts";
import { resumeKeys } from "./resume.ts";
import { revealSecret } from "./reveal-secret.ts";
import { updateKeys } from "./update.ts";

type Death = { atCall: number; when: "before" | "after" };

let offsetMs = 0;
const clock = { now: () => new Date(Date.now() + offsetMs) };
/** Longer than any try may hold an operation, and than the grace for slow indexes. */
const passLease = () => {
  offsetMs += 60_000;
};

/**
 * Hands calls on until the process dies: from then on nothing that waits for an answer ever goes on.
 *
 * @param counts which calls it may die at
 */
function dying(outbound: OutboundFetch, counts: (init?: Parameters<OutboundFetch>[1]) => boolean = () => true) {
  let calls = 0;
  let death: Death | undefined;
  let isDead = false;
  let died: () => void = () => {};
  return {
    fetch: (async (url, init) => {
      const mine = counts(init) ? ++calls : calls;
      if (!death || mine < death.atCall) return outbound(url, init);
      if (mine === death.atCall && death.when === "after" && !isDead) await outbound(url, init);
      isDead = true;
      died();
      return new Promise<never>(() => {});
    }) satisfies OutboundFetch,
    /** Runs work in a process that dies. @returns false where the work ended before */
    async die(at: Death, work: () => Promise<unknown>): Promise<boolean> {
      calls = 0;
      isDead = false;
      death = at;
      const dead = new Promise<true>((resolve) => {
        died = () => resolve(true);
      });
      const ended = work().then(
        () => false,
        () => false,
      );
      const result = await Promise.race([dead, ended]);
      death = undefined;
      return result;
    },
  };
}

const deps = testDependencies({ clock });
const server = createAuthorizationServer({
  ...deps,
  connectorIds: connectors.filter(({ permanent }) => permanent).map(({ id }) => id),
});
const process = dying((url, init) => server.fetch(url, init));
deps.outbound = process.fetch;

let developer: Context;
let keyManagerId: string;
beforeAll(async () => {
  developer = await (await testTenant(deps)).caller("DEVELOPER");
  const [builtIn] = await listUsableKeyManagers(developer, {});
  keyManagerId = builtIn?.id ?? "";
});

async function newPlace() {
  const { id: applicationId } = await createApplication(developer, { name: `App ${crypto.randomUUID()}` });
  return { applicationId, keyType: "PRODUCTION" as const };
}

const generate = async (place: Awaited<ReturnType<typeof newPlace>>) =>
  generateKeys(developer, { ...place, keyManagerId, grantTypes: ["client_credentials"], firstToken: false });

async function newKeys() {
  const outcome = await generate(await newPlace());
  if (outcome.outcome !== "done") throw new Error(outcome.message);
  return outcome;
}

/** Clients at the server that belong to some keys, by the marker that they carry. */
async function clientsOf(keysId: string): Promise<number> {
  const rows = await deps.database.inTenant(developer.tenant.id, (tx) =>
    tenantDb(tx).authorizationState.findMany({ where: { model: "Client" }, select: { payload: true } }),
  );
  return rows.filter(({ payload }) => JSON.stringify(payload).includes(keysId)).length;
}

const reconcile = (id: string) => reconcileKeyMapping(deps, developer.tenant.id, id);

/** Lets the reconciler die at every point too, then lets it work. */
async function repair(id: string, deathOfRepair: Death | null): Promise<void> {
  passLease();
  if (deathOfRepair) await process.die(deathOfRepair, () => reconcile(id));
  passLease();
  await reconcile(id);
}

const deathsAt = (...calls: number[]): Death[] =>
  calls.flatMap((atCall) => [{ atCall, when: "before" } as const, { atCall, when: "after" } as const]);

/** An operation makes one call, its repair up to three; a repair may also go through at once. */
const twice = deathsAt(1).flatMap((first) => [null, ...deathsAt(1, 2, 3)].map((second) => ({ first, second })));

async function expectWorking(id: string): Promise<void> {
  expect(await getKeys(developer, { id })).toMatchObject({ state: "ACTIVE", operation: null, failure: null });
  expect(await clientsOf(id)).toBe(1);
  // The stored secret is the one that works.
  expect((await issueToken(developer, { id })).accessToken).not.toBe("");
}

describe("when the process dies", () => {
  it("while generating keys, one working client stands in the end", async () => {
    for (const { first, second } of twice) {
      const place = await newPlace();
      await process.die(first, () => generate(place));
      const [keys] = await listKeys(developer, place);
      expect(keys?.state).toMatch(/^(PENDING|ACTIVE)$/);
      await repair(keys?.id ?? "", second);
      await expectWorking(keys?.id ?? "");
    }
  }, 120_000);

  it("while replacing a secret, the stored secret works in the end", async () => {
    for (const { first, second } of twice) {
      const { keys } = await newKeys();
      await process.die(first, () => regenerateSecret(developer, { id: keys.id }));
      await repair(keys.id, second);
      await expectWorking(keys.id);
    }
  }, 120_000);

  it("while updating, the server holds what was asked for in the end", async () => {
    const wanted = {
      grantTypes: ["client_credentials", "authorization_code"],
      redirectUris: ["https://app.example.com/cb"],
    };
    for (const { first, second } of twice) {
      const { keys } = await newKeys();
      await process.die(first, () => updateKeys(developer, { id: keys.id, ...wanted }));
      await repair(keys.id, second);
      await expectWorking(keys.id);
      expect(await getKeys(developer, { id: keys.id })).toMatchObject({ client: wanted });
    }
  }, 120_000);

  it("while removing keys, nothing is left in the end", async () => {
    for (const { first, second } of twice) {
      const { keys } = await newKeys();
      await process.die(first, () => removeKeys(developer, { id: keys.id }));
      await repair(keys.id, second);
      await expect(getKeys(developer, { id: keys.id })).rejects.toMatchObject({ code: "key_mapping.not_found" });
      expect(await clientsOf(keys.id)).toBe(0);
    }
  }, 120_000);

  it("before the intent is stored, nothing was asked of the server", async () => {
    const place = await newPlace();
    const jobs = { enqueue: () => Promise.reject(new Error("the database is gone")) };
    const outbound: OutboundFetch = () => Promise.reject(new Error("the server was asked"));
    const dead = { ...developer, deps: { ...deps, jobs, outbound } };
    const request = { ...place, keyManagerId, grantTypes: ["client_credentials"] };
    await expect(generateKeys(dead, request)).rejects.toThrow("the database is gone");
    expect(await listKeys(developer, place)).toEqual([]);
  });

  it("an interrupted attempt can be undone at the server", async () => {
    const place = await newPlace();
    await process.die({ atCall: 1, when: "after" }, () => generate(place));
    const [keys] = await listKeys(developer, place);
    const id = keys?.id ?? "";
    expect(await clientsOf(id)).toBe(1);
    await expect(removeKeys(developer, { id })).rejects.toMatchObject({ code: "key_mapping.busy" });
    passLease();
    expect(await removeKeys(developer, { id })).toEqual({ outcome: "removed" });
    expect(await clientsOf(id)).toBe(0);
  });
});

/**
 * Each death that leaves another state at the server: before the first change that some work makes there, and after
 * each of them.
 *
 * @param dies whether the work did
 */
async function eachDeath(dies: (at: Death) => Promise<boolean>): Promise<void> {
  await dies({ atCall: 1, when: "before" });
  for (let atCall = 1; await dies({ atCall, when: "after" }); atCall += 1);
}

type SecretsWorld = VendorKeysWorld<Pick<SimulatedVendor, "fetch" | "pass">>;

describe.each<[string, () => Promise<SecretsWorld>]>([
  ["the built-in server", builtInKeysWorld],
  ["Okta", () => vendorKeysWorld(okta)],
  ["Entra", () => vendorKeysWorld(entra)],
  ["WSO2 Identity Server", () => vendorKeysWorld(wso2is7)],
])("several secrets at %s, when the process dies", (_name, startWorld) => {
  async function newWorld() {
    const world = await startWorld();
    const dyingProcess = dying(world.vendor.fetch, (init) => (init?.method ?? "GET") !== "GET");
    world.interfere(dyingProcess.fetch);
    const { developer, tenant, keyManagerId, newApplication } = world;
    /** The clocks agree. */
    const pass = () => {
      world.pass(60);
      world.vendor.pass?.(60);
    };
    const secretsOf = async (id: string) => (await readSecrets(developer, { id })).secrets?.items ?? [];
    return {
      ...{ developer, secretsOf },
      async newKeys() {
        const outcome = await generateKeys(developer, {
          ...{ applicationId: await newApplication(), keyManagerId, keyType: "PRODUCTION" },
          ...{ grantTypes: ["client_credentials"], firstToken: false },
        });
        if (outcome.outcome !== "done" || !outcome.consumerSecret) throw new Error("There are no keys.");
        const { id, consumerKey } = outcome.keys;
        const [first] = await secretsOf(id);
        return { id, consumerKey: consumerKey ?? "", secret: outcome.consumerSecret, firstId: first?.id ?? "" };
      },
      /** Whether the server takes a secret. */
      async accepts({ consumerKey, secret }: { consumerKey: string; secret: string }): Promise<boolean> {
        const { adapter } = await openKeyManager(developer, keyManagerId as KeyManagerId);
        const proof = adapter.proveClient?.({ consumerKey, consumerSecret: new Secret(secret) });
        if (!proof) throw new Error("Nothing can be proved here.");
        return proof.then(
          () => true,
          () => false,
        );
      },
      /**
       * Lets work die, then its repair, and what comes after both repair them.
       *
       * @returns whether each of the two died
       */
      async survive(id: string, work: () => Promise<unknown>, at: { first: Death; second: Death }) {
        const mend = () => reconcileKeyMapping(world.deps, tenant.id, id);
        const died: boolean[] = [];
        for (const [death, attempt] of [
          [at.first, work],
          [at.second, mend],
        ] as const) {
          died.push(await dyingProcess.die(death, attempt));
          // What the dead process had opened is gone with it.
          Object.assign(world.deps, { openedAdapters: createOpenedAdapters() });
          pass();
        }
        await mend();
        // Longer than any of these servers goes on taking a secret that has ended.
        pass();
        const [workDied = false, repairDied = false] = died;
        expect(await getKeys(developer, { id })).toMatchObject({ state: "ACTIVE", operation: null, failure: null });
        return { workDied, repairDied };
      },
    };
  }

  /** Runs a scenario for every death of its work, with every death of the repair. */
  async function everywhere(
    scenario: (at: { first: Death; second: Death }) => Promise<{ workDied: boolean; repairDied: boolean }>,
  ): Promise<void> {
    let scenarios = 0;
    await eachDeath(async (first) => {
      let died = false;
      await eachDeath(async (second) => {
        const { workDied, repairDied } = await scenario({ first, second });
        died = workDied;
        scenarios += 1;
        return repairDied;
      });
      return died;
    });
    // A change of one call and its repair die before it, after it, or not at all.
    expect(scenarios).toBeGreaterThanOrEqual(8);
  }

  it("while adding one, the first still works, the stored one is new and works, and there is no third", async () => {
    const { newKeys, developer, secretsOf, accepts, survive } = await newWorld();
    await everywhere(async (at) => {
      const keys = await newKeys();
      const end = await survive(keys.id, () => addSecret(developer, { id: keys.id, description: "Second" }), at);
      const secrets = await secretsOf(keys.id);
      expect(secrets).toHaveLength(2);
      expect(secrets.find(({ isStored }) => !isStored)).toMatchObject({ id: keys.firstId, state: "active" });
      expect(secrets.find(({ isStored }) => isStored)).toMatchObject({ state: "active", description: "Second" });
      expect(await accepts(keys)).toBe(true);
      const stored = await revealSecret(developer, { id: keys.id });
      expect(stored.consumerSecret).not.toBe(keys.secret);
      expect((await issueToken(developer, { id: keys.id })).accessToken).not.toBe("");
      return end;
    });
  }, 120_000);

  it("while removing one, that one alone is gone and the stored one works", async () => {
    const { newKeys, developer, secretsOf, accepts, survive } = await newWorld();
    await everywhere(async (at) => {
      const keys = await newKeys();
      await addSecret(developer, { id: keys.id });
      const kept = (await secretsOf(keys.id)).find(({ isStored }) => isStored);
      const stored = await revealSecret(developer, { id: keys.id });
      const work = () => removeSecret(developer, { id: keys.id, secretId: keys.firstId });
      const end = await survive(keys.id, work, at);
      expect(await secretsOf(keys.id)).toMatchObject([{ id: kept?.id, isStored: true, state: "active" }]);
      expect(await revealSecret(developer, { id: keys.id })).toEqual(stored);
      expect(await accepts(keys)).toBe(false);
      expect((await issueToken(developer, { id: keys.id })).accessToken).not.toBe("");
      return end;
    });
  }, 120_000);
});

describe("the reconciler", () => {
  it("gives a secret that nobody has seen to nobody: it is replaced before the keys are used", async () => {
    const place = await newPlace();
    let unseen = "";
    const listening = {
      ...developer,
      deps: {
        ...deps,
        outbound: (async (url, init) => {
          const response = await server.fetch(url, init);
          if (init?.method === "POST")
            unseen = ((await response.clone().json()) as { client_secret: string }).client_secret;
          throw new OutboundError("timeout");
        }) satisfies OutboundFetch,
      },
    };
    const outcome = await generateKeys(listening, { ...place, keyManagerId, grantTypes: ["client_credentials"] });
    expect(outcome).toMatchObject({ outcome: "finishing", keys: { state: "PENDING" } });
    passLease();
    const resumed = await resumeKeys(developer, { id: outcome.keys.id });
    expect(resumed).toMatchObject({ outcome: "done", keys: { state: "ACTIVE" } });
    expect(unseen).not.toBe("");
    expect(resumed.outcome === "done" && resumed.consumerSecret).not.toBe(unseen);
    await expectWorking(outcome.keys.id);
  });

  it("works once when it is called many times at once, and does nothing where nothing is unfinished", async () => {
    const place = await newPlace();
    await process.die({ atCall: 1, when: "after" }, () => generate(place));
    const [keys] = await listKeys(developer, place);
    const id = keys?.id ?? "";
    expect(await reconcile(id)).toBe("held");
    passLease();
    const ends = await Promise.all(Array.from({ length: 6 }, () => reconcile(id)));
    expect(ends.filter((end) => end === "finished")).toHaveLength(1);
    await expectWorking(id);
    expect(await reconcile(id)).toBe("nothing_to_do");
    expect(await reconcile(crypto.randomUUID())).toBe("nothing_to_do");
  });

  it("finds operations whose jobs were lost", async () => {
    const place = await newPlace();
    await process.die({ atCall: 1, when: "before" }, () => generate(place));
    const [keys] = await listKeys(developer, place);
    deps.enqueued.length = 0;
    offsetMs += 10 * 60_000;
    expect(await reconcileForgotten(deps)).toBeGreaterThan(0);
    expect(deps.enqueued).toContainEqual({
      kind: "key_mapping.reconcile",
      tenantId: developer.tenant.id,
      subjectId: keys?.id,
    });
  });
});

describe("a removal that was interrupted", () => {
  it("is gone on with, and says that the keys are removed", async () => {
    const world = await keysWorld();
    const { keys } = await generateKeys(world.developer, world.request());
    world.server.fail({ status: 500 }, { method: "DELETE" });
    const removal = await removeKeys(world.developer, { id: keys.id });
    expect(removal).toMatchObject({
      outcome: "finishing",
      message: expect.stringContaining("answered with an error of its own (HTTP 500). It is not known yet"),
    });
    expect(await resumeKeys(world.developer, { id: keys.id })).toMatchObject({ outcome: "finishing" });
    world.server.recover();
    expect(await resumeKeys(world.developer, { id: keys.id })).toEqual({ outcome: "removed" });
    expect(world.server.clients.size).toBe(0);
  });
});

describe("a server that cannot be searched", () => {
  it("never gets a second client without a person's word, and the keys say what may stand there", async () => {
    const world = await keysWorld();
    world.interfere(async (url, init) => {
      const response = await world.server.fetch(url, init);
      if (init?.method === "POST" && url.endsWith("/register")) throw new OutboundError("timeout");
      return response;
    });
    const outcome = await generateKeys(world.developer, world.request());
    world.interfere(undefined);
    expect(outcome).toMatchObject({ outcome: "finishing", keys: { state: "NEEDS_ATTENTION" } });
    expect(outcome.keys.failure?.message).toMatch(/“Shop \(Production\)” was registered there on \d{4}-\d\d-\d\d/);
    const { id } = outcome.keys;

    world.pass(3_600);
    expect(await reconcileKeyMapping(world.deps, world.tenant.id, id)).toBe("nothing_to_do");
    await resumeKeys(world.developer, { id });
    expect(world.server.clients.size).toBe(1);

    const resumed = await resumeKeys(world.developer, { id, acceptDuplicate: true });
    expect(resumed).toMatchObject({ outcome: "done", keys: { state: "ACTIVE" } });
    expect(world.server.clients.size).toBe(2);
  });

  it("is not suspected where the request was certainly never sent", async () => {
    const world = await keysWorld();
    world.interfere(() => Promise.reject(new OutboundError("address_refused")));
    await expect(generateKeys(world.developer, world.request())).rejects.toMatchObject({
      code: expect.stringMatching(/^key_manager\./),
    });
    world.interfere(undefined);
    const [keys] = await listKeys(world.developer, { applicationId: world.applicationId, keyType: "PRODUCTION" });
    expect(keys).toMatchObject({ state: "FAILED", operation: null });
  });

  it("can be forgotten by its keys, on request only", async () => {
    const world = await keysWorld();
    world.interfere(() => Promise.reject(new OutboundError("timeout")));
    const { keys } = await generateKeys(world.developer, world.request());
    world.interfere(undefined);
    const removal = await removeKeys(world.developer, { id: keys.id });
    // There is nothing to register again once the keys are to go.
    expect(removal).toMatchObject({
      outcome: "finishing",
      message: expect.stringMatching(/then forget these keys\.$/),
    });
    expect(await removeKeys(world.developer, { id: keys.id, forget: true })).toEqual({ outcome: "removed" });
  });
});
