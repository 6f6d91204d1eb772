import { describe, expect, it } from "vitest";
import { Secret } from "#lib/foundation/secret.ts";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { calls, failureOf, openedOn, specOf, tokenRequests, world } from "./testing.ts";

const day = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * day);
const within = (date: Date | undefined, expected: Date) =>
  Math.abs((date?.getTime() ?? 0) - expected.getTime()) < 60_000;

describe("several secrets", () => {
  it("have a hint, a beginning and an end: as asked, as the developer wished, or two years", async () => {
    const { adapter } = world();
    const settings = { authentication: { method: "client_secret", secretDays: 30 } };
    const { ref } = await adapter.registerClient(specOf({ settings }));
    const added = await adapter.secrets?.add(ref, { expiresAt: inDays(7) });
    const [first, second] = (await adapter.secrets?.list(ref)) ?? [];
    expect(within(first?.expiresAt, inDays(30))).toBe(true);
    expect(within(second?.expiresAt, inDays(7))).toBe(true);
    expect(second).toEqual(added?.secret);
    expect(second?.hint).toBe(added?.client.ref.consumerSecret?.reveal().slice(0, 3));
    const { ref: plain } = await adapter.registerClient(specOf());
    const [forever] = (await adapter.secrets?.list(plain)) ?? [];
    expect(within(forever?.expiresAt, inDays(730))).toBe(true);
  });

  it("are refused by name once they have run out", async () => {
    const { vendor, adapter } = world();
    const { ref } = await adapter.registerClient(specOf());
    const added = await adapter.secrets?.add(ref, { expiresAt: inDays(1) });
    vendor.pass(86_402);
    const later = openedOn(vendor);
    const refused = await failureOf(added && later.issueToken?.(added.client.ref, { scopes: [] }));
    expect(refused).toMatchObject({ kind: "credentials_refused", message: expect.stringContaining("expired") });
    expect((await failureOf(adapter.secrets?.add(ref, { expiresAt: inDays(-1) }))).kind).toBe("rejected");
  });

  it("do not exist where the application signs with a certificate", async () => {
    const { adapter } = world();
    const { certificate } = selfSigned("app.test", { isRsa: true });
    const settings = { authentication: { method: "private_key_jwt", certificate } };
    const { ref } = await adapter.registerClient(specOf({ settings }));
    for (const call of [
      adapter.rotateSecret?.(ref),
      adapter.secrets?.add(ref, {}),
      adapter.issueToken?.(ref, { scopes: [] }),
    ]) {
      expect((await failureOf(call)).kind).toBe("unsupported");
    }
  });

  it.each([
    ["CredentialTypeNotAllowedAsPerAppPolicy", "forbids this kind of credential"],
    ["CredentialInvalidLifetimeAsPerAppPolicy", "wants a shorter life"],
    ["Directory_QuotaExceeded", "as many objects as it may"],
  ])("that a policy of the tenant refuses (%s) are explained", async (code, words) => {
    const { vendor, adapter } = world();
    vendor.fail({ status: 403, body: { error: { code, message: "No." } } }, { path: /addPassword$/ });
    expect(await failureOf(adapter.registerClient(specOf()))).toMatchObject({
      kind: "rejected",
      message: expect.stringContaining(words),
      reason: "No.",
    });
  });
});

describe("a new secret", () => {
  it("ends the one it replaces and no other", async () => {
    const { vendor, directory, adapter } = world();
    const { ref } = await adapter.registerClient(specOf());
    const kept = await adapter.secrets?.add(ref, {});
    const rotated = await adapter.rotateSecret?.(ref);
    const names = (directory.byAppId(ref.consumerKey)?.passwordCredentials ?? []).map(({ hint }) => hint);
    const shown = [kept?.client.ref, rotated?.ref].map((found) => found?.consumerSecret?.reveal().slice(0, 3));
    expect(names.toSorted()).toEqual(shown.toSorted());
    expect(calls(vendor).slice(-4)).toEqual([
      "GET /applications(appId='{id}')",
      "POST /applications/{id}/addPassword",
      "GET /applications/{id}",
      "POST /applications/{id}/removePassword",
    ]);
  });

  it("ends all that there were where nobody knows which one was used", async () => {
    const { directory, adapter } = world();
    const { ref } = await adapter.registerClient(specOf());
    await adapter.secrets?.add(ref, {});
    await adapter.rotateSecret?.({ consumerKey: ref.consumerKey });
    expect(directory.byAppId(ref.consumerKey)?.passwordCredentials).toHaveLength(1);
  });

  it("ends the old one although replicas still show the application without its latest secrets", async () => {
    const { directory, adapter } = world({ staleReads: 2 });
    const { ref } = await adapter.registerClient(specOf());
    const once = await adapter.rotateSecret?.(ref);
    const twice = await adapter.rotateSecret?.(once?.ref ?? ref);
    const left = directory.byAppId(ref.consumerKey)?.passwordCredentials ?? [];
    expect(left.map(({ hint }) => hint)).toEqual([twice?.ref.consumerSecret?.reveal().slice(0, 3)]);
  });

  it("comes with the failure where the old one could not be ended", async () => {
    const { vendor, directory, adapter } = world();
    const { ref } = await adapter.registerClient(specOf());
    vendor.fail({ status: 500 }, { path: /removePassword$/ });
    const error = await failureOf(adapter.rotateSecret?.(ref));
    expect(error.kind).toBe("unreachable");
    const [, added] = directory.byAppId(ref.consumerKey)?.passwordCredentials ?? [];
    expect(error.credentials?.consumerSecret?.reveal().slice(0, 3)).toBe(added?.hint);
  });

  it("is taken back where its answer was lost, and the old one goes on working", async () => {
    const { vendor, directory, adapter } = world();
    const { ref } = await adapter.registerClient(specOf());
    vendor.fail("error-after-write", { path: /addPassword$/ });
    expect((await failureOf(adapter.rotateSecret?.(ref))).kind).toBe("unreachable");
    expect(directory.byAppId(ref.consumerKey)?.passwordCredentials).toHaveLength(1);
    expect(await adapter.issueToken?.(ref, { scopes: [] })).toBeDefined();
  });

  it("is not taken for wrong while the token endpoint does not know it yet", async () => {
    const { vendor, adapter } = world({ secretLag: 2 });
    const { ref } = await adapter.registerClient(specOf());
    expect(await adapter.issueToken?.(ref, { scopes: [] })).toBeDefined();
    expect(tokenRequests(vendor, `${vendor.api.appId}/.default`)).toHaveLength(3);
  });

  it("lets no wrong or old secret wait: those are refused at once", async () => {
    const { vendor, adapter } = world();
    const { ref } = await adapter.registerClient(specOf());
    await adapter.rotateSecret?.(ref);
    vendor.pass(31);
    for (const refused of [ref, { ...ref, consumerSecret: new Secret("not-the-secret-at-all") }]) {
      expect(await failureOf(adapter.issueToken?.(refused, { scopes: [] }))).toMatchObject({
        kind: "credentials_refused",
        reason: expect.stringMatching(/^AADSTS7000215/),
      });
    }
    expect(tokenRequests(vendor, `${vendor.api.appId}/.default`)).toHaveLength(2);
  });

  it("ends once: what is gone already is a success", async () => {
    const { adapter } = world();
    const { ref } = await adapter.registerClient(specOf());
    await adapter.secrets?.remove(ref, crypto.randomUUID());
    expect(await adapter.secrets?.list(ref)).toHaveLength(1);
  });
});
