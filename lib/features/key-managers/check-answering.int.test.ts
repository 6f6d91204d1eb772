import { generateKeyPairSync } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { OutboundError } from "#lib/foundation/outbound-error.ts";
import { newId } from "#lib/foundation/ids.ts";
import { keyManagerWorld, registrationOf, type KeyManagerWorld } from "#tooling/testing/key-managers.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import type { Context } from "../context.ts";
import { listAudit } from "../audit/list.ts";
import { createAnswering } from "./answering.ts";
import { checkAnswering } from "./check-answering.ts";
import type { KeyManagerView } from "./contract.ts";
import { registerKeyManager } from "./register.ts";
import { setKeyManagerEnabled } from "./set-enabled.ts";

let world: KeyManagerWorld;
let admin: Context;
let developer: Context;
let view: KeyManagerView;

beforeAll(async () => {
  world = await keyManagerWorld();
  [admin, developer] = [await world.tenant.caller("ADMINISTRATOR"), await world.tenant.caller("DEVELOPER")];
  view = await registerKeyManager(admin, registrationOf(world.server, { displayName: "Depot" }));
});

// What one test has found out is nothing to the next.
beforeEach(() => void Object.assign(world.deps, { answering: createAnswering(world.deps.clock) }));

/** The developer, where the way out of the process is another. */
function by(outbound: OutboundFetch, caller = developer): Context {
  return { ...caller, deps: { ...caller.deps, answering: createAnswering(caller.deps.clock), outbound } };
}

describe("whether a key manager answers", () => {
  it("is told to developers, changes nothing, and takes one call without credentials", async () => {
    const events = async () => (await listAudit(admin, {})).items.length;
    const [before, made] = [await events(), world.server.requests.length];
    expect(await checkAnswering(developer, { id: view.id })).toEqual({ answers: true });
    expect(await checkAnswering(developer, { id: view.id })).toEqual({ answers: true });
    const requests = world.server.requests.slice(made);
    expect(requests.map(({ method, url }) => [method, url])).toEqual([["GET", view.wellKnownUrl]]);
    expect(requests[0]?.headers).not.toHaveProperty("authorization");
    expect(await events()).toBe(before);
  });

  it.each([
    ["cannot be reached", () => Promise.reject(new OutboundError("unreachable")), "Depot could not be reached."],
    ["is too slow", () => Promise.reject(new OutboundError("timeout")), "Depot did not answer in time."],
    [
      "fails",
      () => Promise.resolve(Response.json({ error_description: "db.internal:5432 is down" }, { status: 500 })),
      "Depot answered with an error of its own (HTTP 500).",
    ],
  ] as const)("is told without addresses or secrets where it %s", async (_what, outbound, sentence) => {
    const answer = await checkAnswering(by(outbound), { id: view.id });
    expect(answer).toEqual({ answers: false, problem: `${sentence} Try again in a moment.` });
  });

  it("is told without the address where the portal may not call it", async () => {
    const answer = await checkAnswering(
      by(() => Promise.reject(new OutboundError("address_refused"))),
      { id: view.id },
    );
    expect(answer).toEqual({
      answers: false,
      problem: "The settings of Depot do not work. An administrator must correct them.",
    });
  });

  it("is asked at the key set, or where discovery would stand, for one that is not discovered", async () => {
    const asked: string[] = [];
    const pem = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({
      type: "spki",
      format: "pem",
    }) as string;
    const noting: OutboundFetch = (url) => {
      asked.push(url);
      return Promise.resolve(new Response(null, { status: 404 }));
    };
    for (const signingKeys of [
      { kind: "jwks", url: `${world.server.issuer}/jwks` },
      { kind: "pem", value: pem },
    ] as const) {
      const caller = await (await testTenant(world.deps)).caller("ADMINISTRATOR", "DEVELOPER");
      const registration = registrationOf(world.server, { wellKnownUrl: null, signingKeys });
      const { id } = await registerKeyManager(caller, registration);
      expect(await checkAnswering(by(noting, caller), { id })).toEqual({ answers: true });
    }
    expect(asked).toEqual([`${world.server.issuer}/jwks`, `${world.server.issuer}/.well-known/openid-configuration`]);
  });

  it("is refused for one that is disabled, unknown, or another tenant's, and to who may not use key managers", async () => {
    const silent = by(() => Promise.reject(new Error("Nobody may be asked.")));
    const other = await (await testTenant(world.deps)).caller("DEVELOPER");
    const missing = { code: "key_manager.not_found" };
    await expect(checkAnswering({ ...silent, ...pick(other) }, { id: view.id })).rejects.toMatchObject(missing);
    await expect(checkAnswering(silent, { id: newId() })).rejects.toMatchObject(missing);
    await expect(checkAnswering(silent, { id: "x" })).rejects.toMatchObject({ code: "input.invalid" });
    const nobody = { ...silent, permissions: new Set<never>() };
    await expect(checkAnswering(nobody, { id: view.id })).rejects.toMatchObject({ code: "auth.forbidden" });
    const off = await setKeyManagerEnabled(admin, { id: view.id, revision: view.revision, enabled: false });
    await expect(checkAnswering(silent, { id: view.id })).rejects.toMatchObject({ code: "key_manager.disabled" });
    await setKeyManagerEnabled(admin, { id: view.id, revision: off.revision, enabled: true });
  });
});

function pick({ tenant, actor, permissions }: Context): Pick<Context, "tenant" | "actor" | "permissions"> {
  return { tenant, actor, permissions };
}
